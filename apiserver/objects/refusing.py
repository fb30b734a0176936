"""What is said of bodies that cannot be read, and of what is odd about those that can."""

from __future__ import annotations

from collections.abc import Iterable

from apiserver.errors import BadRequest
from apiserver.quoting import quoted

SHOWN_OF_BODY = 30
"""Bytes of an unreadable body that its error shows."""

YAML_PROBLEMS = "yaml: unmarshal errors:"
"""How what is wrong with YAML begins; a line for each thing follows."""

TYPE_META = 'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'


def warnings_of(problem: str) -> list[str]:
    """A problem as warnings: each of YAML's is one of its own."""
    _, yaml, lines = problem.partition(YAML_PROBLEMS + "\n")
    return [line.strip() for line in lines.split("\n")] if yaml else [problem]


def strict_problem(problems: Iterable[str]) -> str:
    return "strict decoding error: " + ", ".join(problems)


def sentence(given_kind: str, given_version: str, kind: str, problem: str) -> str:
    version = quoted(given_version.rpartition("/")[2])
    return f"{given_kind} in version {version} cannot be handled as a {kind}: {problem}"


def unrecognized(kind: str, problem: str, body: bytes) -> BadRequest:
    """What is said of a body of which not even the kind can be found out."""
    return BadRequest(f"the object provided is unrecognized (must be of type {kind}): {problem} ({_summary(body)})")


def _summary(body: bytes) -> str:
    """The beginning of a body, in hexadecimal where it is not an object."""
    if not body:
        return "<empty>"
    start, more = body[:SHOWN_OF_BODY], " ..." if len(body) > SHOWN_OF_BODY else ""
    return (start.decode("utf-8", "replace") if body.startswith(b"{") else start.hex()) + more
