"""Stories that a shell session tells: files, commands, and what they answer. See transcripts/README.md for the form."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

ALNUM = "[bcdfghjklmnpqrstvwxz2456789]"
PLACEHOLDERS = {
    "<age>": r"(?:\d+[smhdy])+",
    "<pod-ip>": r"10\.244\.\d+\.\d+",
    "<svc-ip>": r"10\.96\.\d+\.\d+",
    "<host-ip>": r"192\.168\.0\.\d+",
    "<rand>": ALNUM + "{5}",
    "<hash>": ALNUM + "{8,10}",
    "<time>": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ|\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}",
    "<uid>": r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "<node>": r"node-\d",
    "<any>": r".*",
}
CHANGES = re.compile(
    r"\b(?:minictl|kubectl) (?:-n \S+ |--\S+=\S+ )*"
    r"(?:annotate|apply|autoscale|create|delete|edit|expose|label|patch|replace|run|scale|set"
    r"|rollout (?:restart|undo|pause|resume))\b"
)


@dataclass
class Step:
    command: str
    out: list[str] = field(default_factory=list)
    err: list[str] = field(default_factory=list)
    status: int = 0


def parse(path: Path) -> tuple[dict[str, str], list[Step]]:
    """The files of a story, and its steps."""
    files: dict[str, str] = {}
    steps: list[Step] = []
    name = None
    for line in path.read_text().splitlines():
        if name is not None:
            if line == "===":
                name = None
            else:
                files[name] = files.get(name, "") + line + "\n"
        elif line.startswith("=== "):
            name = line[4:]
        elif line.startswith("$ "):
            steps.append(Step(line[2:]))
        elif line[:1] in (">", "!", "?"):
            kind, text = line[0], line[2:]
            if kind == "?":
                steps[-1].status = int(text)
            else:
                (steps[-1].out if kind == ">" else steps[-1].err).append(text)
        else:
            assert not line or line.startswith("#"), f"{path.name}: what is {line!r}?"
    return files, steps


def changes(command: str) -> bool:
    """Does a command change something? Those that only look may be asked again."""
    return CHANGES.search(command) is not None


def squeeze(text: str) -> list[str]:
    """The lines of a text, with runs of spaces as two and no empty lines at its end."""
    lines = [line.rstrip() for line in text.splitlines()]
    while lines and not lines[-1]:
        lines.pop()
    return [_indent(line) + re.sub(r"\s{2,}", "  ", line.lstrip()) for line in lines]


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def pattern(line: str) -> re.Pattern[str]:
    """A line with placeholders as a regular expression."""
    parts = re.split("(<[a-z-]+>)", line)
    return re.compile("".join(f"(?:{PLACEHOLDERS[p]})" if p in PLACEHOLDERS else re.escape(p) for p in parts))


def agrees(want: list[str], got: list[str]) -> bool:
    """Do the lines fit, one by one?"""
    return len(want) == len(got) and all(pattern(w).fullmatch(g) for w, g in zip(want, got, strict=True))
