"""The command line as a Typer application: what prints help.

It is built from the declarations of flags.py, the same that real calls are read with; a group's commands are listed by
their one-line help without importing them, so `minictl --help` stays quick. Typer draws panels on a terminal and plain
text elsewhere.
"""

from __future__ import annotations

import inspect
import sys
from typing import Annotated, Any

import typer

from minictl.grammar.flags import Command, Flag

PANELS = (
    # a panel's title, and its first command in the table of commands
    ("Reading", "get"),
    ("Writing", "apply"),
    ("The client itself", "config"),
    ("The local cluster", "up"),
)
TYPES: dict[str, Any] = {
    "bool": bool,
    "int": int,
    "strings": list[str],
    "array": list[str],
    "seconds": str,
    "string": str,
}
FOOTER = "Flags that every command takes: minictl options"


def show_help(command: Command) -> None:
    """Prints the help of a command or a group on stdout."""
    app = build(command)
    typer.main.get_command(app).main(["--help"], prog_name=f"minictl {command.path}".rstrip(), standalone_mode=False)


def build(command: Command) -> typer.Typer:
    """A Typer application of one command or one group.

    The functions behind it do nothing: calls are run by cli.py, whose grammar is kubectl's.
    """
    plain = not sys.stdout.isatty()
    app = typer.Typer(
        add_completion=False,
        help=_text(command),
        rich_markup_mode=None if plain else "rich",
        context_settings={"max_content_width": 100},
        subcommand_metavar="COMMAND" if command.children else None,
        epilog=FOOTER,
    )
    if not command.children:
        app.command(epilog=FOOTER, help=_text(command))(_function(command))
        return app
    app.callback(invoke_without_command=True)(_function(command))
    panel = ""
    seen: set[tuple[str, str]] = set()
    for name, (module, summary) in command.children.items():
        panel = {first: title for title, first in PANELS}.get(name, panel) if not command.path else "Commands"
        if name.startswith("_") or (module, summary) in seen:
            continue  # an alias
        seen.add((module, summary))
        app.command(name, help=summary, rich_help_panel=panel)(_nothing)
    return app


def _text(command: Command) -> str:
    parts = [command.summary, command.details, f"Usage: minictl {command.usage}"]
    return "\n\n".join(part for part in parts if part)


def _nothing() -> None:
    """A command that is only listed."""


def _function(command: Command) -> Any:
    """A function whose signature says what the flags are."""
    names: dict[str, Flag] = {flag.name.replace("-", "_"): flag for flag in command.flags if not flag.hidden}
    parameters, annotations = [], {}
    for name, flag in names.items():
        annotations[f"{name}_"] = annotation = Annotated[TYPES[flag.type], _option(flag)]
        kind = inspect.Parameter.KEYWORD_ONLY
        default = list(flag.default) if flag.type in ("strings", "array") else flag.default
        default = str(default) if flag.type == "seconds" else default
        parameters.append(inspect.Parameter(f"{name}_", kind, default=default, annotation=annotation))

    def function(**values: Any) -> None:
        """Typer asks for a function; nothing calls it."""

    function.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    function.__annotations__ = annotations
    return function


def _option(flag: Flag) -> Any:
    words = [f"--{flag.name}", *([f"-{flag.short}"] if flag.short else [])]
    shown = bool(flag.default) and flag.type != "bool"
    return typer.Option(*words, help=flag.help or None, show_default=shown, metavar=flag.metavar or None)
