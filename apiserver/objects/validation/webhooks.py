"""Webhook configurations: what is wrong with the webhooks they name, in Kubernetes' words."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from apiserver.objects.expressions.requests import Sight
from apiserver.objects.validation import Causes, duplicate, expressions, invalid, not_supported, required
from apiserver.objects.validation.meta import validate_label_selector
from apiserver.objects.validation.names import dns_subdomain, port_number, rfc1035_label
from apiserver.quoting import quoted

Object = dict[str, Any]

REVIEW_VERSIONS = ("v1", "v1beta1")
SIDE_EFFECTS = ("None", "NoneOnDryRun")
OPERATIONS = ("*", "CONNECT", "CREATE", "DELETE", "UPDATE")
TIMEOUT_SECONDS = range(1, 31)

CHOICES = {
    "failurePolicy": ("Fail", "Ignore"),
    "matchPolicy": ("Equivalent", "Exact"),
    "reinvocationPolicy": ("IfNeeded", "Never"),
}
_FORM = "; desired format: https://host[/path]"


def validate(configuration: Object) -> Causes:
    """What is wrong with all webhooks of a configuration."""
    causes: Causes = []
    names: set[str] = set()
    for index, webhook in enumerate(configuration.get("webhooks") or ()):
        at, name = f"webhooks[{index}]", webhook.get("name", "")
        causes += _webhook(webhook, at)
        causes += _review_versions(webhook.get("admissionReviewVersions") or [], f"{at}.admissionReviewVersions")
        if name and name in names:
            causes.append(duplicate(f"{at}.name", name))
        names.add(name)
    return causes


def _webhook(webhook: Object, at: str) -> Causes:
    causes = _name(webhook.get("name", ""), f"{at}.name")
    for index, rule in enumerate(webhook.get("rules") or ()):
        causes += rule_causes(rule, f"{at}.rules[{index}]")
    for field, choices in CHOICES.items():
        if webhook.get(field) is not None and webhook[field] not in choices:
            causes.append(not_supported(f"{at}.{field}", webhook[field], choices))
    effects = webhook.get("sideEffects")
    if effects is None:
        causes.append(required(f"{at}.sideEffects", f"must specify one of {', '.join(SIDE_EFFECTS)}"))
    elif effects not in SIDE_EFFECTS:
        causes.append(not_supported(f"{at}.sideEffects", effects, SIDE_EFFECTS))
    seconds = webhook.get("timeoutSeconds")
    if seconds is not None and seconds not in TIMEOUT_SECONDS:
        detail = "the timeout value must be between 1 and 30 seconds"
        causes.append(invalid(f"{at}.timeoutSeconds", seconds, detail))
    for field in ("namespaceSelector", "objectSelector"):
        causes += validate_label_selector(f"{at}.{field}", webhook.get(field))
    causes += _client_config(webhook.get("clientConfig") or {}, f"{at}.clientConfig")
    return causes + expressions.match_conditions(webhook.get("matchConditions"), f"{at}.matchConditions", Sight())


def _name(name: str, at: str) -> Causes:
    if not name:
        return [required(at)]
    if found := dns_subdomain(name):
        return [invalid(at, name, ",".join(found))]
    few = "should be a domain with at least three segments separated by dots"
    return [] if name.count(".") >= 2 else [invalid(at, name, few)]


def _review_versions(versions: list[str], at: str) -> Causes:
    known = ", ".join(REVIEW_VERSIONS)
    if not versions:
        return [required(at, f"must specify one of {known}")]
    causes: Causes = []
    for index, version in enumerate(versions):
        if version in versions[:index]:
            causes.append(invalid(f"{at}[{index}]", version, "duplicate version"))
            continue
        causes += [invalid(f"{at}[{index}]", version, said) for said in rfc1035_label(version)]
    if not set(versions) & set(REVIEW_VERSIONS):
        causes.append(invalid(at, versions, f"must include at least one of {known}"))
    return causes


def rule_causes(rule: Object, at: str) -> Causes:
    """What is wrong with a rule: operations on resources."""
    causes = _listed(rule, "operations", "operations", at)
    causes += [
        not_supported(f"{at}.operations[{index}]", operation, OPERATIONS)
        for index, operation in enumerate(rule.get("operations") or ())
        if operation not in OPERATIONS
    ]
    causes += _listed(rule, "apiGroups", "API groups", at) + _listed(rule, "apiVersions", "API versions", at)
    causes += [
        required(f"{at}.apiVersions[{index}]")
        for index, version in enumerate(rule.get("apiVersions") or ())
        if not version
    ]
    causes += _resources(rule.get("resources") or [], f"{at}.resources")
    scope = rule.get("scope")
    if scope is not None and scope not in ("*", "Cluster", "Namespaced"):
        causes.append(not_supported(f"{at}.scope", scope, ["*", "Cluster", "Namespaced"]))
    return causes


def _listed(rule: Object, field: str, called: str, at: str) -> Causes:
    values = rule.get(field) or []
    if not values:
        return [required(f"{at}.{field}")]
    if len(values) > 1 and "*" in values:
        return [invalid(f"{at}.{field}", values, f"if '*' is present, must not specify other {called}")]
    return []


def _resources(resources: list[str], at: str) -> Causes:
    causes: Causes = [] if resources else [required(at)]
    with_all_parts: set[str] = set()
    of_all_resources: set[str] = set()
    is_plain = False
    for index, text in enumerate(resources):
        resource, slash, part = text.partition("/")
        if not text:
            causes.append(required(f"{at}[{index}]"))
        elif not slash:
            is_plain = text != "*"
        else:
            if resource in with_all_parts:
                detail = f"if '{resource}/*' is present, must not specify {text}"
                causes.append(invalid(f"{at}[{index}]", text, detail))
            if part in of_all_resources:
                causes.append(invalid(f"{at}[{index}]", text, f"if '*/{part}' is present, must not specify {text}"))
            if part == "*":
                with_all_parts.add(resource)
            if resource == "*":
                of_all_resources.add(part)
    if len(resources) > 1 and "*/*" in resources:
        causes.append(invalid(at, resources, "if '*/*' is present, must not specify other resources"))
    if "*" in resources and is_plain:
        detail = "if '*' is present, must not specify other resources without subresources"
        causes.append(invalid(at, resources, detail))
    return causes


def _client_config(config: Object, at: str) -> Causes:
    url, service = config.get("url"), config.get("service")
    if (url is None) == (service is None):
        return [required(at, "exactly one of url or service is required")]
    return _url(url, f"{at}.url") if service is None else _service(service, f"{at}.service")


def _url(url: Any, at: str) -> Causes:
    try:
        parts = urlsplit(str(url))
    except ValueError:
        return [required(at, f"url must be a valid URL: parse {quoted(url)}: missing ']' in host{_FORM}")]
    causes: Causes = []
    if parts.scheme != "https":
        causes.append(invalid(at, parts.scheme, f"'https' is the only allowed URL scheme{_FORM}"))
    if not parts.netloc:
        causes.append(invalid(at, "", f"host must be specified{_FORM}"))
    user, has_user, _ = parts.netloc.rpartition("@")
    for value, there, what in (
        (user, has_user, "user information is"),
        (parts.fragment, parts.fragment, "fragments are"),
        (parts.query, parts.query, "query parameters are"),
    ):
        if there:
            causes.append(invalid(at, value, f"{what} not permitted in the URL"))
    return causes


def _service(service: Object, at: str) -> Causes:
    """Kubernetes takes the name for the namespace and the other way round."""
    causes = [
        required(f"{at}.{told}")
        for told, field in (("name", "namespace"), ("namespace", "name"))
        if not service.get(field)
    ]
    port = service.get("port", 443)
    causes += [invalid(f"{at}.port", port, f"port is not valid: {said}") for said in port_number(port)]
    return causes + [
        invalid(f"{at}.path", service["path"], said) for said in _path_problems(service.get("path") or "/")
    ]


def _path_problems(path: str) -> list[str]:
    if path in ("/", "//"):
        return [] if path == "/" else ["segment[0] may not be empty"]
    found = [] if path.startswith("/") else ["must start with a '/'"]
    for index, segment in enumerate(path[1:].removesuffix("/").split("/")):
        wrong = [f": {said}" for said in dns_subdomain(segment)] if segment else [" may not be empty"]
        found += [f"segment[{index}]{said}" for said in wrong]
    return found
