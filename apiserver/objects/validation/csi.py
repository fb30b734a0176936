"""Validation of what storage drivers tell of themselves: CSIDriver, CSINode, CSIStorageCapacity, VolumeAttachment."""

from __future__ import annotations

from apiserver.objects.quantity import parse
from apiserver.objects.validation import (
    IMMUTABLE,
    NOT_NEGATIVE,
    Causes,
    Object,
    duplicate,
    forbidden,
    invalid,
    not_negative,
    not_supported,
    required,
    too_long,
)
from apiserver.objects.validation.meta import validate_label_selector
from apiserver.objects.validation.names import byte_length, dns_subdomain, in_range, problems, qualified_name
from apiserver.objects.validation.persistentvolume import validate_inline_spec
from apiserver.objects.validation.volumes import validate_driver_name

GROUP_POLICIES = ("File", "None", "ReadWriteOnceWithFSType")
LIFECYCLE_MODES = ("Persistent", "Ephemeral")
ALLOCATABLE_MIN_SECONDS = 10
TOKEN_MIN_SECONDS, TOKEN_MAX_SECONDS = 600, 2**32
NODE_ID_MAX_BYTES = 256
METADATA_MAX_BYTES = 256 * 1024
ERROR_MAX_BYTES = 1024
ONE_SOURCE = "must specify exactly one of inlineVolumeSpec and persistentVolumeName"


def validate_driver(driver: Object) -> Causes:
    spec = driver["spec"]
    causes: Causes = []
    policy, seconds = spec.get("fsGroupPolicy"), spec.get("nodeAllocatableUpdatePeriodSeconds")
    if policy is not None and policy not in GROUP_POLICIES:
        causes.append(not_supported("spec.fsGroupPolicy", policy, GROUP_POLICIES))
    causes += _validate_token_requests("spec.tokenRequests", spec.get("tokenRequests") or [])
    for mode in spec.get("volumeLifecycleModes") or ():
        if mode not in LIFECYCLE_MODES:
            causes.append(not_supported("spec.volumeLifecycleModes", mode, LIFECYCLE_MODES))
    if seconds is not None and seconds < ALLOCATABLE_MIN_SECONDS:
        text = f"must be greater than or equal to {ALLOCATABLE_MIN_SECONDS} seconds"
        causes.append(invalid("spec.nodeAllocatableUpdatePeriodSeconds", seconds, text))
    hidden = spec.get("serviceAccountTokenInSecrets")
    if hidden is not None and not spec.get("tokenRequests"):
        text = "serviceAccountTokenInSecrets is set but no tokenRequests are specified"
        causes.append(invalid("spec.serviceAccountTokenInSecrets", hidden, text))
    return causes


def _validate_token_requests(at: str, requests: list[Object]) -> Causes:
    causes: Causes = []
    audiences: set[str] = set()
    for index, request in enumerate(requests):
        here, audience, seconds = f"{at}[{index}]", request.get("audience", ""), request.get("expirationSeconds")
        if audience in audiences:
            causes.append(duplicate(f"{here}.audience", audience))
            continue
        audiences.add(audience)
        if seconds is not None and seconds < TOKEN_MIN_SECONDS:
            text = "may not specify a duration less than 10 minutes"
            causes.append(invalid(f"{here}.expirationSeconds", seconds, text))
        if seconds is not None and seconds > TOKEN_MAX_SECONDS:
            text = "may not specify a duration larger than 2^32 seconds"
            causes.append(invalid(f"{here}.expirationSeconds", seconds, text))
    return causes


def validate_driver_update(new: Object, old: Object) -> Causes:
    kept = (("attachRequired", "attachedRequired"), ("volumeLifecycleModes", "volumeLifecycleModes"))
    return [
        invalid(f"spec.{path}", new["spec"].get(field), IMMUTABLE)
        for field, path in kept
        if new["spec"].get(field) != old["spec"].get(field)
    ]


def validate_node(node: Object) -> Causes:
    causes: Causes = []
    names: set[str] = set()
    for index, driver in enumerate(node["spec"].get("drivers") or ()):
        at, name = f"spec.drivers[{index}]", driver.get("name", "")
        causes += validate_driver_name(f"{at}.name", name)
        causes += _validate_node_id(f"{at}.nodeID", driver.get("nodeID", ""))
        count = (driver.get("allocatable") or {}).get("count")
        if count is not None:
            causes += not_negative(f"{at}.allocatable.count", count)
        if name in names:
            causes.append(duplicate(f"{at}.name", name))
        names.add(name)
        causes += _validate_topology_keys(at, driver.get("topologyKeys") or [])
    return causes


def _validate_node_id(at: str, node_id: str) -> Causes:
    causes = [] if node_id else [required(at)]
    if byte_length(node_id) > NODE_ID_MAX_BYTES:
        causes.append(invalid(at, node_id, f"must be {NODE_ID_MAX_BYTES} characters or less"))
    return causes


def _validate_topology_keys(at: str, keys: list[str]) -> Causes:
    causes: Causes = []
    for index, key in enumerate(keys):
        if not key:
            causes.append(required(at))
        if key in keys[:index]:
            causes.append(duplicate(at, key))
        causes += problems(at, keys, qualified_name(key))
    return causes


def validate_node_update(new: Object, old: Object) -> Causes:
    """A driver that is listed stays as it is, but for how many volumes it can serve."""
    before = {driver["name"]: driver for driver in old["spec"].get("drivers") or ()}
    causes: Causes = []
    for driver in new["spec"].get("drivers") or ():
        known = before.get(driver["name"])
        if known is not None and _without(driver, "allocatable") != _without(known, "allocatable"):
            causes.append(invalid("spec.drivers", _without(driver, "allocatable"), IMMUTABLE))
    return causes


def _without(object: Object, field: str) -> Object:
    return {key: value for key, value in object.items() if key != field}


def validate_capacity(capacity: Object) -> Causes:
    causes = validate_label_selector("nodeTopology", capacity.get("nodeTopology"))
    name, amount = capacity.get("storageClassName", ""), capacity.get("capacity")
    causes += problems("storageClassName", name, dns_subdomain(name))
    if amount is not None and parse(amount).value < 0:
        causes.append(invalid("capacity", amount, NOT_NEGATIVE))
    return causes


def validate_capacity_update(new: Object, old: Object) -> Causes:
    return [
        invalid(field, new.get(field), IMMUTABLE)
        for field in ("nodeTopology", "storageClassName")
        if new.get(field) != old.get(field)
    ]


def validate_attachment(attachment: Object) -> Causes:
    spec = attachment["spec"]
    attacher, node = spec.get("attacher", ""), spec.get("nodeName", "")
    causes = [] if attacher else [required("spec.attacher")]
    causes += _validate_attached("spec.source", spec.get("source") or {})
    causes += problems("spec.nodeName", node, dns_subdomain(node))
    return causes + validate_attachment_status(attachment, attachment)


def validate_new_attachment(attachment: Object) -> Causes:
    """What version v1 checks besides."""
    spec = attachment["spec"]
    causes = validate_driver_name("spec.attacher", spec.get("attacher", ""))
    name = (spec.get("source") or {}).get("persistentVolumeName")
    if name is not None:
        causes += problems("spec.source.persistentVolumeName", name, dns_subdomain(name))
    return causes


def _validate_attached(at: str, source: Object) -> Causes:
    inline, name = source.get("inlineVolumeSpec"), source.get("persistentVolumeName")
    if inline is None and name is None:
        return [required(at, ONE_SOURCE)]
    if inline is not None and name is not None:
        return [forbidden(at, ONE_SOURCE)]
    if inline is not None:
        return validate_inline_spec(f"{at}.inlineVolumeSpec", inline)
    text = "must specify non empty persistentVolumeName"
    return [] if name else [required(f"{at}.persistentVolumeName", text)]


def validate_attachment_status(new: Object, old: Object) -> Causes:
    status = new.get("status") or {}
    metadata = status.get("attachmentMetadata") or {}
    causes: Causes = []
    if sum(byte_length(key) + byte_length(value) for key, value in metadata.items()) > METADATA_MAX_BYTES:
        causes.append(too_long("status.attachmentMetadata", METADATA_MAX_BYTES))
    for field in ("attachError", "detachError"):
        error, at = status.get(field) or {}, f"status.{field}"
        if byte_length(error.get("message", "")) > ERROR_MAX_BYTES:
            causes.append(too_long(f"{at}.message", METADATA_MAX_BYTES))
        code = error.get("errorCode")
        if code is not None and code < 0:
            causes += problems(f"{at}.errorCode", code, in_range(code, 0, 2**31 - 1))
    return causes


def validate_attachment_update(new: Object, old: Object) -> Causes:
    return [] if new["spec"] == old["spec"] else [invalid("spec", new["spec"], IMMUTABLE)]
