"""Requests at random: any path, verb, query, header and body, most of them nearly right."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, field
from random import Random
from typing import Any
from urllib.parse import quote

import yaml

from apiserver.kind import Kind

from .damage import NUMBERS, OTHERS, TEXTS, damaged, places, written

Object = dict[str, Any]

JSON, YAML, PROTOBUF = "application/json", "application/yaml", "application/vnd.kubernetes.protobuf"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
MERGE, STRATEGIC = "application/merge-patch+json", "application/strategic-merge-patch+json"
APPLY, OPERATIONS = "application/apply-patch+yaml", "application/json-patch+json"
DOCUMENTS = (
    "/", "/api", "/api/v1", "/apis", "/apis/apps", "/apis/apps/v1", "/openapi/v2", "/openapi/v3",
    "/openapi/v3/apis/batch/v1", "/version", "/healthz", "/livez/ping", "/readyz", "/metrics",
    "/.well-known/openid-configuration", "/openid/v1/jwks", "/minictl.dev/clock", "/nosuch", "/api/v9/pods",
)  # fmt: skip
ACCEPTED = (
    JSON, "*/*", "", YAML, PROTOBUF, TABLE, f"{TABLE},{JSON}", "text/html", "application/*", ";;;", "é",
    "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io", f"{JSON};stream=watch", f"{JSON};q=0",
    "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io", "application/json;as=APIGroupDiscoveryList",
)  # fmt: skip
SELECTORS = (
    "app=web", "app!=web", "app", "!app", "app in (a,b)", "app notin (a)", "n>3", "n<3", "app==web,b", "a=b=c", "in",
    "app in", "app in (", "a,,b", "()", "x/y/z=1", "=", "==", "metadata.name=full", "metadata.name!=x",
    "spec.nodeName=",
    "status.phase=Running", "spec.nosuch=1", "metadata.namespace=default,metadata.name=full", "type=kubernetes.io/tls",
)  # fmt: skip
QUERY = {
    "labelSelector": SELECTORS, "fieldSelector": SELECTORS, "limit": ("0", "1", "3", "500"), "watch": ("1", "x"),
    "continue": ("eyJydiI6MTAsInN0YXJ0IjoieCJ9", "e30", "!"), "resourceVersion": ("0", "1", "10", "999999999", "abc"),
    "resourceVersionMatch": ("Exact", "NotOlderThan", "x"), "timeoutSeconds": ("1", "x"), "pretty": ("true", "x"),
    "allowWatchBookmarks": ("true", "false"), "sendInitialEvents": ("true", "false"), "dryRun": ("All", "x"),
    "fieldManager": ("me", "x" * 200), "fieldValidation": ("Strict", "Warn", "Ignore", "x"), "force": ("true", "x"),
    "gracePeriodSeconds": ("0", "5", "-1", "x"), "propagationPolicy": ("Foreground", "Background", "Orphan", "x"),
    "orphanDependents": ("true", "x"), "includeObject": ("Object", "None", "Metadata", "x"), "container": ("c", "x"),
    "tailLines": ("1", "-1"), "previous": ("true",), "follow": ("true",), "verbose": ("",), "exclude": ("ping",),
    "timeout": ("1s", "x"), "separator": ("",), "namespace": ("x",), "hash": ("0",),
}  # fmt: skip
HEADERS = {
    "user_agent": ("kubectl/v1.36", "a\tb", "é/1"), "impersonate_user": ("ann", ""), "impersonate_group": ("devs",),
    "accept_encoding": ("gzip", "br"), "if_none_match": ('"x"', "*"), "audit_id": ("x" * 100, "é"),
}  # fmt: skip
ANNOTATIONS = (
    "deployment.kubernetes.io/revision", "deployment.kubernetes.io/desired-replicas", "minictl.dev/simulate",
    "deployment.kubernetes.io/max-replicas", "deprecated.daemonset.template.generation", "minictl.dev/simulate-until",
    "batch.kubernetes.io/job-completion-index", "batch.kubernetes.io/cronjob-scheduled-timestamp",
    "batch.kubernetes.io/job-index-failure-count", "controller.kubernetes.io/pod-deletion-cost",
    "endpoints.kubernetes.io/last-change-trigger-time", "volume.kubernetes.io/selected-node", "minictl.dev/crash",
    "minictl.dev/termination-seconds",
    "storageclass.kubernetes.io/is-default-class", "kubernetes.io/service-account.name", "minictl.dev/simulated",
    "pv.kubernetes.io/bind-completed", "pv.kubernetes.io/bound-by-controller", "service.kubernetes.io/topology-mode",
    "volume.kubernetes.io/storage-provisioner", "scheduler.alpha.kubernetes.io/critical-pod",
)  # fmt: skip
"""Those that controllers read."""
ANNOTATED = (*TEXTS, "\u00b2", "9" * 5000, "CrashLoopBackOff", "Unready", "Down", "2026-01-01T00:01:00Z", "3")
METHODS = ("GET", "GET", "POST", "POST", "POST", "PUT", "PUT", "PATCH", "PATCH", "PATCH", "DELETE")
NEVER_STORED = (
    "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration", "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding", "MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding",
)  # fmt: skip
"""With these, every later write would ask somebody on the network, or be refused."""


@dataclass
class Asked:
    method: str
    path: str
    body: bytes | None
    headers: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.headers}\n{(self.body or b'').decode(errors='replace')[:3000]}"


class Asking:
    """Makes requests about the kinds of `manifests`."""

    def __init__(self, choice: Random, manifests: list[tuple[Kind, Object]]) -> None:
        self._choice = choice
        self._manifests = manifests

    def request(self) -> Asked:
        choice = self._choice
        if choice.random() < 0.05:
            method = choice.choice(("GET", "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"))
            return Asked(method, self._path(choice.choice(DOCUMENTS)) + self._query(False), None, self._headers({}))
        kind, manifest = choice.choice(self._manifests)
        method = choice.choice(METHODS)
        named = method in ("PUT", "PATCH") or (method != "POST" and choice.random() < 0.8) or choice.random() < 0.1
        path = self._collection(kind, manifest)
        if named:
            path += "/" + self._name(manifest)
            if choice.random() < 0.25:
                subresources = ("status", "scale", *kind.subresources, "nosuch", "proxy", "log", "token", "binding")
                path += "/" + choice.choice(subresources)
        body, media_type = self._body(method, manifest)
        headers = self._headers({"content_type": media_type} if media_type else {})
        return Asked(method, self._path(path) + self._query(kind.name in NEVER_STORED), body, headers)

    def _name(self, manifest: Object) -> str:
        odd, name = self._choice.random(), str(manifest["metadata"]["name"])
        if odd < 0.7:
            return name
        return (
            f"{name}-{self._choice.randrange(9)}" if odd < 0.9 else quote(self._choice.choice(TEXTS), errors="replace")
        )

    def _collection(self, kind: Kind, manifest: Object) -> str:
        root = f"/apis/{kind.group_version}" if kind.group else f"/api/{kind.group_version}"
        namespace = manifest["metadata"].get("namespace", "default")
        if self._choice.random() < 0.05:
            namespace = self._choice.choice(("kube-system", "nosuch", "", "..", "%2e%2e", "default%2fx"))
        watch = "/watch" if self._choice.random() < 0.02 else ""
        return (
            f"{root}{watch}/namespaces/{namespace}/{kind.plural}" if kind.namespaced else f"{root}{watch}/{kind.plural}"
        )

    def _path(self, path: str) -> str:
        odd = self._choice.randrange(60)
        if odd == 0:
            path = path.replace("/", "//", 2)
        elif odd == 1:
            path += "/"
        elif odd == 2:
            path += self._choice.choice(
                ("/..", "/%2e%2e/%2e%2e/secrets", "/%00", "/%ff", "/%", "/é", "/a b", ";x=1", "/./")
            )
        return path

    def _query(self, is_dry: bool) -> str:
        choice, said = self._choice, ["dryRun=All"] if is_dry else []
        for _ in range(choice.choice((0, 0, 1, 1, 2, 4))):
            name = choice.choice(list(QUERY))
            value = choice.choice(QUERY[name]) if choice.random() < 0.9 else choice.choice(TEXTS)
            if not (is_dry and name == "dryRun"):
                said.append(f"{name}={quote(value, errors='replace')}")
        return "?" + "&".join(said) if said else ""

    def _headers(self, headers: dict[str, str]) -> dict[str, str]:
        choice = self._choice
        headers["accept"] = choice.choice(ACCEPTED) if choice.random() < 0.15 else JSON
        if choice.random() < 0.05:
            name = choice.choice(list(HEADERS))
            headers[name] = choice.choice(HEADERS[name])
        return headers

    def _body(self, method: str, manifest: Object) -> tuple[bytes | None, str]:
        choice = self._choice
        if method in ("GET", "DELETE") and choice.random() < 0.7:
            return None, ""
        if choice.random() < 0.03:
            junk = choice.choice((b"", b"null", b"[]", b"\xff", b"{", b'"x"', b"k8s\x00\x0a", b"- a\n- b", b"\x00" * 9))
            return junk + choice.randbytes(choice.randrange(20)), choice.choice(
                (JSON, YAML, PROTOBUF, MERGE, APPLY, "text/plain")
            )
        if method == "DELETE":
            options = {
                "kind": "DeleteOptions",
                "apiVersion": "v1",
                "gracePeriodSeconds": 0,
                "preconditions": {"uid": "x"},
            }
            return written(choice, damaged(choice, options)), JSON
        if method == "PATCH":
            return self._patch(manifest)
        sent = copy.deepcopy(manifest) if choice.random() < 0.4 else damaged(choice, manifest)
        if method == "POST" and isinstance(sent.get("metadata"), dict) and choice.random() < 0.5:
            sent["metadata"]["name"] = f"{manifest['metadata']['name']}-{choice.randrange(9)}"
        if isinstance(sent.get("metadata"), dict) and choice.random() < 0.2:
            self._annotate(sent["metadata"])
        if choice.random() < 0.1:
            return yaml.safe_dump(sent, allow_unicode=True).encode(errors="replace"), YAML
        return written(choice, sent), JSON

    def _annotate(self, metadata: Object) -> None:
        choice, annotations = self._choice, metadata.get("annotations")
        chosen = {choice.choice(ANNOTATIONS): choice.choice(ANNOTATED) for _ in range(2)}
        metadata["annotations"] = {**annotations, **chosen} if isinstance(annotations, dict) else chosen

    def _patch(self, manifest: Object) -> tuple[bytes, str]:
        choice = self._choice
        media_type = choice.choice((MERGE, STRATEGIC, OPERATIONS, APPLY))
        if media_type == APPLY:
            return written(choice, damaged(choice, manifest)), APPLY
        if media_type == OPERATIONS:
            return json.dumps([self._operation(manifest) for _ in range(choice.randrange(1, 4))]).encode(), OPERATIONS
        patch = damaged(choice, manifest)
        for name in ("apiVersion", "kind", "metadata", "spec", "data", "status"):
            if choice.random() < 0.4:
                patch.pop(name, None)
        if isinstance(patch.get("metadata"), dict) and choice.random() < 0.2:
            self._annotate(patch["metadata"])
        if media_type == STRATEGIC:
            self._direct(patch)
        return json.dumps(patch).encode(), media_type

    def _operation(self, manifest: Object) -> Object:
        choice = self._choice

        def pointer() -> str:
            if choice.random() < 0.1:
                return choice.choice(TEXTS)
            way = choice.choice(list(places(manifest)))
            steps = [str(step).replace("~", "~0").replace("/", "~1") for step in way]
            return "/" + "/".join(
                [*steps, choice.choice(("", "-", "0", "-1", "99", "x"))] if choice.random() < 0.2 else steps
            )

        value = copy.deepcopy(choice.choice((*OTHERS, *NUMBERS, *TEXTS)))
        op = choice.choice(("add", "remove", "replace", "move", "copy", "test", "add", "x"))
        return {"op": op, "path": pointer(), "from": pointer(), "value": value}

    def _direct(self, patch: Object) -> None:
        """Put directives of strategic merging somewhere."""
        choice = self._choice
        maps = [patch, *(v for v in _within(patch) if isinstance(v, dict))]
        for _ in range(choice.randrange(3)):
            chosen = choice.choice(maps)
            name = choice.choice(
                ("$patch", "$retainKeys", "$setElementOrder/containers", "$deleteFromPrimitiveList/finalizers")
            )
            chosen[name] = choice.choice(("delete", "replace", "merge", "x", ["name"], [{"name": "c"}], None, {}, 1))


def _within(value: Any) -> list[Any]:
    members = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    return [*members, *(each for member in members for each in _within(member))]
