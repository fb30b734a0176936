"""From words to a command: the table of commands, the global flags, and who prints which error.

Adding a command: a module in minictl/commands/ that holds `command = Command(...)` (see flags.py and the guide at the
head of session.py), and one line in COMMANDS. Only the module of the command that is called gets imported; Typer,
which prints help and completion from the same declarations, only when one of these is asked for (see typer_app.py).

A group (`config`, `rollout`) is a Command without `run` whose `children` is a table of the same form. A command with
both (`create`) runs itself when the next word is none of its children. Aliases are further lines with the same module.
"""

from __future__ import annotations

import os
import sys

from minictl.errors import PROGRAM, CommandError, FlagError, PlainError
from minictl.grammar import flags as grammar
from minictl.grammar.flags import Command, Flag
from minictl.grammar.options import GLOBAL_FLAGS
from minictl.texts.near import hint, near

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from minictl.grammar.flags import Parsed

_C = "minictl.commands."
COMMANDS: dict[str, tuple[str, str]] = {
    # reading
    "get": (_C + "get", "Show one or many objects"),
    "describe": (_C + "describe", "Show everything about one or several objects"),
    "events": (_C + "events", "List events"),
    "logs": (_C + "logs", "Print what a container has printed"),
    "top": (_C + "top", "Show what Pods and nodes use"),
    "explain": (_C + "explain", "Explain the fields of a resource type"),
    "wait": (_C + "wait", "Wait for a condition of one or many objects"),
    "api-resources": (_C + "api_resources", "List the resource types the server serves"),
    "api-versions": (_C + "api_versions", "List the API versions the server serves"),
    "cluster-info": (_C + "cluster_info", "Say where the control plane is"),
    "version": (_C + "version", "Print the versions of client and server"),
    "auth": (_C + "auth", "Ask who you are and what you may do"),
    "diff": (_C + "diff", "Compare what is there with what would be applied"),
    "why": (_C + "why", "Say why endpoints are empty, or a Pod is not ready"),
    "tree": (_C + "tree", "Draw who owns what"),
    "route": (_C + "route", "Say how a request would travel"),
    # writing
    "apply": (_C + "apply", "Make the cluster match the manifests"),
    "create": (_C + "create", "Create objects from a file or from flags"),
    "run": (_C + "run", "Run an image in a Pod"),
    "expose": (_C + "expose", "Put a Service before Pods"),
    "delete": (_C + "delete", "Delete objects by file, name or label"),
    "label": (_C + "label", "Change labels"),
    "annotate": (_C + "label", "Change annotations"),
    "patch": (_C + "patch", "Change fields of an object"),
    "edit": (_C + "edit", "Change an object in your editor"),
    "replace": (_C + "replace", "Replace objects by those of a file"),
    "scale": (_C + "scale", "Set how many replicas there are"),
    "rollout": (_C + "rollout", "Follow and steer rollouts"),
    "set": (_C + "set", "Change one thing of existing objects"),
    "autoscale": (_C + "autoscale", "Create a HorizontalPodAutoscaler"),
    "taint": (_C + "taint", "Change the taints of nodes"),
    "cordon": (_C + "cordon", "Mark a node unschedulable"),
    "uncordon": (_C + "cordon", "Mark a node schedulable"),
    "drain": (_C + "drain", "Move the Pods off a node"),
    "kustomize": (_C + "kustomize", "Print what a kustomization makes"),
    # to the server, and to containers
    "proxy": (_C + "proxy", "Serve the API on this machine, without credentials"),
    "attach": (_C + "streaming", "Attach to a container (refused: nothing runs in it)"),
    "cp": (_C + "streaming", "Copy files from and to containers (refused: nothing runs in them)"),
    "debug": (_C + "streaming", "Debug Pods and nodes with a container (refused: nothing runs in it)"),
    "exec": (_C + "streaming", "Run a command in a container (refused: nothing runs in it)"),
    "port-forward": (_C + "streaming", "Forward ports to a Pod (refused: nothing listens in it)"),
    # the client itself
    "config": (_C + "config", "Read and change kubeconfig files"),
    "completion": (_C + "completion", "Print a completion script for your shell"),
    "options": (_C + "options", "List the flags every command takes"),
    "plugin": (_C + "plugin", "List plugins"),
    "kuberc": (_C + "kuberc", "Read and change your own defaults and aliases"),
    # the local cluster
    "up": (_C + "up", "Start the local cluster"),
    "down": (_C + "down", "Stop the local cluster; its state is kept"),
    "status": (_C + "status", "Say how the local cluster is"),
    "simulate": (_C + "simulate", "Have Pods fail or recover, and nodes fall silent"),
    "clock": (_C + "clock", "Say what time it is in the local cluster, and move it"),
    "snapshot": (_C + "snapshot", "Keep the state of the local cluster, and go back to it"),
    "reset": (_C + "reset", "Stop the local cluster and forget its state"),
    "kubeconfig": (_C + "kubeconfig", "Print a kubeconfig for the local cluster, or merge it into yours"),
}


INTERRUPTED = 130
"""Exit status after Ctrl-C."""
NOT_HERE = frozenset(("alpha", "certificate")) - COMMANDS.keys()
"""Commands of kubectl that are refused by name."""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command line; gives its exit status."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        status = run(words)
        sys.stdout.flush()
    except CommandError as error:
        return _fail(error)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        return _die_of_a_broken_pipe()
    except Exception as error:  # a fault of ours: one line for people, the traceback for those who ask
        if os.environ.get("MINICTL_DEBUG"):
            raise
        return _fail(CommandError(f"{type(error).__name__}: {error} (a fault in minictl; MINICTL_DEBUG=1 shows where)"))
    return status


def _fail(error: CommandError) -> int:
    try:
        sys.stdout.write(error.printed)
        sys.stdout.flush()
        text = error.sentence()
        if text:
            sys.stderr.write(text if text.endswith("\n") else f"{text}\n")
        if error.hint and sys.stderr.isatty():
            sys.stderr.write(f"{error.hint}\n")
    except BrokenPipeError:
        return _die_of_a_broken_pipe()
    return error.exit_code


def _die_of_a_broken_pipe() -> int:
    """As every program in a pipeline does whose reader has left: silently, by SIGPIPE."""
    import signal

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGPIPE)
    return 141


def run(words: list[str]) -> int:
    """Finds the command, reads its flags, runs it.

    Raises:
        CommandError: any failure; its `sentence()` is for stderr.
    """
    if words[:1] == ["__complete"]:
        return _complete(words[1:])
    if _has_preferences(words):
        words = _preferred(words)
    command, rest = find(words)
    _become_a_plugin(command, words, rest)
    declared = (*GLOBAL_FLAGS, *command.flags)  # a command's own flag hides a global one of its name
    try:
        parsed = grammar.parse(rest, declared, command.path, command.passthrough, _tell)
    except grammar.HelpWanted:
        return _help(command)
    except FlagError as error:
        raise error if command.wrong_flags is None else command.wrong_flags(error.message) from None
    if command.path == "help":
        return _help(find(parsed.args)[0])
    if command.run is None:
        return _no_such_child(command, parsed)
    return _call(command, parsed)


def _has_preferences(words: Sequence[str]) -> bool:
    """Has the user a say in what words mean? (See preferences.py, which need not be imported otherwise.)"""
    if os.environ.get("KUBECTL_KUBERC", "").lower() == "false":
        return False
    if os.environ.get("KUBERC") or any(word.startswith("--kuberc") for word in words):
        return True
    return os.path.exists(os.path.join(os.path.expanduser("~"), ".kube", "kuberc"))


def _preferred(words: list[str]) -> list[str]:
    """The words as the user's aliases and defaults complete them."""
    from minictl import preferences

    mine = preferences.load(preferences.explicit_file(words), os.environ)
    position = first_word(words, GLOBAL_FLAGS)
    if mine is None or position < 0:
        return words
    alias = mine.aliases.get(words[position])
    if alias is not None and words[position] in COMMANDS:
        _tell(f'Warning: Setting alias "{alias.name}" to a built-in command is not supported')
        alias = None
    if alias is not None:
        command, rest = find(alias.command)
        if command is ROOT or rest:
            text = f'command "{" ".join(alias.command)}" not found to set alias "{alias.name}": []'
            raise PlainError(f"error occurred while applying preferences {text}")
        wrong = f"invalid alias flag {{}} in alias {PROGRAM}"
        extra = preferences.defaults(alias.options, _declared(command), words, wrong)
        before, after = words[:position], words[position + 1 :]
        return [*before, *alias.command, *extra, *alias.before, *after, *alias.after]
    command, _ = find(words)
    wrong = f"invalid flag {{}} for command {command.path}"
    return [*preferences.defaults(mine.defaults.get(command.path, {}), _declared(command), words, wrong), *words]


def _declared(command: Command) -> dict[str, Flag]:
    return {flag.name: flag for flag in (*GLOBAL_FLAGS, *command.flags)}


def _become_a_plugin(command: Command, words: Sequence[str], rest: Sequence[str]) -> None:
    """Where no command is called so, a program may be: kubectl-foo, and kubectl-create-foo below `create`."""
    if command is ROOT and first_word(rest, GLOBAL_FLAGS) >= 0:
        least = 1
    elif command.path == "create" and rest and not rest[0].startswith("-"):
        least = len(words) - len(rest) + 1
    else:
        return
    from minictl.steps import plugins

    plugins.run(words, least)


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def _call(command: Command, parsed: Parsed) -> int:
    from minictl.session import Session

    grammar.check_required(command, parsed.flags)
    session = Session(parsed.flags, path=command.path, args=parsed.args, commands=COMMANDS, dash=parsed.dash)
    assert command.run is not None
    try:
        status = command.run(session, parsed.flags, parsed.args)
    except CommandError as error:
        if sys.stderr.isatty():
            from minictl.steps import guessing

            guessing.advise(session, error)
        raise
    finally:
        session.close()
    if parsed.flags.on("warnings-as-errors") and session.warned and not status:
        raise CommandError(f"{session.warned} warning{'s' if session.warned > 1 else ''} received")
    return status or 0


def _complete(words: list[str]) -> int:
    """Prints what could stand where the last word does; says nothing when something is wrong."""
    from minictl.session import Session
    from minictl.steps import completing

    *before, word = words or [""]
    session = Session(completing.quiet_flags(before))
    try:
        command, rest = find(before)
        found = completing.candidates(session, command, rest, word)
    except CommandError:
        return 1
    for candidate in found:
        if candidate.startswith(word) or candidate == completing.FILES:
            session.say(candidate)
    return 0


def _help(command: Command) -> int:
    from minictl.grammar import typer_app

    typer_app.show_help(command)
    return 0


def _help_instead(command: Command) -> int:
    """The help of a group of commands that was called by itself, which is a mistake."""
    from contextlib import redirect_stdout

    with redirect_stdout(sys.stderr):
        _help(command)
    return 1


def _no_such_child(command: Command, parsed: Parsed) -> int:
    if not parsed.args:
        return _help(command) if command is ROOT else _help_instead(command)
    if command.path:
        error = CommandError(
            f"unknown command \"{' '.join(parsed.args)}\"\nSee '{PROGRAM} {command.path} -h' for help and examples"
        )
        error.hint = hint(parsed.args[0], command.children)
        raise error
    if parsed.args[0] in NOT_HERE:
        raise CommandError(f"the command {parsed.args[0]} is not supported by minictl")
    raise PlainError(unknown_command(parsed.args[0]))


# --- finding the command

ROOT = Command(
    "", usage="COMMAND", summary="A Kubernetes control plane of your own, and its command line", children=COMMANDS
)
HELP = Command("help", usage="help [COMMAND]", summary="Show the help of a command")


def find(words: Sequence[str]) -> tuple[Command, list[str]]:
    """The command that the words name, and the words without its name."""
    command, rest = ROOT, list(words)
    while command.children:
        position = first_word(rest, (*GLOBAL_FLAGS, *command.flags))
        if position < 0:
            break
        word = rest[position]
        if command is ROOT and word == "help":
            return HELP, rest[:position] + rest[position + 1 :]
        entry = command.children.get(word)
        if entry is None:
            break
        command = load(*entry, word)
        rest = rest[:position] + rest[position + 1 :]
    return command, rest


def first_word(words: Sequence[str], declared: Sequence[Flag]) -> int:
    """Where the first word stands that is neither a flag nor a flag's value; -1 when there is none."""
    bare = {f"--{flag.name}" for flag in declared if flag.bare is not None} | {"--help"}
    bare |= {f"-{flag.short}" for flag in declared if flag.bare is not None and flag.short} | {"-h"}
    skip = False
    for position, word in enumerate(words):
        if skip:
            skip = False
        elif word == "--":
            return -1
        elif word.startswith("-") and word != "-":
            alone = (word.startswith("--") and "=" not in word) or len(word) == 2
            skip = alone and word not in bare
        else:
            return position
    return -1


def load(module: str, summary: str, name: str) -> Command:
    """Imports a command's module and gives its `command`, or the one of its `commands` called `name`.

    Raises:
        CommandError: the command is not there yet.
    """
    from importlib import import_module

    try:
        found = import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        raise CommandError(f"the command {name} is not supported by minictl") from None
    several: Mapping[str, Command] = getattr(found, "commands", {})
    command: Command = several.get(name) or found.command
    command.summary = command.summary or summary
    return command


def unknown_command(word: str) -> str:
    """The sentence for a command that does not exist, with those that look like it."""
    found = near(word, [*COMMANDS, "help"])
    lines = [f'error: unknown command "{word}" for "{PROGRAM}"']
    if found:
        lines += ["", "Did you mean this?", *(f"\t{name}" for name in found), ""]
    return "\n".join(lines)
