"""apply --prune: deletes what was applied once, matches the selector, and is in the manifests no more."""

from __future__ import annotations

from minictl.errors import CommandError, ServerError
from minictl.steps.writing import LAST_APPLIED, delete_options, log_warning

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from minictl.resources import Resource
    from minictl.session import Session

    Object = dict[str, Any]

# What is looked at when --prune-allowlist names nothing, in this order.
NAMESPACED = (
    ("v1", "ConfigMap"),
    ("v1", "Endpoints"),
    ("v1", "PersistentVolumeClaim"),
    ("v1", "Pod"),
    ("v1", "ReplicationController"),
    ("v1", "Secret"),
    ("v1", "Service"),
    ("batch/v1", "Job"),
    ("batch/v1", "CronJob"),
    ("networking.k8s.io/v1", "Ingress"),
    ("apps/v1", "DaemonSet"),
    ("apps/v1", "Deployment"),
    ("apps/v1", "ReplicaSet"),
    ("apps/v1", "StatefulSet"),
)
CLUSTER_SCOPED = (("v1", "Namespace"), ("v1", "PersistentVolume"))
SCOPE_WARNING = (
    "Deprecated: kubectl apply will no longer prune non-namespaced resources by default when used with the --namespace"
    " flag in a future release. If you want to preserve the current behavior, list the resources you want to target"
    " explicitly with the --prune-allowlist flag."
)


def allowed(session: Session, words: list[str]) -> list[Resource]:
    """The resources that --prune-allowlist names as group/version/Kind.

    Raises:
        CommandError: a word is not of that form, or names what is not served.
    """
    found = []
    for word in words:
        parts = word.split("/")
        if len(parts) != 3:
            raise CommandError(f"invalid GroupVersionKind format: {word}, please follow <group/version/kind>")
        group, version, kind = parts
        api_version = version if group == "core" else f"{group}/{version}"
        resource = session.resources.of_kind(api_version, kind)
        if resource is None:
            raise CommandError(f'no matches for kind "{kind}" in version "{api_version}"')
        found.append(resource)
    return found


def resources(session: Session, chosen: list[Resource]) -> list[Resource]:
    """What to look through: the allowlist, or the usual kinds as far as the server has them."""
    if chosen:
        return chosen
    if session.namespace:
        log_warning(session, "prune.go:71", SCOPE_WARNING)
    usual = (session.resources.of_kind(*kind) for kind in (*NAMESPACED, *CLUSTER_SCOPED))
    return [resource for resource in usual if resource is not None]


def places(chosen: Iterable[Resource], namespaces: Iterable[str]) -> list[tuple[Resource, str]]:
    """Where to look: each namespaced resource in each namespace, then the others."""
    chosen = list(chosen)
    found = [(one, namespace) for namespace in namespaces for one in chosen if one.namespaced]
    return found + [(one, "") for one in chosen if not one.namespaced]


def leftovers(session: Session, resource: Resource, namespace: str, selector: str, keep: set[str]) -> Iterator[Object]:
    """The objects under a selector but those whose uids are to be kept.

    Raises:
        ServerError: they cannot be listed.
    """
    listed = session.client.list(resource.path(namespace), {"labelSelector": selector})
    for item in listed.get("items") or []:
        if item["metadata"].get("uid") not in keep:
            yield {"apiVersion": resource.api_version, "kind": resource.kind, **item}


def was_applied(subject: Object) -> bool:
    """Was it once applied, so that apply may delete it too?"""
    return LAST_APPLIED in (subject["metadata"].get("annotations") or {})


class Deletion:
    """How leftovers are deleted."""

    def __init__(self, session: Session, policy: str, grace_seconds: int, dry_run: str) -> None:
        self.session = session
        self.options = delete_options(policy, grace_seconds)
        self.dry_run = dry_run

    def delete(self, resource: Resource, item: Object) -> None:
        """Raises ServerError where it is refused."""
        if self.dry_run == "client":
            return
        meta = item["metadata"]
        query = {"dryRun": "All"} if self.dry_run == "server" else None
        self.session.client.delete(resource.path(meta.get("namespace", ""), meta["name"]), self.options, query)


def prune(
    session: Session,
    where: list[tuple[Resource, str]],
    selector: str,
    keep: set[str],
    deletion: Deletion,
    report: Callable[[Resource, Object, str], None],
) -> None:
    """Deletes what was applied once and is not to be kept, and reports each object.

    Raises:
        CommandError: a list or a deletion is refused.
    """
    for resource, namespace in where:
        try:
            for item in leftovers(session, resource, namespace, selector, keep):
                if was_applied(item):
                    deletion.delete(resource, item)
                    report(resource, item, "pruned")
        except ServerError as error:
            scope = "namespaced" if namespace else "nonNamespaced"
            kind = f"{resource.group}/{resource.version}, Kind={resource.kind}"
            raise CommandError(f"error pruning {scope} object {kind}: {error.message}") from None
