"""-k: a folder with a kustomization, built into objects.

Resources are read (a folder among them is built first), generators add ConfigMaps and Secrets, then patches, images,
replicas, names, namespace, labels and annotations change them, in that order; see kustomizing.py for the changes. What
is not known here is refused by name, not left out.
"""

from __future__ import annotations

import os

from minictl import manifests
from minictl.errors import CommandError, PlainError, cannot_open
from minictl.manifests import kustomizing
from schemas import yamls

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Object = dict[str, Any]

NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
KNOWN = frozenset((
    "apiVersion", "kind", "metadata", "resources", "bases", "components", "namePrefix", "nameSuffix",
    "namespace", "labels", "commonLabels", "commonAnnotations", "configMapGenerator", "secretGenerator",
    "generatorOptions", "images", "replicas", "patches", "patchesStrategicMerge", "patchesJson6902",
))  # fmt: skip
BUILT_IN_ELSEWHERE = frozenset((
    "buildMetadata", "configurations", "crds", "generators", "helmCharts", "helmGlobals", "inventory",
    "openapi", "replacements", "sortOptions", "transformers", "validators", "vars",
))  # fmt: skip
"""Fields that kustomize has and this does not."""
FIRST = [
    "Namespace", "ResourceQuota", "StorageClass", "CustomResourceDefinition", "ServiceAccount",
    "PodSecurityPolicy", "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding", "ConfigMap", "Secret",
    "Endpoints", "Service", "LimitRange", "PriorityClass", "PersistentVolume", "PersistentVolumeClaim",
    "Deployment", "StatefulSet", "CronJob", "PodDisruptionBudget",
]  # fmt: skip
LAST = ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")
"""The order in which kinds are to be created; others come between, by name."""


def build(folder: str, anywhere: bool = False) -> list[Object]:
    """The objects of a kustomization, in the order in which they are to be created. `anywhere`: its files may lie
    outside of it.

    Raises:
        CommandError: there is none, or it asks for what cannot be done.
    """
    return sorted(kustomizing.finish(_accumulate(folder, (), anywhere)), key=_order)


def _order(subject: Object) -> tuple[int, str, str, str]:
    kind = subject.get("kind", "")
    rank = FIRST.index(kind) if kind in FIRST else len(FIRST) + (kind in LAST)
    metadata = subject.get("metadata") or {}
    return rank, kind if rank >= len(FIRST) else "", metadata.get("namespace") or "", metadata.get("name") or ""


def _accumulate(folder: str, above: tuple[str, ...], anywhere: bool) -> list[Object]:
    here = os.path.realpath(folder)
    if here in above:
        raise CommandError(f"cycle detected: candidate root '{here}' contains visited root '{here}'")
    content = _load(folder)
    objects: list[Object] = []
    for entry in [*(content.get("resources") or []), *(content.get("bases") or [])]:
        objects += _resource(folder, str(entry), (*above, here), anywhere)
    generated = kustomizing.generate(folder, content)
    _refuse_twins(objects + generated)
    objects += generated
    for component in content.get("components") or []:
        objects = kustomizing.transform(
            os.path.join(folder, component), _load(os.path.join(folder, component)), objects
        )
    return kustomizing.transform(folder, content, objects)


def _load(folder: str) -> Object:
    found = [os.path.join(folder, name) for name in NAMES if os.path.isfile(os.path.join(folder, name))]
    if not os.path.isdir(folder):
        path = os.path.abspath(folder)
        raise PlainError(
            f"must build at directory: not a valid directory: evalsymlink failure on '{folder}' : lstat {path}: "
            "no such file or directory"
        )
    if not found:
        wanted = "'kustomization.yaml', 'kustomization.yml' or 'Kustomization'"
        raise CommandError(f"unable to find one of {wanted} in directory '{os.path.realpath(folder)}'")
    if len(found) > 1:
        raise CommandError(f"Found multiple kustomization files under: {os.path.realpath(folder)}")
    try:
        with open(found[0], "rb") as file:
            content = yamls.load(file.read())
    except yamls.YAMLError as error:
        raise CommandError(f"invalid Kustomization: {error}") from None
    except OSError as error:
        raise cannot_open(found[0], error) from None
    if not content:
        raise CommandError(f"{os.path.basename(found[0])} is empty")
    if not isinstance(content, dict):
        raise CommandError("invalid Kustomization: it is not a map")
    for field in content:
        if field in BUILT_IN_ELSEWHERE:
            raise CommandError(f"the field {field} of a kustomization is not supported by minictl")
        if field not in KNOWN:
            raise CommandError(f'invalid Kustomization: json: unknown field "{field}"')
    return content


def _resource(folder: str, entry: str, above: tuple[str, ...], anywhere: bool) -> list[Object]:
    distant = entry.startswith(("http://", "https://"))
    path = entry if distant else os.path.join(folder, entry)
    if os.path.isdir(path):
        return _accumulate(path, above, anywhere)
    where, root = os.path.realpath(path), above[-1]
    if not (distant or anywhere or where.startswith(root + os.sep)) and os.path.exists(where):
        raise CommandError(
            f"accumulating resources: accumulation err='accumulating resources from '{entry}': security; file "
            f"'{where}' is not in or below '{root}'': must build at directory: '{where}': file is not directory"
        )
    try:
        read = list(manifests.read([path]))
    except CommandError as error:
        raise CommandError(
            f"accumulating resources: accumulation err='accumulating resources from '{entry}': {error}'"
        ) from None
    found = [one.object for manifest in read for one in manifests.items(manifest)]
    for one in found:
        if not isinstance(one, dict) or not one.get("kind") or not (one.get("metadata") or {}).get("name"):
            raise CommandError(f"accumulating resources from '{entry}': missing metadata.name or kind in object {one}")
    return [kustomizing.mark(one) for one in found]


def _refuse_twins(objects: list[Object]) -> None:
    seen = set()
    for one in objects:
        metadata = one["metadata"]
        identity = (
            one.get("apiVersion", "").rpartition("/")[0],
            one["kind"],
            metadata.get("namespace"),
            metadata["name"],
        )
        if identity in seen:
            raise CommandError(f"may not add resource with an already registered id: {one['kind']} {metadata['name']}")
        seen.add(identity)
