"""Every way a request can be refused, as data; each turns into the Status object that Kubernetes sends.

    APIError                   code  reason
    +- BadRequest              400   BadRequest
    +- Unauthorized            401   Unauthorized
    +- Forbidden               403   Forbidden
    +- NotFound                404   NotFound
    +- MethodNotAllowed        405   MethodNotAllowed
    +- NotAcceptable           406   NotAcceptable
    +- AlreadyExists           409   AlreadyExists
    +- Conflict                409   Conflict
    +- Expired                 410   Expired
    +- TooLarge                413   RequestEntityTooLarge
    +- UnsupportedMediaType    415   UnsupportedMediaType
    +- Invalid                 422   Invalid
    +- Unprocessable           422   Invalid
    +- TooManyRequests         429   TooManyRequests
    +- InternalError           500   InternalError
    +- Timeout                 504   Timeout

The words are interface: clients match on them (source: the Status conventions of the Kubernetes API).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from apiserver.quoting import quoted


@dataclass(frozen=True)
class Cause:
    """One thing wrong with one field: `field` is a path like `spec.ports[0].port`, `message` the full sentence after
    the path (`Invalid value: 0: must be between 1 and 65535, inclusive`), `reason` a FieldValue... word. `shown_at` is
    where the value in the message stands, if not at `field`."""

    field: str
    reason: str
    message: str
    shown_at: str = ""

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


@dataclass(frozen=True)
class Resource:
    """What an error is about: the plural (`pods`) and the group ("" for core)."""

    plural: str
    group: str = ""

    def __str__(self) -> str:
        return f"{self.plural}.{self.group}" if self.group else self.plural


class APIError(Exception):
    """A refusal with a status code. `details` is the Status' details object, or None to leave it out."""

    code = 500
    reason = "InternalError"

    def __init__(self, message: str, details: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.details = details

    def status(self) -> dict[str, Any]:
        """The Status object, ready to encode."""
        status: dict[str, Any] = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
        status["message"] = self.message
        if self.reason:
            status["reason"] = self.reason
        if self.details is not None:
            status["details"] = self.details
        status["code"] = self.code
        return status


class BadRequest(APIError):
    code, reason = 400, "BadRequest"


class Unauthorized(APIError):
    code, reason = 401, "Unauthorized"

    def __init__(self, message: str = "Unauthorized") -> None:
        super().__init__(message)


class Forbidden(APIError):
    """Refused by admission or authorization: `pods "web" is forbidden: because`."""

    code, reason = 403, "Forbidden"

    def __init__(self, resource: Resource, name: str, because: str) -> None:
        what = f"{resource} {quoted(name)} is " if name else f"{resource} is " if resource.plural else ""
        super().__init__(f"{what}forbidden: {because}", _details(resource, name))


class NotFound(APIError):
    code, reason = 404, "NotFound"

    def __init__(self, resource: Resource, name: str) -> None:
        super().__init__(f"{resource} {quoted(name)} not found", _details(resource, name))


class UnknownPath(APIError):
    """A well-formed path under a known prefix that leads nowhere."""

    code, reason = 404, "NotFound"

    def __init__(self) -> None:
        super().__init__("the server could not find the requested resource", {})


class MethodNotAllowed(APIError):
    code, reason = 405, "MethodNotAllowed"

    def __init__(self, message: str = "the server does not allow this method on the requested resource") -> None:
        super().__init__(message, {})


class NotAcceptable(APIError):
    code, reason = 406, "NotAcceptable"


class AlreadyExists(APIError):
    code, reason = 409, "AlreadyExists"

    def __init__(self, resource: Resource, name: str, prefix: str = "") -> None:
        super().__init__(f"{prefix}{resource} {quoted(name)} already exists", _details(resource, name))


class Conflict(APIError):
    """`Operation cannot be fulfilled on pods "web": because`; `causes` only for server-side apply conflicts."""

    code, reason = 409, "Conflict"

    MODIFIED = "the object has been modified; please apply your changes to the latest version and try again"

    def __init__(self, resource: Resource, name: str, because: str = MODIFIED) -> None:
        super().__init__(
            f"Operation cannot be fulfilled on {resource} {quoted(name)}: {because}", _details(resource, name)
        )


class ApplyConflict(APIError):
    """Server-side apply met fields of other managers; one cause a field (reason FieldManagerConflict)."""

    code, reason = 409, "Conflict"

    def __init__(self, message: str, causes: Iterable[Cause]) -> None:
        super().__init__(message, {"causes": [_cause(c) for c in causes]})


class Expired(APIError):
    """`continue_` is a token with which an interrupted list can go on, inconsistently."""

    code, reason = 410, "Expired"
    continue_ = ""

    def status(self) -> dict[str, Any]:
        return super().status() | {"metadata": {"continue": self.continue_} if self.continue_ else {}}


class TooLarge(APIError):
    code, reason = 413, "RequestEntityTooLarge"


class UnsupportedMediaType(APIError):
    code, reason = 415, "UnsupportedMediaType"


class Invalid(APIError):
    """The object was understood and refused. `kind` is the qualified kind: `Pod`, `Deployment.apps`."""

    code, reason = 422, "Invalid"

    def __init__(self, kind: str, name: str, causes: Sequence[Cause]) -> None:
        sentences = list(dict.fromkeys(map(str, causes)))  # the same thing twice is said once, and twice in the details
        text = sentences[0] if len(sentences) == 1 else "[" + ", ".join(sentences) + "]"
        short, _, group = kind.partition(".")
        details: dict[str, Any] = {"name": name, "group": group, "kind": short}
        details = {k: v for k, v in details.items() if v}
        details["causes"] = [_cause(c) for c in causes]
        super().__init__(f"{kind} {quoted(name)} is invalid: {text}", details)
        self.causes = tuple(causes)
        self._about = (kind, name)

    def with_causes(self, causes: Sequence[Cause]) -> Invalid:
        """The same object refused for these."""
        return Invalid(*self._about, causes)


class Unprocessable(APIError):
    """A patch that does not fit its object; Kubernetes does not say why."""

    code, reason = 422, "Invalid"

    def __init__(self) -> None:
        super().__init__("the server rejected our request due to an error in our request", {})


class TooManyRequests(APIError):
    code, reason = 429, "TooManyRequests"


class InternalError(APIError):
    code, reason = 500, "InternalError"

    def __init__(self, message: str) -> None:
        super().__init__(f"Internal error occurred: {message}", {"causes": [{"message": message}]})


class Unexplained(APIError):
    """A 500 that carries only a message: Kubernetes gives no reason for some bad inputs."""

    code, reason = 500, ""


class Timeout(APIError):
    code, reason = 504, "Timeout"


def _details(resource: Resource, name: str) -> dict[str, Any]:
    details = {"name": name, "group": resource.group, "kind": resource.plural}
    return {k: v for k, v in details.items() if v}


def _cause(cause: Cause) -> dict[str, str]:
    return {k: v for k, v in (("reason", cause.reason), ("message", cause.message), ("field", cause.field)) if v}
