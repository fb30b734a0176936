"""What a kustomization does to objects: generators, patches, images, replicas, names and the references to them,
labels."""

from __future__ import annotations

import copy
import os
import re

from minictl import manifests
from minictl.errors import CommandError
from minictl.grammar import keyvalues
from minictl.patches import jsonpatch, strategic
from schemas import yamls

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    Object = dict[str, Any]

UNNAMESPACED = frozenset((
    "Namespace", "Node", "PersistentVolume", "StorageClass", "ClusterRole", "ClusterRoleBinding",
    "CustomResourceDefinition", "PriorityClass", "IngressClass", "RuntimeClass", "CSIDriver", "CSINode",
    "VolumeAttachment", "APIService", "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration",
    "CertificateSigningRequest", "FlowSchema", "PriorityLevelConfiguration",
))  # fmt: skip
UNPREFIXED = frozenset(("Namespace", "CustomResourceDefinition", "APIService"))
HASHED, ORIGINAL = "minictl/needs-hash", "minictl/original-name"
"""Marks on objects while they are being built: generated, so its name gets a hash; and what it was called at first."""
SELECTORS = {
    "Deployment": "spec.selector.matchLabels", "ReplicaSet": "spec.selector.matchLabels",
    "StatefulSet": "spec.selector.matchLabels", "DaemonSet": "spec.selector.matchLabels",
    "Service": "spec.selector", "ReplicationController": "spec.selector",
    "NetworkPolicy": "spec.podSelector.matchLabels",
    "PodDisruptionBudget": "spec.selector.matchLabels",
}  # fmt: skip
TEMPLATES = {
    "Deployment": "spec.template", "ReplicaSet": "spec.template", "StatefulSet": "spec.template",
    "DaemonSet": "spec.template", "ReplicationController": "spec.template", "Job": "spec.template",
    "CronJob": "spec.jobTemplate.spec.template",
}  # fmt: skip
REFERENCES: dict[str, tuple[tuple[str, str], ...]] = {
    # a kind: (the key that refers to it, the field of its name); "" for a key that holds the name itself
    "ConfigMap": (("configMapRef", "name"), ("configMapKeyRef", "name"), ("configMap", "name")),
    "Secret": (("secretRef", "name"), ("secretKeyRef", "name"), ("secret", "secretName"), ("secret", "name"),
               ("imagePullSecrets", "name"), ("tls", "secretName")),
    "ServiceAccount": (("serviceAccountName", ""), ("serviceAccount", "")),
    "Service": (("serviceName", ""), ("service", "name")),
    "PersistentVolumeClaim": (("persistentVolumeClaim", "claimName"),),
    "PersistentVolume": (("volumeName", ""),),
    "PriorityClass": (("priorityClassName", ""),),
    "StorageClass": (("storageClassName", ""),),
}  # fmt: skip


# --- generators


def generate(folder: str, content: Object) -> list[Object]:
    """The ConfigMaps and Secrets that the generators make.

    Raises:
        CommandError: a source that cannot be read.
    """
    options = content.get("generatorOptions") or {}
    return [
        mark(_generated(folder, kind, entry, options))
        for kind, field in (("ConfigMap", "configMapGenerator"), ("Secret", "secretGenerator"))
        for entry in content.get(field) or []
    ]


def _generated(folder: str, kind: str, entry: Object, shared: Object) -> Object:
    options = {**shared, **(entry.get("options") or {})}
    metadata: Object = {"name": entry.get("name", "")}
    if entry.get("namespace"):
        metadata["namespace"] = entry["namespace"]
    for field in ("labels", "annotations"):
        values = {**(shared.get(field) or {}), **((entry.get("options") or {}).get(field) or {})}
        if values:
            metadata[field] = values
    made: Object = {"apiVersion": "v1", "kind": kind, "metadata": metadata}
    files = [_inside(folder, source) for source in entry.get("files") or []]
    env_files = [
        os.path.join(folder, source) for source in [*(entry.get("envs") or []), *filter(None, [entry.get("env")])]
    ]
    found = list(keyvalues.entries([str(text) for text in entry.get("literals") or []], files, [], kind))
    found += keyvalues.entries([], [], env_files, kind) if env_files else []
    if kind == "ConfigMap":
        keyvalues.fill_config_map(made, metadata["name"], iter(found))
    else:
        made["type"] = entry.get("type") or "Opaque"
        keyvalues.fill_secret(made, iter(found))
    if options.get("immutable"):
        made["immutable"] = True
    if not options.get("disableNameSuffixHash"):
        made[HASHED] = True
    return made


def _inside(folder: str, source: str) -> str:
    key, equals, path = str(source).rpartition("=")
    return f"{key}{equals}{os.path.join(folder, path)}"


# --- transformers


def transform(folder: str, content: Object, objects: list[Object]) -> list[Object]:
    """The objects with everything done to them that the kustomization says.

    Raises:
        CommandError: a patch that fits nothing, or cannot be read.
    """
    objects = [copy.deepcopy(one) for one in objects]
    for target, patch in _patches(folder, content):
        objects = _patched(objects, target, patch)
    for one in objects:
        for image in content.get("images") or []:
            _set_image(one, image)
        for wanted in content.get("replicas") or []:
            if wanted.get("name") in _names(one) and one["kind"] in ("Deployment", "StatefulSet", "ReplicaSet"):
                one.setdefault("spec", {})["replicas"] = wanted.get("count")
        _label(one, content)
        _annotate(one, content.get("commonAnnotations") or {})
        if content.get("namespace") and one["kind"] not in UNNAMESPACED:
            one["metadata"]["namespace"] = content["namespace"]
        elif content.get("namespace") and one["kind"] == "Namespace":
            one["metadata"]["name"] = content["namespace"]
    _rename(objects, content.get("namePrefix") or "", content.get("nameSuffix") or "")
    return objects


def _rename(objects: list[Object], prefix: str, suffix: str) -> None:
    renamed: dict[tuple[str, str], str] = {}
    for one in objects:
        old = one["metadata"]["name"]
        if one["kind"] not in UNPREFIXED:
            one["metadata"]["name"] = f"{prefix}{old}{suffix}"
        if one["metadata"]["name"] != old:
            renamed[(one["kind"], old)] = one["metadata"]["name"]
    if renamed:
        for one in objects:
            _refer(one, renamed)


def finish(objects: list[Object]) -> list[Object]:
    """Hashes at the end of the names of generated objects, and the marks taken off."""
    renamed: dict[tuple[str, str], str] = {}
    for one in objects:
        name = one["metadata"]["name"]
        one.pop(ORIGINAL, None)
        if one.pop(HASHED, False):
            keyvalues.append_hash(one, hashed_name="")
            renamed[(one["kind"], name)] = one["metadata"]["name"]
    for one in objects:
        _refer(one, renamed)
    return objects


def mark(one: Object) -> Object:
    """Remembers what an object is called at first."""
    one.setdefault(ORIGINAL, one["metadata"]["name"])
    return one


def _names(one: Object) -> tuple[str, str]:
    return one["metadata"]["name"], one.get(ORIGINAL, "")


def _refer(value: Any, renamed: dict[tuple[str, str], str]) -> None:
    """Follows references: wherever a key that names another object holds a name that was changed."""
    if isinstance(value, list):
        for item in value:
            _refer(item, renamed)
    if not isinstance(value, dict):
        return
    for kind, places in REFERENCES.items():
        for key, field in places:
            for holder, name_key in _holders(value, key, field):
                new = renamed.get((kind, str(holder.get(name_key))))
                if new is not None:
                    holder[name_key] = new
    _refer_by_kind(value, renamed)
    for key, item in value.items():
        if key != "metadata":
            _refer(item, renamed)


def _refer_by_kind(value: Object, renamed: dict[tuple[str, str], str]) -> None:
    """roleRef, subjects, scaleTargetRef: a kind and a name side by side."""
    for key in ("roleRef", "scaleTargetRef", "subjects"):
        for holder in value[key] if isinstance(value.get(key), list) else [value.get(key)]:
            if isinstance(holder, dict) and (holder.get("kind", ""), holder.get("name", "")) in renamed:
                holder["name"] = renamed[(holder["kind"], holder["name"])]


def _holders(value: Object, key: str, field: str) -> Iterator[tuple[Object, str]]:
    if key not in value:
        return
    if not field:
        if isinstance(value[key], str):
            yield value, key
        return
    for holder in value[key] if isinstance(value[key], list) else [value[key]]:
        if isinstance(holder, dict) and isinstance(holder.get(field), str):
            yield holder, field


# --- labels and annotations


def _at(one: Object, path: str, make: bool) -> Object | None:
    place: Any = one
    for key in path.split("."):
        if not isinstance(place, dict):
            return None
        if place.get(key) is None:
            if not make:
                return None
            place[key] = {}
        place = place[key]
    return place if isinstance(place, dict) else None


def _add(one: Object, path: str, values: Object, make: bool = True) -> None:
    place = _at(one, path, make) if values else None
    if place is not None:
        place.update(values)


def _label(one: Object, content: Object) -> None:
    common = content.get("commonLabels") or {}
    groups = [(common, True, True)] if common else []
    for entry in content.get("labels") or []:
        selects = bool(entry.get("includeSelectors"))
        groups.append((entry.get("pairs") or {}, selects, selects or bool(entry.get("includeTemplates"))))
    for pairs, selects, templates in groups:
        _add(one, "metadata.labels", pairs)
        template = TEMPLATES.get(one["kind"])
        if templates and template:
            _add(one, f"{template}.metadata.labels", pairs)
        path = SELECTORS.get(one["kind"])
        if selects and path:
            must = one["kind"] in TEMPLATES
            _add(one, path, pairs, make=must or _at(one, path, make=False) is not None)


def _annotate(one: Object, values: Object) -> None:
    _add(one, "metadata.annotations", values)
    if one["kind"] in TEMPLATES:
        _add(one, f"{TEMPLATES[one['kind']]}.metadata.annotations", values)


# --- images


def _set_image(value: Any, image: Object) -> None:
    if isinstance(value, list):
        for item in value:
            _set_image(item, image)
    elif isinstance(value, dict):
        for key in ("containers", "initContainers", "ephemeralContainers"):
            for container in value.get(key) or []:
                if isinstance(container, dict) and isinstance(container.get("image"), str):
                    container["image"] = _image(container["image"], image)
        for item in value.values():
            _set_image(item, image)


_IMAGE = re.compile(r"(?P<name>(?:[^/@]+(?::\d+)?/)*[^/:@]+)(?::(?P<tag>[^@]+))?(?:@(?P<digest>.+))?\Z")


def _image(text: str, image: Object) -> str:
    match = _IMAGE.match(text)
    if not match or match["name"] != image.get("name"):
        return text
    name = image.get("newName") or match["name"]
    if image.get("digest"):
        return f"{name}@{image['digest']}"
    tag = image.get("newTag") or match["tag"]
    digest = "" if image.get("newTag") else match["digest"]
    return name + (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")


# --- patches


def _patches(folder: str, content: Object) -> Iterator[tuple[Object | None, Any]]:
    """(what it is for or None, the patch: operations or an object) of every patch."""
    for entry in content.get("patchesStrategicMerge") or []:
        inline = "\n" in str(entry)
        yield from ((None, patch) for patch in _read_patch(folder, "" if inline else entry, entry if inline else ""))
    for entry in [*(content.get("patches") or []), *(content.get("patchesJson6902") or [])]:
        for patch in _read_patch(folder, entry.get("path") or "", entry.get("patch") or ""):
            yield entry.get("target"), patch


def _read_patch(folder: str, path: str, text: str) -> list[Any]:
    if path:
        return [manifest.object for manifest in manifests.read([os.path.join(folder, path)])]
    try:
        return [value for chunk in manifests.split(text.encode()) if (value := yamls.load(chunk)) is not None]
    except yamls.YAMLError as error:
        raise CommandError(f"unable to parse SM or JSON patch from [{text}]: {error}") from None


def _patched(objects: list[Object], target: Object | None, patch: Any) -> list[Object]:
    operations = isinstance(patch, list)
    if operations and target is None:
        raise CommandError("must specify a target for patch")
    if not operations and target is None:
        metadata = patch.get("metadata") or {}
        target = {"kind": patch.get("kind"), "name": re.escape(metadata.get("name") or "")}
    fits = _matcher(target or {})
    if not operations and not any(fits(one) for one in objects) and target is not None and "kind" in patch:
        name = (patch.get("metadata") or {}).get("name", "")
        raise CommandError(
            f'no resource matches strategic merge patch "{patch.get("kind")}.[noVer].[noGrp]/{name}.[noNs]": '
            "no matches for Id"
        )
    result = []
    for one in objects:
        if not fits(one):
            result.append(one)
        elif operations:
            result.append(jsonpatch.apply(one, patch))
        elif patch.get("$patch") != "delete":
            result.append(_merge(one, patch))
    return result


def _merge(one: Object, patch: Object) -> Object:
    from schemas import load

    patch = copy.deepcopy(patch)
    patch.setdefault("metadata", {})["name"] = one["metadata"]["name"]
    patch.update({key: one[key] for key in ("apiVersion", "kind") if key in one})
    try:
        field = load(one.get("apiVersion", ""), one["kind"]).root
    except KeyError:
        field = None
    return strategic.patched(one, patch, field)


def _matcher(target: Object) -> Callable[[Object], bool]:
    from minictl.grammar.selectors import matcher

    labels, annotations = (matcher(target.get(key) or "") for key in ("labelSelector", "annotationSelector"))

    def fits(one: Object) -> bool:
        group, _, version = one.get("apiVersion", "").rpartition("/")
        metadata = one["metadata"]
        facts = {
            "group": group,
            "version": version,
            "kind": one["kind"],
            "namespace": metadata.get("namespace") or "default",
        }
        for key, value in facts.items():
            if target.get(key) and not re.fullmatch(str(target[key]), value):
                return False
        if target.get("name") and not any(re.fullmatch(str(target["name"]), name) for name in _names(one)):
            return False
        return labels(metadata.get("labels") or {}) and annotations(metadata.get("annotations") or {})

    return fits
