"""Questions to the server about users: who am I, whose token is this, may somebody do something, what may I do.

They look like objects and are never stored: POST answers with the question and its `status`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from apiserver import errors
from apiserver.accounts import Accounts, Known, Refused
from apiserver.authorization import Authorizer
from apiserver.call import Identity
from apiserver.errors import Cause
from apiserver.kind import Kind, Object
from apiserver.kinds import reviews as kinds
from apiserver.objects.rbac import Attributes, Rule
from apiserver.objects.validation import invalid

AUTHORIZATION = ".authorization.k8s.io"
"""What errors call these kinds: Kubernetes has lost their names by then."""
BEARER = "invalid bearer token"


class Asked(NamedTuple):
    """Everything an answer can depend on."""

    authorizer: Authorizer
    accounts: Accounts
    known: Callable[[str], Identity | None]
    """Whose token it is, if it is none of a ServiceAccount."""
    identity: Identity
    namespace: str
    now: str


def answer(asked: Asked, kind: Kind, review: Object) -> Object:
    """The review with its status. Raises Invalid, BadRequest."""
    return ANSWERS[kind.name](asked, review)


def _who_am_i(asked: Asked, review: Object) -> Object:
    return {
        **_head(review),
        "metadata": {"creationTimestamp": asked.now},
        "status": {"userInfo": _user(asked.identity)},
    }


def _head(review: Object) -> Object:
    return {"kind": review["kind"], "apiVersion": review["apiVersion"]}


def _user(identity: Identity) -> Object:
    user: Object = {"username": identity.user, "uid": identity.uid, "groups": list(identity.groups)}
    user["extra"] = {key: list(values) for key, values in sorted(identity.extra.items())}
    return {key: value for key, value in user.items() if value}


def _whose_token(asked: Asked, review: Object) -> Object:
    spec = review.get("spec") or {}
    token, audiences = spec.get("token", ""), spec.get("audiences") or [asked.accounts.issuer]
    if not token:
        raise errors.BadRequest("token is required for TokenReview in authentication")
    identity = asked.known(token)
    known: Known | None = None
    if identity is not None:
        known = Known(identity, tuple(audiences))
    problem = BEARER
    try:
        known = known or asked.accounts.read(token, audiences)
    except Refused as error:
        problem = f"[{BEARER}, {error}]"
    if known is None:
        return {**review, "status": {"user": {}, "error": problem}}
    return {
        **review,
        "status": {"authenticated": True, "user": _user(known.identity), "audiences": list(known.audiences)},
    }


# -- access ------------------------------------------------------------------------------------------------------------


def _may_i(asked: Asked, review: Object) -> Object:
    spec = review.get("spec") or {}
    _refuse([*_one_of_two(spec), *_empty_metadata(review)])
    return _judged(asked, asked.identity, review)


def _may_they(asked: Asked, review: Object) -> Object:
    _refuse([*_one_of_two(review.get("spec") or {}), *_somebody(review), *_empty_metadata(review)])
    return _judged(asked, _subject(review), review)


def _may_they_here(asked: Asked, review: Object) -> Object:
    spec, namespace = review.get("spec") or {}, asked.namespace
    causes = [*_one_of_two(spec), *_somebody(review), *_empty_metadata(review, "namespace")]
    resource = spec.get("resourceAttributes")
    if resource is not None and resource.get("namespace", "") != namespace:
        text = "must match metadata.namespace"
        causes.append(invalid("spec.resourceAttributes.namespace", resource.get("namespace", ""), text))
    if spec.get("nonResourceAttributes") is not None:
        text = "disallowed on this kind of request"
        causes.append(invalid("spec.nonResourceAttributes", spec["nonResourceAttributes"], text))
    _refuse(causes)
    return _judged(asked, _subject(review), review)


def _refuse(causes: list[Cause]) -> None:
    if causes:
        raise errors.Invalid(AUTHORIZATION, "", causes)


def _one_of_two(spec: Object) -> list[Cause]:
    resource, path = spec.get("resourceAttributes"), spec.get("nonResourceAttributes")
    if resource is not None and path is not None:
        text = "cannot be specified in combination with resourceAttributes"
        return [invalid("spec.nonResourceAttributes", path, text)]
    if resource is None and path is None:
        text = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
        return [invalid("spec.resourceAttributes", None, text)]
    return []


def _somebody(review: Object) -> list[Cause]:
    spec = review.get("spec") or {}
    if spec.get("user") or spec.get("groups"):
        return []
    return [invalid("spec.user", "", "at least one of user or group must be specified")]


def _empty_metadata(review: Object, but: str = "") -> list[Cause]:
    metadata = {k: v for k, v in (review.get("metadata") or {}).items() if k not in ("managedFields", but) and v}
    text = f"must be empty except for {but}" if but else "must be empty"
    return [invalid("metadata", metadata, text)] if metadata else []


def _subject(review: Object) -> Identity:
    spec = review["spec"]
    extra = {key: tuple(values) for key, values in (spec.get("extra") or {}).items()}
    return Identity(spec.get("user", ""), tuple(spec.get("groups") or ()), spec.get("uid", ""), extra)


def _judged(asked: Asked, identity: Identity, review: Object) -> Object:
    spec = review["spec"]
    resource, path = spec.get("resourceAttributes"), spec.get("nonResourceAttributes") or {}
    if resource is None:
        wanted = Attributes(path.get("verb", ""), path=path.get("path", "") or "/")
    else:
        wanted = Attributes(**{f: resource.get(f, "") for f in Attributes._fields if f != "path"})
    decision = asked.authorizer.decide(identity, wanted)
    status: Object = {"allowed": decision.allowed}
    return {**review, "status": status | ({"reason": decision.reason} if decision.reason else {})}


def _my_rules(asked: Asked, review: Object) -> Object:
    namespace = (review.get("spec") or {}).get("namespace", "")
    if not namespace:
        raise errors.BadRequest("no namespace on request")
    rules, problems = asked.authorizer.rules_of(asked.identity, namespace)
    status: Object = {
        "resourceRules": [_part(rule, RESOURCE_PARTS) for rule in rules if rule.get("resources")],
        "nonResourceRules": [_part(rule, PATH_PARTS) for rule in rules if rule.get("nonResourceURLs")],
        "incomplete": bool(problems),
    }
    return {**review, "status": status | ({"evaluationError": ", ".join(problems)} if problems else {})}


RESOURCE_PARTS = ("verbs", "apiGroups", "resources", "resourceNames")
PATH_PARTS = ("verbs", "nonResourceURLs")


def _part(rule: Rule, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: rule[name] for name in names if rule.get(name)}


ANSWERS: Mapping[str, Callable[[Asked, Object], Object]] = {
    kinds.SELF_SUBJECT_REVIEW.name: _who_am_i,
    kinds.TOKEN_REVIEW.name: _whose_token,
    kinds.SELF_ACCESS_REVIEW.name: _may_i,
    kinds.ACCESS_REVIEW.name: _may_they,
    kinds.LOCAL_ACCESS_REVIEW.name: _may_they_here,
    kinds.RULES_REVIEW.name: _my_rules,
}
