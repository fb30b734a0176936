"""Secret: named bytes, base64 on the wire. A type says which keys must be there."""

from __future__ import annotations

import base64
from collections.abc import Callable

from apiserver.kind import AGE, NAME, Column, Kind, Object
from apiserver.objects import gojson
from apiserver.objects.validation import IMMUTABLE, Causes, invalid, required, too_long
from apiserver.objects.validation.bags import MAX_BYTES, base64_length, validate_frozen
from apiserver.objects.validation.names import config_key, problems

OPAQUE = "Opaque"
SERVICE_ACCOUNT = "kubernetes.io/service-account.name"
"""The annotation that says whose token a service-account-token Secret is for."""

Data = dict[str, str]


def type_of(secret: Object) -> str:
    return str(secret.get("type") or OPAQUE)


def data_of(secret: Object) -> Data:
    return secret.get("data") or {}


def prepare(new: Object, old: Object | None) -> None:
    """stringData is a way to write data, never stored itself."""
    texts = new.pop("stringData", None)
    if texts:
        new["data"] = {**data_of(new), **{key: base64.b64encode(t.encode()).decode() for key, t in texts.items()}}


def validate(secret: Object) -> Causes:
    data = data_of(secret)
    causes: Causes = []
    for key in sorted(data):
        causes += problems(f"data[{key}]", key, config_key(key))
    if sum(map(base64_length, data.values())) > MAX_BYTES:
        causes.append(too_long("data", MAX_BYTES))
    check = CHECKS.get(type_of(secret))
    return causes + (check(secret) if check else [])


def _names_service_account(secret: Object) -> Causes:
    if (secret["metadata"].get("annotations") or {}).get(SERVICE_ACCOUNT):
        return []
    return [required(f"metadata.annotations[{SERVICE_ACCOUNT}]")]


def _holds(*keys: str) -> Callable[[Object], Causes]:
    """Every one of `keys`, empty or not."""
    return lambda secret: [required(f"data[{key}]") for key in keys if key not in data_of(secret)]


def _holds_some(*keys: str) -> Callable[[Object], Causes]:
    """At least one of `keys`."""
    return lambda secret: [] if data_of(secret).keys() & set(keys) else [required(f"data[{key}]") for key in keys]


def _holds_value(key: str) -> Callable[[Object], Causes]:
    return lambda secret: [] if data_of(secret).get(key) else [required(f"data[{key}]")]


def _holds_json_object(key: str) -> Callable[[Object], Causes]:
    """`key`, with a JSON object in it. The answer never shows what is there instead."""

    def check(secret: Object) -> Causes:
        field, encoded = f"data[{key}]", data_of(secret).get(key)
        if encoded is None:
            return [required(field)]
        try:
            value = gojson.parse(base64.b64decode(encoded))
        except gojson.SyntaxProblem as problem:
            return [invalid(field, "<secret contents redacted>", str(problem))]
        if value is None or isinstance(value, gojson.Members):
            return []
        text = f"json: cannot unmarshal {_go_type(value)} into Go value of type map[string]interface {{}}"
        return [invalid(field, "<secret contents redacted>", text)]

    return check


def _go_type(value: object) -> str:
    if isinstance(value, gojson.Number):
        return "number"
    return {bool: "bool", list: "array"}.get(type(value), "string")


CHECKS: dict[str, Callable[[Object], Causes]] = {
    "kubernetes.io/service-account-token": _names_service_account,
    "kubernetes.io/dockercfg": _holds_json_object(".dockercfg"),
    "kubernetes.io/dockerconfigjson": _holds_json_object(".dockerconfigjson"),
    "kubernetes.io/basic-auth": _holds_some("username", "password"),
    "kubernetes.io/ssh-auth": _holds_value("ssh-privatekey"),
    "kubernetes.io/tls": _holds("tls.crt", "tls.key"),
}


def validate_update(new: Object, old: Object) -> Causes:
    causes: Causes = []
    if type_of(new) != type_of(old):
        causes.append(invalid("type", type_of(new), IMMUTABLE))
    return causes + validate_frozen(new, old, ("data",))


kind = Kind(
    "v1",
    "Secret",
    "secrets",
    columns=(NAME, Column("Type", type_of), Column("Data", lambda secret: len(data_of(secret))), AGE),
    selectable={"type": type_of},
    prepare=prepare,
    validate=validate,
    tells_changes_first=True,
    validate_update=validate_update,
)
