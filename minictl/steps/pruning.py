"""apply --prune: deletes what was applied once, matches the selector, and is in the manifests no more."""

from __future__ import annotations

from minictl.errors import CommandError, ServerError
from minictl.steps.writing import LAST_APPLIED, delete_options, log_warning

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
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


class Pruner:
    """Prunes with one selector; `keep` holds the uids of what was applied just now."""

    def __init__(
        self, session: Session, selector: str, keep: set[str], policy: str, grace_seconds: int, dry_run: str
    ) -> None:
        self.session = session
        self.selector = selector
        self.keep = keep
        self.options = delete_options(policy, grace_seconds)
        self.dry_run = dry_run

    def prune(
        self, chosen: Iterable[Resource], namespaces: Iterable[str], report: Callable[[Resource, Object, str], None]
    ) -> None:
        """Deletes, and reports each object.

        Raises:
            CommandError: a list or a deletion is refused.
        """
        chosen = list(chosen)
        places = [(one, namespace) for namespace in namespaces for one in chosen if one.namespaced]
        places += [(one, "") for one in chosen if not one.namespaced]
        for resource, namespace in places:
            try:
                self._prune(resource, namespace, report)
            except ServerError as error:
                scope = "namespaced" if namespace else "nonNamespaced"
                kind = f"{resource.group}/{resource.version}, Kind={resource.kind}"
                raise CommandError(f"error pruning {scope} object {kind}: {error.message}") from None

    def _prune(self, resource: Resource, namespace: str, report: Callable[[Resource, Object, str], None]) -> None:
        listed = self.session.client.list(resource.path(namespace), {"labelSelector": self.selector})
        for item in listed.get("items") or []:
            meta = item["metadata"]
            if LAST_APPLIED not in (meta.get("annotations") or {}) or meta.get("uid") in self.keep:
                continue
            if self.dry_run != "client":
                query = {"dryRun": "All"} if self.dry_run == "server" else None
                self.session.client.delete(resource.path(namespace, meta["name"]), self.options, query)
            report(resource, {"apiVersion": resource.api_version, "kind": resource.kind, **item}, "pruned")
