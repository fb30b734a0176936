"""Validation of Ingresses and IngressClasses: hosts, paths, and where requests go."""

from __future__ import annotations

from apiserver.objects.validation import (
    IMMUTABLE,
    Causes,
    Object,
    forbidden,
    invalid,
    not_supported,
    required,
    too_long,
)
from apiserver.objects.validation.addresses import parse_ip, valid_ip
from apiserver.objects.validation.names import (
    byte_length,
    dns_label,
    dns_subdomain,
    http_path,
    path_segment,
    port_name,
    port_number,
    problems,
    wildcard_subdomain,
)

CLASS_ANNOTATION = "kubernetes.io/ingress.class"
PATH_TYPES = ("Exact", "ImplementationSpecific", "Prefix")
FORBIDDEN_SEQUENCES = ("//", "/./", "/../", "%2f", "%2F")
FORBIDDEN_SUFFIXES = ("/..", "/.")
NO_IP = "must be a DNS name, not an IP address"
CONTROLLER_MAX_BYTES = 250
SCOPES = ("Cluster", "Namespace")


def validate_ingress(ingress: Object) -> Causes:
    spec = ingress["spec"]
    causes: Causes = []
    rules, default = spec.get("rules") or [], spec.get("defaultBackend")
    if not rules and default is None:
        text = "either `defaultBackend` or `rules` must be specified"
        causes.append(invalid("spec", None, text, shown_at="spec.rules"))
    if default is not None:
        causes += _validate_backend("spec.defaultBackend", default)
    for index, rule in enumerate(rules):
        causes += _validate_rule(f"spec.rules[{index}]", rule)
    for index, entry in enumerate(spec.get("tls") or ()):
        causes += _validate_tls(f"spec.tls[{index}]", entry)
    if (name := spec.get("ingressClassName")) is not None:
        causes += problems("spec.ingressClassName", name, dns_subdomain(name))
    return causes


def validate_class_annotation(ingress: Object) -> Causes:
    """The class may be named twice on creation, but not differently."""
    annotation = (ingress["metadata"].get("annotations") or {}).get(CLASS_ANNOTATION)
    name = ingress["spec"].get("ingressClassName")
    if annotation is None or name is None or annotation == name:
        return []
    text = "must match `ingressClassName` when both are specified"
    return [invalid(f"annotations.{CLASS_ANNOTATION}", annotation, text)]


def _validate_rule(at: str, rule: Object) -> Causes:
    host, http = rule.get("host", ""), rule.get("http")
    causes: Causes = []
    if host and parse_ip(host) is not None:
        causes.append(invalid(f"{at}.host", host, NO_IP))
    if host:
        causes += _validate_host(f"{at}.host", host)
    if http is None:
        return causes
    paths = http.get("paths") or []
    if not paths:
        causes.append(required(f"{at}.http.paths"))
    for index, path in enumerate(paths):
        causes += _validate_path(f"{at}.http.paths[{index}]", path)
    return causes


def _validate_host(at: str, host: str) -> Causes:
    return problems(at, host, wildcard_subdomain(host) if "*" in host else dns_subdomain(host))


def _validate_path(at: str, entry: Object) -> Causes:
    kind, path = entry.get("pathType"), entry.get("path", "")
    if kind is None:
        return [required(f"{at}.pathType", "pathType must be specified")]
    causes: Causes = []
    if kind not in PATH_TYPES:
        causes.append(not_supported(f"{at}.pathType", kind, PATH_TYPES))
    elif not path.startswith("/") and (path or kind != "ImplementationSpecific"):
        causes.append(invalid(f"{at}.path", path, "must be an absolute path"))
    if kind in ("Exact", "Prefix"):
        causes += [invalid(f"{at}.path", path, f"must not contain '{s}'") for s in FORBIDDEN_SEQUENCES if s in path]
        ends = [suffix for suffix in FORBIDDEN_SUFFIXES if path.endswith(suffix)]
        causes += [invalid(f"{at}.path", path, f"cannot end with '{suffix}'") for suffix in ends]
    return causes + _validate_backend(f"{at}.backend", entry.get("backend") or {})


def _validate_backend(at: str, backend: Object) -> Causes:
    resource, service = backend.get("resource"), backend.get("service")
    if resource is not None and service is not None:
        return [invalid(at, "", "cannot set both resource and service backends")]
    if resource is not None:
        return _validate_reference(f"{at}.resource", resource)
    if service is None:
        return [invalid(at, "", "resource or service backend is required")]
    name = service.get("name", "")
    causes = [required(f"{at}.service.name")] if not name else problems(f"{at}.service.name", name, dns_label(name))
    return causes + _validate_port(at, service.get("port") or {})


def _validate_port(at: str, port: Object) -> Causes:
    name, number = port.get("name", ""), port.get("number", 0)
    if name and number:
        return [invalid(at, "", "cannot set both port name & port number")]
    if name:
        return problems(f"{at}.service.port.name", name, port_name(name))
    if number:
        return problems(f"{at}.service.port.number", number, port_number(number))
    return [required(at, "port name or number is required")]


def _validate_reference(at: str, reference: Object) -> Causes:
    """An object by group, kind and name."""
    causes: Causes = []
    if (group := reference.get("apiGroup")) is not None:
        causes += problems(f"{at}.apiGroup", group, dns_subdomain(group))
    for field in ("kind", "name"):
        value = reference.get(field, "")
        causes += problems(f"{at}.{field}", value, path_segment(value)) if value else [required(f"{at}.{field}")]
    return causes


def _validate_tls(at: str, entry: Object) -> Causes:
    causes: Causes = []
    for index, host in enumerate(entry.get("hosts") or ()):
        causes += _validate_host(f"{at}.hosts[{index}]", host)
    secret = entry.get("secretName", "")
    return causes + (problems(f"{at}.secretName", secret, dns_subdomain(secret)) if secret else [])


def validate_ingress_status(new: Object, old: Object) -> Causes:
    before = {point.get("ip", "") for point in _points(old)}
    causes: Causes = []
    for index, point in enumerate(_points(new)):
        at, host = f"status.loadBalancer.ingress[{index}]", point.get("hostname", "")
        if point.get("ip"):
            causes += valid_ip(f"{at}.ip", point["ip"], before)
        if host:
            causes += problems(f"{at}.hostname", host, dns_subdomain(host))
        if host and parse_ip(host) is not None:
            causes.append(invalid(f"{at}.hostname", host, NO_IP))
    return causes


def _points(ingress: Object) -> list[Object]:
    """Where an Ingress can be reached, as its status says."""
    return ((ingress.get("status") or {}).get("loadBalancer") or {}).get("ingress") or []


def validate_ingress_class(ingress_class: Object) -> Causes:
    spec = ingress_class.get("spec") or {}
    causes = _validate_controller("spec.controller", spec.get("controller", ""))
    parameters = spec.get("parameters")
    return causes if parameters is None else causes + _validate_parameters("spec.parameters", parameters)


def _validate_controller(at: str, controller: str) -> Causes:
    if not controller:
        return [required(at)]
    causes = [too_long(at, CONTROLLER_MAX_BYTES)] if byte_length(controller) > CONTROLLER_MAX_BYTES else []
    domain, slash, path = controller.partition("/")
    if not slash or not domain or not path:
        text = 'must be a domain-prefixed path (such as "acme.io/foo")'
        return [*causes, invalid(at, controller, text)]
    causes += problems(at, domain, dns_subdomain(domain))
    return causes + problems(at, path, http_path(path))


def _validate_parameters(at: str, parameters: Object) -> Causes:
    causes = _validate_reference(at, parameters)
    scope, namespace = parameters.get("scope"), parameters.get("namespace")
    if scope is None:
        return [*causes, required(f"{at}.scope")]
    if scope not in SCOPES:
        return [*causes, not_supported(f"{at}.scope", scope, SCOPES)]
    if namespace is None:
        text = "`parameters.scope` is set to 'Namespace'"
        return [*causes, required(f"{at}.namespace", text)] if scope == "Namespace" else causes
    if scope == "Namespace":
        causes += problems(f"{at}.namespace", namespace, dns_label(namespace))
    else:
        causes.append(forbidden(f"{at}.namespace", "`parameters.scope` is set to 'Cluster'"))
    return causes


def validate_ingress_class_update(new: Object, old: Object) -> Causes:
    controller = (new.get("spec") or {}).get("controller", "")
    if controller == (old.get("spec") or {}).get("controller", ""):
        return []
    return [invalid("spec.controller", controller, IMMUTABLE)]
