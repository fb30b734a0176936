"""A CustomResourceDefinition as a whole: what is wrong with it, in Kubernetes' words and order."""

from __future__ import annotations

from typing import Any

from apiserver.objects.definitions import (
    Node,
    Object,
    defaulted,
    extras,
    hoisted,
    openapi,
    places,
    printed,
    rules,
    schema_of,
    structure,
)
from apiserver.objects.validation import (
    IMMUTABLE,
    Causes,
    forbidden,
    invalid,
    not_supported,
    required,
)
from apiserver.objects.validation.names import dns_subdomain, rfc1035_label

APPROVED = "api-approved.kubernetes.io"
MISSING_APPROVAL = f'protected groups must have approval annotation "{APPROVED}", see https://github.com/kubernetes/enhancements/pull/1111'
WARNING_MAX_CHARACTERS = 256

AT_ROOT = (
    "Description", "Type", "Format", "Title", "Maximum", "ExclusiveMaximum", "Minimum", "ExclusiveMinimum", "MaxLength",
    "MinLength", "Pattern", "MaxItems", "MinItems", "UniqueItems", "MultipleOf", "Required", "Items", "Properties",
    "ExternalDocs", "Example", "XPreserveUnknownFields", "XValidations",
)  # fmt: skip
"""What a schema may say at its root where status is a subresource, as Go names it."""
_NOT_AT_ROOT = (
    "id", "$schema", "$ref", "nullable", "default", "enum", "maxProperties", "minProperties", "allOf", "oneOf", "anyOf",
    "not", "additionalProperties", "patternProperties", "dependencies", "additionalItems", "definitions",
    "x-kubernetes-embedded-resource", "x-kubernetes-int-or-string", "x-kubernetes-list-map-keys",
    "x-kubernetes-list-type", "x-kubernetes-map-type",
)  # fmt: skip


def validate_naming(name: str, definition: Object) -> list[str]:
    """The name must be made of the plural and the group."""
    spec = definition["spec"]
    wanted = f"{spec['names'].get('plural', '')}.{spec.get('group', '')}"
    return [] if name == wanted else ['must be spec.names.plural+"."+spec.group']


def validate(definition: Object) -> Causes:
    """What is wrong with a definition, its metadata left aside."""
    spec = hoisted(definition["spec"])
    causes = _spec_causes(spec)
    status = definition.get("status") or {}
    causes += validate_status(definition)
    return causes + _stored_versions(status.get("storedVersions") or [], spec["versions"])


def validate_update(new: Object, old: Object) -> Causes:
    """What may not change."""
    causes: Causes = []
    spec, before = new["spec"], old["spec"]
    if any(c["type"] == "Established" and c["status"] == "True" for c in old["status"].get("conditions") or ()):
        causes += _unchanged("spec.scope", spec.get("scope"), before.get("scope"))
        causes += _unchanged("spec.names.kind", spec["names"].get("kind"), before["names"].get("kind"))
    causes += _unchanged("spec.group", spec.get("group"), before.get("group"))
    return causes + _unchanged("spec.names.plural", spec["names"].get("plural"), before["names"].get("plural"))


def validate_status(definition: Object) -> Causes:
    return names_causes((definition.get("status") or {}).get("acceptedNames") or {}, "status.acceptedNames")


def approval_causes(new: Object, old: Object | None) -> Causes:
    """Groups of Kubernetes' own are for those that have been reviewed."""
    group = new["spec"].get("group", "")
    if not any(group == own or group.endswith(f".{own}") for own in ("k8s.io", "kubernetes.io")):
        return []
    state, reason = _approval(new)
    if (old is not None and _approval(old)[0] == state) or state == "approved":
        return []
    place = f"metadata.annotations[{APPROVED}]"
    if state == "missing":
        return [required(place, reason)]
    return [invalid(place, (new["metadata"].get("annotations") or {}).get(APPROVED, ""), reason)]


def unpruned_causes(new: Object, old: Object | None) -> Causes:
    """Fields that no schema describes are kept where a schema says so, not all over."""
    if not new["spec"].get("preserveUnknownFields") or (old is not None and old["spec"].get("preserveUnknownFields")):
        return []
    detail = "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead"
    return [invalid("spec.preserveUnknownFields", True, detail)]


def _approval(definition: Object) -> tuple[str, str]:
    said = (definition["metadata"].get("annotations") or {}).get(APPROVED, "")
    if not said:
        return "missing", MISSING_APPROVAL
    if said.startswith(("unapproved", "https://", "http://")):
        return "approved", ""
    reason = f'protected groups must have approval annotation "{APPROVED}" with either a URL or a reason starting with '
    return "invalid", reason + '"unapproved", see https://github.com/kubernetes/enhancements/pull/1111'


def _unchanged(path: str, new: Any, old: Any) -> Causes:
    return [] if new == old else [invalid(path, new, IMMUTABLE)]


def _stored_versions(stored: list[str], versions: list[Object]) -> Causes:
    path = "status.storedVersions"
    if not stored:
        return [invalid(path, None, "must have at least one stored version")]
    served = {version.get("name", "") for version in versions}
    causes = [
        invalid(path, stored, f"must have the storage version {version.get('name', '')}")
        for version in versions
        if version.get("storage") and version.get("name") not in stored
    ]
    for index, name in enumerate(stored):
        if name not in served:
            detail = (
                f"missing from spec.versions; {name} was previously a storage version, and must remain in "
                f"spec.versions until a storage migration ensures no data remains persisted in {name} and removes "
                f"{name} from status.storedVersions"
            )
            causes.append(invalid(f"{path}[{index}]", name, detail))
    return causes


# -- spec --------------------------------------------------------------------------------------------------------------


def _spec_causes(spec: Object) -> Causes:
    causes = _group_causes(spec.get("group", ""))
    scope = spec.get("scope", "")
    if not scope:
        causes.append(required("spec.scope"))
    elif scope not in ("Cluster", "Namespaced"):
        causes.append(not_supported("spec.scope", scope, ["Cluster", "Namespaced"]))
    schema = schema_of(spec, "validation")
    schemas = [schema_of(version) for version in spec["versions"]]
    if schema is None:
        places_without = [f"spec.versions[{index}].schema" for index, one in enumerate(schemas) if one is None]
        causes += [required(f"{place}.openAPIV3Schema") for place in places_without]
    if spec.get("preserveUnknownFields") and any(map(_has_defaults, (schema, *schemas))):
        causes.append(
            invalid("spec.preserveUnknownFields", True, "must be false in order to use defaults in the schema")
        )
    causes += _versions_causes(spec)
    for name in ("plural", "singular", "kind", "listKind"):
        if not spec["names"].get(name):
            causes.append(required(f"spec.names.{name}"))
    causes += names_causes(spec["names"], "spec.names")
    has_status = any("status" in (v.get("subresources") or {}) for v in (spec, *spec["versions"]))
    causes += _schema_causes(spec.get("validation"), "spec.validation", has_status=has_status)
    causes += extras.subresource_causes(spec.get("subresources"), "spec.subresources")
    for index, column in enumerate(spec.get("additionalPrinterColumns") or ()):
        causes += extras.column_causes(column, f"spec.additionalPrinterColumns[{index}]")
    if spec.get("selectableFields") and "validation" not in spec:
        causes.append(invalid("spec.selectableFields", "", "may only be set when validations.schema is included"))
    elif spec.get("selectableFields"):
        causes += extras.selectable_causes(spec["selectableFields"], schema or {}, "spec.selectableFields")
    return causes + _conversion_causes(spec.get("conversion") or {})


def _has_defaults(schema: Node | None) -> bool:
    return schema is not None and any(place.get("default") is not None for place in places(schema))


def _group_causes(group: str) -> Causes:
    if not group:
        return [required("spec.group")]
    found = dns_subdomain(group)
    if found:
        return [invalid("spec.group", group, ",".join(found))]
    return [] if "." in group else [invalid("spec.group", group, "should be a domain with at least one dot")]


def _versions_causes(spec: Object) -> Causes:
    causes: Causes = []
    versions = spec["versions"]
    for index, version in enumerate(versions):
        path, name = f"spec.versions[{index}]", version.get("name", "")
        if found := rfc1035_label(name):
            causes.append(invalid(f"{path}.name", name, ",".join(found)))
        causes += _version_causes(version, path, spec)
    names = [version.get("name", "") for version in versions]
    if len(set(names)) < len(names):
        causes.append(invalid("spec.versions", printed.versions(versions), "must contain unique version names"))
    if sum(bool(version.get("storage")) for version in versions) != 1:
        detail = "must have exactly one version marked as storage version"
        causes.append(invalid("spec.versions", printed.versions(versions) if versions else None, detail))
    return causes


def _version_causes(version: Object, path: str, spec: Object) -> Causes:
    causes: Causes = []
    warning = version.get("deprecationWarning")
    if warning is not None:
        causes += [invalid(f"{path}.deprecationWarning", warning, said) for said in _warning_problems(version, warning)]
    subresources = version.get("subresources") or spec.get("subresources") or {}
    causes += _schema_causes(version.get("schema"), f"{path}.schema", has_status="status" in subresources)
    causes += extras.subresource_causes(version.get("subresources"), f"{path}.subresources")
    for index, column in enumerate(version.get("additionalPrinterColumns") or ()):
        causes += extras.column_causes(column, f"{path}.additionalPrinterColumns[{index}]")
    schema, selectable = schema_of(version), f"{path}.selectableFields"
    if version.get("selectableFields") and schema is None:
        detail = "may only be set when `version.schema.openAPIV3Schema` is not included"
        causes.append(invalid(selectable, "", detail))
    elif schema is not None:
        causes += extras.selectable_causes(version.get("selectableFields") or [], schema, selectable)
    return causes


def _warning_problems(version: Object, warning: str) -> list[str]:
    if not version.get("deprecated"):
        return ["can only be set for deprecated versions"]
    found = []
    if len(warning.encode()) > WARNING_MAX_CHARACTERS:
        found.append(f"must be <= {WARNING_MAX_CHARACTERS} characters long")
    if not warning:
        found.append("must not be an empty string")
    for index, character in enumerate(warning):
        if not character.isprintable():
            detail = f"non-printable character found at index {len(warning[:index].encode())}"
            return [*found, f"must only contain printable UTF-8 characters; {detail}"]
    return found


def names_causes(names: Object, path: str) -> Causes:
    """What is wrong with the names of a kind."""
    causes: Causes = []
    for name in ("plural", "singular"):
        if names.get(name) and (found := rfc1035_label(names[name])):
            causes.append(invalid(f"{path}.{name}", names[name], ",".join(found)))
    for name in ("kind", "listKind"):
        if names.get(name) and (found := rfc1035_label(names[name].lower())):
            detail = f"may have mixed case, but should otherwise match: {','.join(found)}"
            causes.append(invalid(f"{path}.{name}", names[name], detail))
    causes += _label_list(names, "shortNames", path)
    if names.get("kind") and names["kind"] == names.get("listKind"):
        causes.append(invalid(f"{path}.listKind", names["listKind"], "kind and listKind may not be the same"))
    return causes + _label_list(names, "categories", path)


def _label_list(names: Object, field: str, path: str) -> Causes:
    return [
        invalid(f"{path}.{field}[{index}]", name, ",".join(found))
        for index, name in enumerate(names.get(field) or ())
        if (found := rfc1035_label(name))
    ]


def _conversion_causes(conversion: Object) -> Causes:
    path, strategy, webhook = "spec.conversion", conversion.get("strategy", ""), conversion.get("webhook") or {}
    if not strategy:
        return [required(f"{path}.strategy")]
    if strategy not in ("None", "Webhook"):
        return [not_supported(f"{path}.strategy", strategy, ["None", "Webhook"])]
    causes: Causes = []
    if strategy == "Webhook":
        causes.append(forbidden(f"{path}.strategy", "this server asks no webhook to convert: use None"))
    config, versions = webhook.get("clientConfig"), webhook.get("conversionReviewVersions") or []
    if strategy == "None":
        detail = "should not be set when strategy is not set to Webhook"
        if config is not None:
            causes.append(forbidden(f"{path}.webhookClientConfig", detail))
        if versions:
            causes.append(forbidden(f"{path}.conversionReviewVersions", detail))
        return causes
    if config is None:
        causes.append(required(f"{path}.webhookClientConfig", "required when strategy is set to Webhook"))
    elif (config.get("url") is None) == (config.get("service") is None):
        causes.append(required(f"{path}.webhookClientConfig", "exactly one of url or service is required"))
    if not versions:
        causes.append(required(f"{path}.conversionReviewVersions"))
    elif not {"v1", "v1beta1"} & set(versions):
        causes.append(invalid(f"{path}.conversionReviewVersions", versions, "must include at least one of v1, v1beta1"))
    return causes


# -- schemas -----------------------------------------------------------------------------------------------------------


def _schema_causes(holder: Object | None, path: str, *, has_status: bool) -> Causes:
    schema: Node | None = (holder or {}).get("openAPIV3Schema")
    if schema is None:
        return []
    path = f"{path}.openAPIV3Schema"
    causes: Causes = []
    if has_status:
        causes += _root_causes(schema, path)
    if schema.get("nullable"):
        causes.append(forbidden(f"{path}.nullable", "nullable cannot be true at the root"))
    found = structure.validate(schema, path) or defaulted.validate(schema, path)
    causes += found + openapi.validate(schema, path)
    return causes if found else causes + rules.validate(schema, path)


def _root_causes(schema: Node, path: str) -> Causes:
    """Where status is a subresource, its schema is cut out of the whole: only fields may be said at the root."""
    if schema.get("type", "object") != "object":
        detail = 'only "object" is allowed as the type at the root of the schema if the status subresource is enabled'
        return [invalid(f"{path}.type", schema["type"], detail)]
    if any(schema.get(name) not in (None, False, "", [], {}) for name in _NOT_AT_ROOT):
        where = "at the root of the schema if the status subresource is enabled"
        detail = f"only [{' '.join(AT_ROOT)}] fields are allowed {where}"
        return [invalid(path, printed.schema(schema), detail)]
    return []
