"""POST of what is answered and not stored: the reviews, and the token subresource of ServiceAccounts."""

from __future__ import annotations

import orjson

from apiserver import errors, reviews
from apiserver.accounts import Accounts
from apiserver.api import API
from apiserver.authorization import Authorizer
from apiserver.clock import Clock, timestamp
from apiserver.http import bodies
from apiserver.http.authentication import Authenticator
from apiserver.http.negotiate import accepted
from apiserver.http.options import check_write_options
from apiserver.http.paths import Target
from apiserver.http.representations import finish
from apiserver.http.requests import Request, Response
from apiserver.kind import Kind, Object
from apiserver.objects import fields
from schemas import load

TOKEN_REQUEST = ("authentication.k8s.io/v1", "TokenRequest")


class Reviews:
    """Answers with what the server knows of users and permissions."""

    def __init__(self, authorizer: Authorizer, accounts: Accounts, authenticator: Authenticator, clock: Clock) -> None:
        self._authorizer = authorizer
        self._accounts = accounts
        self._authenticator = authenticator
        self._clock = clock

    async def post(self, request: Request, kind: Kind, place: Target) -> Response:
        """A review. Raises Invalid, BadRequest."""
        check_write_options(request.query, "CreateOptions")
        review = await bodies.read_object(request, kind)
        if kind.namespaced:
            _place(review, place.namespace)
        self._remember(request, review, kind.group_version, kind.name, "")
        asked = reviews.Asked(
            self._authorizer,
            self._accounts,
            self._authenticator.administrator,
            request.identity,
            place.namespace,
            timestamp(self._clock.now()),
        )
        return _shown(request, reviews.answer(asked, kind, review))

    async def post_token(self, api: API, request: Request, kind: Kind, place: Target) -> Response:
        """serviceaccounts/NAME/token."""
        check_write_options(request.query, "CreateOptions")
        wanted = await bodies.read_as(request, *TOKEN_REQUEST)
        self._remember(request, wanted, *TOKEN_REQUEST, "token")
        return _shown(request, self._accounts.grant(place.namespace, place.name, wanted))

    def _remember(self, request: Request, object: Object, group_version: str, kind: str, subresource: str) -> None:
        """Who said what of it, as in every object that is created."""
        schema, manager = load(group_version, kind), bodies.call_of(request).manager
        now = timestamp(self._clock.now())
        object.setdefault("metadata", {})
        fields.record_update(schema, None, object, manager, now, subresource, group_version, has_status=False)


def _place(review: Object, namespace: str) -> None:
    metadata = review.setdefault("metadata", {})
    if metadata.get("namespace", namespace) not in ("", namespace):
        raise errors.BadRequest("the namespace of the provided object does not match the namespace sent on the request")
    metadata["namespace"] = namespace


def _shown(request: Request, answer: Object) -> Response:
    accept = accepted(request.headers.get("accept", ""))
    ordered = {key: answer[key] for key in ("kind", "apiVersion", "metadata", "spec", "status") if key in answer}
    return Response(finish(orjson.dumps(ordered), accept, request.query), 201, accept.media_type)
