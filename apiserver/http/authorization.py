"""What a request asks for, in the terms of authorization, and whether its sender may; and acting as somebody else.

The verb follows from method and path: `GET pods` is list, with `watch` watch, `DELETE pods` deletecollection. A path
that is no resource is asked about as it is, its verb being the method in small letters.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import unquote

from apiserver import errors
from apiserver.authorization import Authorizer
from apiserver.call import ANONYMOUS, AUTHENTICATED, MASTERS, UNAUTHENTICATED, Identity
from apiserver.http.options import boolean
from apiserver.http.paths import target
from apiserver.objects.rbac import ACCOUNT_PREFIX, Attributes
from apiserver.objects.selectors import parse_fields
from apiserver.quoting import quoted

VERBS = {
    "GET": "get", "HEAD": "get", "OPTIONS": "options", "POST": "create", "PUT": "update", "PATCH": "patch",
    "DELETE": "delete",
}  # fmt: skip
OF_COLLECTIONS = {"get": "list", "delete": "deletecollection"}
AUTHENTICATION = "authentication.k8s.io"
IMPERSONATION = frozenset({"impersonate-user", "impersonate-group", "impersonate-uid"})
"""Headers that say that a request is made for somebody else."""
USER, GROUP, UID, EXTRA = "impersonate-user", "impersonate-group", "impersonate-uid", "impersonate-extra-"
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})

Headers = Iterable[tuple[bytes, bytes]]


def check(
    authorizer: Authorizer, identity: Identity, method: str, path: str, parts: list[str], query: Mapping[str, str]
) -> None:
    """Raises Forbidden. Costs the administrator one look at the groups."""
    if MASTERS not in identity.groups:
        demand(authorizer, identity, attributes_of(method, path, parts, query))


def demand(authorizer: Authorizer, identity: Identity, wanted: Attributes) -> None:
    """Raises Forbidden in Kubernetes' words."""
    decision = authorizer.decide(identity, wanted)
    if not decision.allowed:
        because = refusal(identity.user, wanted) + (f": {decision.reason}" if decision.reason else "")
        raise errors.Forbidden(errors.Resource(wanted.resource, wanted.group), wanted.name, because)


def refusal(user: str, wanted: Attributes) -> str:
    """`User "ann" cannot get resource "pods" in API group "" in the namespace "default"`."""
    if wanted.path:
        text = f"User {quoted(user)} cannot {wanted.verb} path {quoted(wanted.path)}"
    else:
        resource = f"{wanted.resource}/{wanted.subresource}" if wanted.subresource else wanted.resource
        place = f"in the namespace {quoted(wanted.namespace)}" if wanted.namespace else "at the cluster scope"
        text = (
            f"User {quoted(user)} cannot {wanted.verb} resource {quoted(resource)} "
            f"in API group {quoted(wanted.group)} {place}"
        )
    return text.translate(_ENTITIES)


def attributes_of(method: str, path: str, parts: list[str], query: Mapping[str, str]) -> Attributes:
    place = target(parts)
    if place is None:
        return Attributes(method.lower(), path=path)
    verb, name, namespace = VERBS.get(method, ""), place.name, place.namespace
    if not name:
        verb = OF_COLLECTIONS.get(verb, verb)
        name = _selected_name(query.get("fieldSelector", ""))
    watched = place.watch or ("watch" in query and boolean(query["watch"]))
    if verb in ("get", "list") and watched and (verb == "list" or place.watch):
        verb = "watch"
    if place.plural == "namespaces" and place.name:
        namespace = place.name
    group, _, version = place.group_version.rpartition("/")
    return Attributes(verb, group, place.plural, place.subresource, namespace, name, version=version)


def _selected_name(selector: str) -> str:
    """The name that a field selector asks for: one who may only see one object may list and watch it so."""
    if "metadata.name" not in selector:
        return ""
    try:
        requirements = parse_fields(selector).requirements
    except ValueError:
        return ""
    return next((value for path, operator, value in requirements if path == "metadata.name" and operator == "="), "")


# -- impersonation -----------------------------------------------------------------------------------------------------


def impersonated(authorizer: Authorizer, identity: Identity, headers: Headers) -> Identity:
    """Whom a request is made for: `identity`, or if it says so and may, somebody else. Raises Forbidden, InternalError.

    Whoever it is made for is not the administrator's friend: their own permissions count from here on.
    """
    said = [
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in headers if name[:12] == b"impersonate-"
    ]
    user = next((value for name, value in said if name == USER), "")
    groups = tuple(value for name, value in said if name == GROUP)
    uid = next((value for name, value in said if name == UID), "")
    extra: dict[str, tuple[str, ...]] = {}
    for name, value in said:
        if name.startswith(EXTRA):
            key = unquote(name.removeprefix(EXTRA))
            extra[key] = (*extra.get(key, ()), value)
    if not user:
        if groups or uid or extra:
            raise errors.InternalError(f"requested {said} without impersonating a user name")
        return identity
    for wanted in _permissions(user, groups, uid, extra):
        demand(authorizer, identity, wanted)
    return Identity(user, _groups_of(user, groups), uid, extra)


def _permissions(
    user: str, groups: Iterable[str], uid: str, extra: Mapping[str, tuple[str, ...]]
) -> Iterator[Attributes]:
    account = account_of(user)
    if account is not None:
        yield Attributes("impersonate", "", "serviceaccounts", namespace=account[0], name=account[1], version="v1")
    else:
        yield Attributes("impersonate", "", "users", name=user, version="v1")
    for group in groups:
        yield Attributes("impersonate", "", "groups", name=group, version="v1")
    for key, values in extra.items():
        for value in values:
            yield Attributes("impersonate", AUTHENTICATION, "userextras", key, name=value, version="v1")
    if uid:
        yield Attributes("impersonate", AUTHENTICATION, "uids", name=uid, version="v1")


def _groups_of(user: str, groups: tuple[str, ...]) -> tuple[str, ...]:
    account = account_of(user)
    if account is not None and not groups:
        groups = ("system:serviceaccounts", f"system:serviceaccounts:{account[0]}")
    if AUTHENTICATED in groups or UNAUTHENTICATED in groups:
        return groups
    return (*groups, UNAUTHENTICATED if user == ANONYMOUS.user else AUTHENTICATED)


def account_of(user: str) -> tuple[str, str] | None:
    """(namespace, name) of the ServiceAccount that a user is."""
    namespace, colon, name = user.removeprefix(ACCOUNT_PREFIX).partition(":")
    return (namespace, name) if user.startswith(ACCOUNT_PREFIX) and colon and namespace and name else None
