"""What of a Pod may change: image names, a shorter deadline, further tolerations, fewer scheduling gates; of a gated
Pod also where it may run. And what may change in its status."""

from __future__ import annotations

from apiserver.objects.patch import copied
from apiserver.objects.validation import IMMUTABLE, Causes, Object, duplicate, forbidden, invalid, required
from apiserver.objects.validation.addresses import parse_ip, valid_ip
from apiserver.objects.validation.containers import WHITESPACE
from apiserver.objects.validation.names import dns_subdomain, in_range, problems, qualified_name
from apiserver.objects.validation.podlayout import difference, print_ephemeral, print_spec
from apiserver.objects.validation.podspec import MIRROR_ANNOTATION, validate_pod_annotations
from apiserver.objects.validation.scheduling import REQUIRED_TERM, validate_tolerations
from apiserver.objects.validation.security import APPARMOR_ANNOTATION

CHANGEABLE = (
    "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,"
    "`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)
MAX_DEADLINE_SECONDS = 2**31 - 1
SYSTEM_CONDITIONS = ("PodScheduled", "Ready", "Initialized")
NOT_RESTARTED = "may not be transitioned to non-terminated state"


def validate_pod_update(new: Object, old: Object) -> Causes:
    """Whether `new` may follow `old`, beyond both being valid."""
    causes = _validate_annotation_changes(new, old)
    spec, before = new["spec"], old["spec"]
    if spec == before:
        return causes
    for kind in ("containers", "initContainers"):
        containers = spec.get(kind) or []
        if len(containers) != len(before.get(kind) or []):
            return [*causes, forbidden(f"spec.{kind}", "pod updates may not add or remove containers")]
        for index, container in enumerate(containers):
            causes += _validate_image(f"spec.{kind}[{index}].image", container.get("image", ""))
    found, is_final = _validate_deadline(spec.get("activeDeadlineSeconds"), before.get("activeDeadlineSeconds"))
    causes += found
    if is_final:
        return causes
    causes += _validate_toleration_changes(spec.get("tolerations") or [], before.get("tolerations") or [])
    causes += _validate_gate_changes(spec.get("schedulingGates") or [], before.get("schedulingGates") or [])
    found, comparable = _without_changeable(spec, before)
    causes += found
    if comparable != before:
        shown = difference(print_spec(before), print_spec(comparable))
        causes.append(forbidden("spec", f"pod updates may not change fields other than {CHANGEABLE}\n{shown}"))
    return causes


def _validate_annotation_changes(new: Object, old: Object) -> Causes:
    annotations = new["metadata"].get("annotations") or {}
    before = old["metadata"].get("annotations") or {}
    if annotations == before:
        return []
    causes: Causes = []
    for verb, keys in (("remove or update", before), ("add", annotations.keys() - before.keys())):
        for key in sorted(keys):
            if annotations.get(key) == before.get(key):
                continue
            if key.startswith(APPARMOR_ANNOTATION):
                causes.append(forbidden(f"metadata.annotations[{key}]", f"may not {verb} AppArmor annotations"))
            elif key == MIRROR_ANNOTATION:
                causes.append(forbidden(f"metadata.annotations[{key}]", f"may not {verb} mirror pod annotation"))
    return causes


def _validate_image(at: str, image: str) -> Causes:
    if not image:
        return [required(at)]
    return [] if image == image.strip() else [invalid(at, image, WHITESPACE)]


def _validate_deadline(seconds: int | None, before: int | None) -> tuple[Causes, bool]:
    """The causes, and whether Kubernetes looks no further."""
    at = "spec.activeDeadlineSeconds"
    if seconds is None:
        text = "must not update from a positive integer to nil value"
        return ([invalid(at, None, text)] if before is not None else []), False
    if found := in_range(seconds, 0, MAX_DEADLINE_SECONDS):
        return problems(at, seconds, found), True
    if before is not None and before < seconds:
        return [invalid(at, seconds, "must be less than or equal to previous value")], True
    return [], False


def _validate_toleration_changes(tolerations: list[Object], before: list[Object]) -> Causes:
    at = "spec.tolerations"
    if tolerations == before:
        return []
    kept = [_without(t, "tolerationSeconds") for t in tolerations]
    if any(_without(t, "tolerationSeconds") not in kept for t in before):
        return [forbidden(at, "existing toleration can not be modified except its tolerationSeconds")]
    return validate_tolerations(at, tolerations)


def _validate_gate_changes(gates: list[Object], before: list[Object]) -> Causes:
    known = {gate.get("name") for gate in before}
    text = "only deletion is allowed, but found new scheduling gate '{}'"
    return [
        forbidden(f"spec.schedulingGates[{index}].name", text.format(gate.get("name", "")))
        for index, gate in enumerate(gates)
        if gate.get("name") not in known
    ]


def _without_changeable(spec: Object, before: Object) -> tuple[Causes, Object]:
    """The new spec with what may change put back, so that what is left of a difference is forbidden."""
    causes: Causes = []
    same = dict(spec)
    for kind in ("containers", "initContainers"):
        if spec.get(kind):
            pairs = zip(spec[kind], before[kind], strict=True)
            same[kind] = [_restored(c, b, "image") for c, b in pairs]
    for field in ("activeDeadlineSeconds", "schedulingGates", "tolerations"):
        same = _restored(same, before, field)
    grace = "terminationGracePeriodSeconds"
    if before.get(grace, 0) < 0 and spec.get(grace) == 1:
        same = _restored(same, before, grace)
    if before.get("schedulingGates"):
        if spec.get("nodeSelector") != before.get("nodeSelector"):
            causes += _validate_node_selector_change(spec.get("nodeSelector") or {}, before.get("nodeSelector") or {})
            same = _restored(same, before, "nodeSelector")
        affinity, old_affinity = spec.get("affinity") or {}, before.get("affinity") or {}
        if affinity.get("nodeAffinity") != old_affinity.get("nodeAffinity"):
            causes += _validate_node_affinity_change(affinity.get("nodeAffinity"), old_affinity.get("nodeAffinity"))
            restored = _restored(affinity, old_affinity, "nodeAffinity")
            same["affinity"] = restored
            if not restored and "affinity" not in before:
                del same["affinity"]
    return causes, same


def _without(object: Object, field: str) -> Object:
    return {key: value for key, value in object.items() if key != field}


def _restored(object: Object, before: Object, field: str) -> Object:
    """`object` with `field` as it was before."""
    kept = _without(object, field)
    return {**kept, field: before[field]} if field in before else kept


def _validate_node_selector_change(selector: dict[str, str], before: dict[str, str]) -> Causes:
    if before.items() <= selector.items():
        return []
    text = "only additions to spec.nodeSelector are allowed (no mutations or deletions)"
    return [invalid("spec.nodeSelector", selector or None, text)]


def _validate_node_affinity_change(affinity: Object | None, before: Object | None) -> Causes:
    at = f"spec.affinity.nodeAffinity.{REQUIRED_TERM}.nodeSelectorTerms"
    old_terms = ((before or {}).get(REQUIRED_TERM) or {}).get("nodeSelectorTerms") or []
    terms = ((affinity or {}).get(REQUIRED_TERM) or {}).get("nodeSelectorTerms") or []
    if not old_terms:
        return []
    if len(old_terms) != len(terms):
        text = "no additions/deletions to non-empty NodeSelectorTerms list are allowed"
        return [invalid(at, terms or None, text)]
    text = "only additions are allowed (no mutations or deletions)"
    return [
        invalid(f"{at}[{index}]", term, text)
        for index, (term, old_term) in enumerate(zip(terms, old_terms, strict=True))
        if not _only_adds(term, old_term)
    ]


def _only_adds(term: Object, before: Object) -> bool:
    parts = ("matchExpressions", "matchFields")
    if not any(before.get(part) for part in parts):
        return not any(term.get(part) for part in parts)
    return all((term.get(p) or [])[: len(before.get(p) or [])] == (before.get(p) or []) for p in parts)


def keep_all_but_ephemeral_containers(new: Object, old: Object) -> None:
    """Put back, in `new`, all that a write to the ephemeralcontainers subresource may not touch."""
    keep_all_but_spec(new, old)
    added = (new.get("spec") or {}).get("ephemeralContainers")
    new["spec"] = copied(old["spec"])
    if added:
        new["spec"]["ephemeralContainers"] = added
    else:
        new["spec"].pop("ephemeralContainers", None)


def keep_all_but_spec(new: Object, old: Object) -> None:
    """Put back what a part of the spec is written beside: the status, and metadata but for who owns which fields."""
    managers = new["metadata"].get("managedFields")
    new["metadata"] = copied(old["metadata"])
    if managers is not None:
        new["metadata"]["managedFields"] = managers
    new["status"] = copied(old.get("status") or {})


def validate_ephemeral_update(new: Object, old: Object) -> Causes:
    """For writes to the ephemeralcontainers subresource: containers are only ever added."""
    if MIRROR_ANNOTATION in (old["metadata"].get("annotations") or {}):
        return [forbidden("", "static pods do not support ephemeral containers")]
    at = "spec.ephemeralContainers"
    containers = {c.get("name"): c for c in new["spec"].get("ephemeralContainers") or ()}
    causes: Causes = []
    for before in old["spec"].get("ephemeralContainers") or ():
        name = before["name"]
        if name not in containers:
            causes.append(forbidden(at, f'existing ephemeral containers "{name}" may not be removed\n'))
        elif containers[name] != before:
            shown = difference(print_ephemeral(before), print_ephemeral(containers[name]))
            causes.append(forbidden(at, f'existing ephemeral containers "{name}" may not be changed\n{shown}'))
    return causes


def validate_pod_status(new: Object, old: Object) -> Causes:
    """Writes to the status subresource; metadata may change with them."""
    status, before, spec = new.get("status") or {}, old.get("status") or {}, old["spec"]
    causes = _validate_annotation_changes(new, old)
    annotations = new["metadata"].get("annotations")
    if annotations:
        causes += validate_pod_annotations("metadata.annotations", annotations, spec)
    for index, condition in enumerate(status.get("conditions") or ()):
        type_ = condition.get("type", "")
        if type_ not in SYSTEM_CONDITIONS:
            causes += problems(f"metadata.conditions[{index}].Type", type_, qualified_name(type_))
    nominated = status.get("nominatedNodeName", "")
    if nominated and nominated != before.get("nominatedNodeName", ""):
        causes += problems("status.nominatedNodeName", nominated, dns_subdomain(nominated))
    if status.get("qosClass", "") != before.get("qosClass", ""):
        causes.append(invalid("status.qosClass", status.get("qosClass", ""), IMMUTABLE))
    policy = spec.get("restartPolicy", "")
    sidecars = {c["name"] for c in spec.get("initContainers") or () if c.get("restartPolicy") == "Always"}
    for field, how, exempt in (
        ("containerStatuses", policy, frozenset[str]()),
        ("initContainerStatuses", policy, sidecars),
        ("ephemeralContainerStatuses", "Never", frozenset[str]()),
    ):
        causes += _validate_transitions(
            f"status.{field}", status.get(field) or [], before.get(field) or [], how, exempt
        )
    causes += _validate_ips("status.podIPs", status.get("podIPs") or [])
    return causes + _validate_host_ips(status)


def _validate_transitions(
    at: str, statuses: list[Object], before: list[Object], policy: str, exempt: frozenset[str] | set[str]
) -> Causes:
    """A container that has ended for good stays ended."""
    if policy == "Always":
        return []
    causes: Causes = []
    now = {s.get("name"): s for s in statuses}
    for index, old in enumerate(before):
        terminated = (old.get("state") or {}).get("terminated")
        if terminated is None or old["name"] in exempt or old["name"] not in now:
            continue
        if policy == "OnFailure" and terminated.get("exitCode", 0) != 0:
            continue
        if (now[old["name"]].get("state") or {}).get("terminated") is None:
            causes.append(forbidden(f"{at}[{index}].state", NOT_RESTARTED))
    return causes


def _validate_ips(at: str, addresses: list[Object]) -> Causes:
    """At most one address of each family."""
    causes: Causes = []
    texts = [address.get("ip", "") for address in addresses]
    for index, text in enumerate(texts):
        causes += valid_ip(f"{at}[{index}]", text)
    if len(texts) < 2:
        return causes
    families = {parsed.version for parsed in map(parse_ip, texts) if parsed}
    if len(families) != 2 or len(texts) > 2:
        causes.append(invalid(at, addresses, "may specify no more than one IP for each IP family"))
    for index, text in enumerate(texts):
        if text in texts[:index]:
            causes.append(duplicate(f"{at}[{index}]", addresses[index]))
    return causes


def _validate_host_ips(status: Object) -> Causes:
    addresses = status.get("hostIPs") or []
    if not addresses:
        return []
    first = addresses[0].get("ip", "")
    causes = [] if first == status.get("hostIP", "") else [
        invalid("status.hostIPs[0].ip", first, "must be equal to `hostIP`")
    ]  # fmt: skip
    return causes + _validate_ips("status.hostIPs", addresses)
