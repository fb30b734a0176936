"""create role and clusterrole."""

from __future__ import annotations

from minictl.errors import CommandError, NoSuchType, PlainError
from minictl.grammar import options
from minictl.grammar.flags import Command, Flag
from minictl.steps import generating

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.session import Session

    Object = dict[str, Any]


GROUP = "rbac.authorization.k8s.io"
VERBS = (
    "*", "get", "delete", "list", "create", "update", "patch", "watch", "proxy", "deletecollection",
    "use", "bind", "escalate", "impersonate", "approve", "sign", "attest",
)  # fmt: skip
URL_VERBS = ("get", "post", "put", "delete", "patch", "head", "options", "*")


def role(session: Session, flags: Flags, args: list[str]) -> None:
    name = generating.name_of(session, args)
    verbs = _verbs(session, flags)
    if not flags.list("resource"):
        raise CommandError("at least one resource must be specified")
    made = generating.begin(session, "Role", name, f"{GROUP}/v1")
    made["rules"] = rules(session, verbs, flags.list("resource"), flags.list("resource-name"))
    generating.make(session, flags, made, generating.resource(f"{GROUP}/v1", "Role", "roles"))


def cluster_role(session: Session, flags: Flags, args: list[str]) -> None:
    name = generating.name_of(session, args)
    made: Object = {"kind": "ClusterRole", "apiVersion": f"{GROUP}/v1", "metadata": {"name": name}}
    urls, resources = flags.list("non-resource-url"), flags.list("resource")
    if flags.list("aggregation-rule"):
        if urls or resources or flags.list("verb") or flags.list("resource-name"):
            raise CommandError(
                "aggregation rule must be specified without nonResourceURLs, verbs, resources or resourceNames"
            )
        labels = dict(sorted(_pair(each) for each in flags.list("aggregation-rule")))
        made |= {"rules": None, "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": labels}]}}
    else:
        verbs = _verbs(session, flags, urls)
        if not urls and not resources:
            raise CommandError("one of resource or nonResourceURL must be specified")
        _check_urls(urls, verbs)
        made["rules"] = rules(session, verbs, resources, flags.list("resource-name")) if resources else []
        if urls:
            made["rules"].append({"verbs": verbs, "nonResourceURLs": urls})
    where = generating.resource(f"{GROUP}/v1", "ClusterRole", "clusterroles", namespaced=False)
    generating.make(session, flags, made, where)


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise CommandError(f"malformed pair, expect string=string: {text}")
    return key, value


def _verbs(session: Session, flags: Flags, urls: list[str] | None = None) -> list[str]:
    """The verbs, each once; with `*` nothing else is needed.

    Raises:
        CommandError: there are none.
    """
    verbs = list(dict.fromkeys(flags.list("verb")))
    verbs = ["*"] if "*" in verbs else verbs
    if not verbs:
        raise CommandError("at least one verb must be specified")
    for verb in verbs:
        if verb not in VERBS and not urls:
            session.note(f"Warning: '{verb}' is not a standard resource verb")
    return verbs


def _check_urls(urls: list[str], verbs: list[str]) -> None:
    if not urls:
        return
    for verb in verbs:
        if verb not in URL_VERBS:
            raise CommandError(f"invalid verb: '{verb}' for nonResourceURL")
    for url in urls:
        if url != "*" and not url.startswith("/"):
            raise CommandError("nonResourceURL should start with /")
        if "*" in url[:-1]:
            raise CommandError("nonResourceURL only supports wildcard matches when '*' is at the end")


def rules(session: Session, verbs: list[str], resources: list[str], names: list[str]) -> list[Object]:
    """One rule per API group, resources under their full names.

    Raises:
        CommandError: a resource the server does not have.
    """
    groups: dict[str, list[str]] = {}
    for word in ["*"] if "*" in resources else resources:
        whole, slash, sub = word.partition("/")
        if not whole.partition(".")[0]:
            raise CommandError("resource must be specified if apiGroup/subresource specified")
        group, plural = _resolved(session, whole)
        found = groups.setdefault(group, [])
        if plural + slash + sub not in found:
            found.append(plural + slash + sub)
    chosen = {"resourceNames": list(dict.fromkeys(names))} if names else {}
    return [{"verbs": verbs, "apiGroups": [group], "resources": groups[group], **chosen} for group in sorted(groups)]


def _resolved(session: Session, word: str) -> tuple[str, str]:
    plural, _, group = word.partition(".")
    if plural == "*":
        return group, "*"
    try:
        resource = session.resources.find(word)
    except NoSuchType as error:
        raise PlainError(error.message) from None
    return resource.group, resource.plural


_RULE = (
    Flag("verb", "strings", help="what is allowed: get, list, ..."),
    Flag("resource", "strings", help="on what: pods, deployments.apps, pods/log, ..."),
    Flag("resource-name", "array", help="only on objects of this name; may be repeated"),
)
_SHARED = (*_RULE, *options.OUTPUT, options.DRY_RUN, *generating.FLAGS)
commands = {
    "role": Command(
        "create role",
        role,
        usage="create role NAME --verb=verb --resource=resource.group/subresource [--resource-name=resourcename]",
        flags=_SHARED,
    ),
    "clusterrole": Command(
        "create clusterrole",
        cluster_role,
        usage="create clusterrole NAME --verb=verb --resource=resource.group [--resource-name=resourcename]",
        flags=(
            *_SHARED,
            Flag("non-resource-url", "strings", help="paths that are no resources: /healthz, /metrics/*"),
            Flag("aggregation-rule", "strings", help="labels of the ClusterRoles to put together: a=b,c=d"),
        ),
    ),
}
