"""Every way a command can fail, and the sentence each becomes on stderr.

    CommandError            exit  printed as
    +- PlainError           1     the message as it is
    +- UsageError           1     error: MESSAGE / See 'kubectl COMMAND -h' for help and examples
    +- FlagError            1     error: MESSAGE / See 'kubectl COMMAND --help' for usage.
    +- ConfigurationError   1     Error in configuration: MESSAGE
    +- NoSuchType           1     error: the server doesn't have a resource type "x"
    +- ServerError          1     Error from server (REASON): MESSAGE, or The KIND "NAME" is invalid: ...
    +- Unreachable          1     The connection to the server HOST was refused - ..., or Unable to connect: ...
    +- Failures             1     each of several errors on a line of its own
    +- Silent               any   nothing: everything has been said

The sentences are interface: scripts look for them (source: kubectl's own error helper, observed). The program calls
itself `kubectl` in them, as the commands it imitates do.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

PROGRAM = "kubectl"
"""How the command line calls itself in its sentences."""
VERSION = "v1.36.0"
"""The version of kubectl whose behaviour this is."""


class CommandError(Exception):
    """Ends a command: `error: MESSAGE` on stderr, exit status 1 unless said otherwise."""

    def __init__(self, message: str = "", exit_code: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.exit_code = exit_code
        self.printed = ""
        """What had been written for stdout before it failed."""
        self.hint = ""
        """A line of advice for people at a terminal."""

    def in_a_list(self) -> str:
        """The sentence when it is one of several."""
        return self.message

    def sentence(self) -> str:
        """The whole text for stderr; its last newline may be missing."""
        return self.message if self.message.startswith("error: ") else f"error: {self.message}"


def cannot_open(path: str, error: OSError) -> CommandError:
    """What is said of a file that cannot be read or written: the system's reason, as Go words it."""
    return CommandError(f"open {path}: {(error.strerror or '').lower()}")


class PlainError(CommandError):
    """Printed without the `error: ` in front."""

    def sentence(self) -> str:
        return self.message


class Silent(CommandError):
    """Everything has been said; only the exit status is left."""

    def __init__(self, exit_code: int = 1) -> None:
        super().__init__("", exit_code)

    def sentence(self) -> str:
        return ""


class UsageError(CommandError):
    """Arguments that a command cannot work with; `command` is its path after the program's name (`get`, `config
    view`)."""

    def __init__(self, message: str, command: str) -> None:
        super().__init__(message)
        self.command = command

    def sentence(self) -> str:
        return f"error: {self.message}\nSee '{PROGRAM} {self.command} -h' for help and examples"


class FlagError(CommandError):
    """A flag the command does not have, or a value that is not for it."""

    def __init__(self, message: str, command: str = "") -> None:
        super().__init__(message)
        self.command = command

    def sentence(self) -> str:
        path = f"{PROGRAM} {self.command}".rstrip()
        return f"error: {self.message}\nSee '{path} --help' for usage."


class ConfigurationError(CommandError):
    """A kubeconfig that names what it does not hold."""

    def sentence(self) -> str:
        return f"Error in configuration: {self.message}"


class NoSuchType(CommandError):
    """A resource type that the server does not serve."""

    def __init__(self, name: str, group: str = "", version: str = "") -> None:
        where = {
            (False, False): "",
            (True, False): f' in group "{group}"',
            (False, True): f' in version "{version}"',
            (True, True): f' in group "{group}" and version "{version}"',
        }[bool(group), bool(version)]
        super().__init__(f'the server doesn\'t have a resource type "{name}"{where}')
        self.name = name


class ServerError(CommandError):
    """A Status that the server answered with; `status` is that object, `code` its HTTP code."""

    def __init__(self, status: dict[str, Any]) -> None:
        super().__init__(str(status.get("message", "")))
        self.status = status
        self.code = int(status.get("code", 500))
        self.reason = str(status.get("reason", ""))
        self.details: dict[str, Any] = status.get("details") or {}

    def within(self, context: str) -> ServerError:
        """The same refusal with where it happened in front: `error when creating "x.yaml": ...`."""
        return ServerError({**self.status, "message": f"{context}: {self.message}"})

    def in_a_list(self) -> str:
        if self.reason == "Unauthorized":
            return f"error: You must be logged in to the server ({self.message})"
        if self.reason:
            return f"Error from server ({self.reason}): {self.message}"
        return f"Error from server: {self.message}"

    def sentence(self) -> str:
        if self.reason == "Invalid":
            return self._invalid()
        return self.in_a_list()

    def _invalid(self) -> str:
        kind, name = self.details.get("kind", ""), self.details.get("name", "")
        head = f'The {kind} "{name}" is invalid' if kind or name else "The request is invalid"
        causes = self.details.get("causes") or []
        lines = list(dict.fromkeys(f"{c.get('field', '')}: {c.get('message', '')}" for c in causes))
        if not lines:
            return head if kind or name else f"{head}: {self.message}"
        if len(lines) == 1:
            return f"{head}: {lines[0]}\n"
        return "\n".join([f"{head}: ", *(f"* {line}" for line in lines)])


class Unreachable(CommandError):
    """No conversation with the server; `host` is host:port, `detail` the reason of the network layer."""

    def __init__(self, host: str, detail: str, request: str = "") -> None:
        super().__init__(f"{request}: {detail}" if request else detail)
        self.host = host
        self.detail = detail

    def in_a_list(self) -> str:
        return self.sentence()

    def sentence(self) -> str:
        if "connection refused" in self.detail:
            return f"The connection to the server {self.host} was refused - did you specify the right host or port?"
        return f"Unable to connect to the server: {self.detail}"


class Failures(CommandError):
    """Several errors of one command; one alone reads as if it had been raised itself."""

    def __init__(self, errors: Sequence[CommandError]) -> None:
        super().__init__("\n".join(e.message for e in errors), max((e.exit_code for e in errors), default=1))
        self.errors = list(errors)

    def in_a_list(self) -> str:
        return "\n".join(error.in_a_list() for error in self.errors)

    def sentence(self) -> str:
        return self.errors[0].sentence() if len(self.errors) == 1 else f"{self.in_a_list()}\n"


def raise_all(errors: Sequence[CommandError]) -> None:
    """Raises what has been collected, if anything has.

    Raises:
        CommandError: the only error, or Failures holding all of them.
    """
    if errors:
        raise errors[0] if len(errors) == 1 else Failures(errors)


def go_quote(text: str) -> str:
    """`text` between double quotes, as Go's %q prints it."""
    out = []
    for char in text:
        if char in _QUOTED:
            out.append(_QUOTED[char])
        elif char.isprintable():
            out.append(char)
        elif ord(char) < 0x80:
            out.append(f"\\x{ord(char):02x}")
        else:
            out.append(f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\U{ord(char):08x}")
    return f'"{"".join(out)}"'


_QUOTED = {
    '"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r",
    "\a": "\\a", "\b": "\\b", "\f": "\\f", "\v": "\\v",
}  # fmt: skip
