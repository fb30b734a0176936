"""attach, cp, debug, exec, port-forward: what needs a stream into a container.

A call that is wrong in itself, or means a Pod that is not there, is told so in kubectl's words. The rest is refused:
nothing runs in the containers of the local cluster, and towards others minictl does not speak the streaming protocols.
"""

from __future__ import annotations

import os

from minictl.errors import CommandError, UsageError
from minictl.grammar.flags import Command, Flag
from minictl.steps import targets

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minictl.grammar.flags import Flags
    from minictl.session import Session

PATIENCE_SECONDS = 60.0
FILESPEC = "filespec must match the canonical format: [[namespace/]pod:]file/path"
ON_COPIES = ("replace", "same-node", "set-image", "keep-labels", "keep-annotations")
"""Flags of debug that mean something only with --copy-to."""


def attach(session: Session, flags: Flags, args: list[str]) -> None:
    if not args:
        raise CommandError("at least 1 argument is required for attach")
    if len(args) > 2:
        raise CommandError(
            f"expected POD, TYPE/NAME, or TYPE NAME, (at most 2 arguments) saw {len(args)}: [{' '.join(args)}]"
        )
    _check_patience(session, flags)
    _refuse(session, "/".join(args))


def execute(session: Session, flags: Flags, args: list[str]) -> None:
    dash = session.dash
    if (not args or dash == 0) and not flags.list("filename"):
        raise CommandError("pod, type/name or --filename must be specified")
    if len(args) > 1 and dash == -1:
        raise UsageError("exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead", "exec")
    if not args[max(dash, 0 if flags.list("filename") else 1) :]:
        raise CommandError("you must specify at least one command for the container")
    _check_patience(session, flags)
    _refuse(session, "" if flags.list("filename") else args[0], files=flags.list("filename"))


def port_forward(session: Session, flags: Flags, args: list[str]) -> None:
    if len(args) < 2:
        raise UsageError("TYPE/NAME and list of ports are required for port-forward", session.path)
    _check_patience(session, flags)
    _refuse(session, args[0])


def copy(session: Session, flags: Flags, args: list[str]) -> None:
    if len(args) != 2:
        raise CommandError("source and destination are required")
    source, destination = _place(args[0]), _place(args[1])
    if source[0] and destination[0]:
        raise CommandError("one of src or dest must be a local file specification")
    if not source[1] or not destination[1]:
        raise CommandError("filepath can not be empty")
    pod = source[0] or destination[0]
    if not pod:
        raise CommandError("one of src or dest must be a remote file specification")
    if destination[0] and not os.path.lexists(source[1]):
        raise CommandError(f"{source[1]} doesn't exist in local filesystem")
    namespace, _, name = pod.rpartition("/")
    _refuse(session, f"pod/{name}", namespace)


def _place(word: str) -> tuple[str, str]:
    """(Pod, file) of an argument of cp; the Pod is "" for a file of this machine."""
    pod, colon, path = word.partition(":")
    if not colon:
        return "", word
    if not pod or pod.count("/") > 1:
        raise CommandError(FILESPEC)
    return pod, path


def debug(session: Session, flags: Flags, args: list[str]) -> None:
    names = args if session.dash < 0 else args[: session.dash]
    words = args[len(names) :]
    copies = flags.text("copy-to")
    if not names and not flags.list("filename"):
        missing = "NAME or filename is required for debug"
        raise CommandError(missing if flags.text("image") else _without_image(flags, words) or missing)
    if problem := _without_image(flags, words):
        raise CommandError(problem)
    for flag in ON_COPIES:
        if flags.given(flag) and not copies:
            raise CommandError(f"--{flag} may only be used with --copy-to.")
    if flags.text("target") and copies:
        raise CommandError("--target is incompatible with --copy-to. Use --share-processes instead.")
    _refuse(session, names[0] if names else "", files=flags.list("filename"))


def _without_image(flags: Flags, words: list[str]) -> str:
    if flags.text("image"):
        return ""
    if not flags.text("copy-to"):
        return "you must specify --image when not using --copy-to."
    if flags.list("set-image") or words:
        return ""
    return "you must specify --image, --set-image or command arguments."


def _check_patience(session: Session, flags: Flags) -> None:
    if flags.seconds("pod-running-timeout") <= 0:
        raise UsageError("--pod-running-timeout must be higher than zero", session.path)


def _refuse(session: Session, word: str, namespace: str = "", files: list[str] | None = None) -> None:
    """Says that what is meant is not there; or that it is, and why it is not done.

    Raises:
        CommandError: always.
    """
    words = [word if "/" in word else f"pod/{word}"] if word else []
    chosen = targets.select(session, words, targets.Choice(filenames=files or []))
    for target in chosen:
        target.namespace = namespace or target.namespace
    list(targets.fetch(session, chosen))
    reason = (
        "nothing runs in the containers of a simulated cluster"
        if session.is_local
        else "use kubectl, with the same --kubeconfig and --context"
    )
    raise CommandError(f"{session.path} is not supported by minictl: {reason}")


CONTAINER = Flag("container", short="c", help="the container that is meant; the Pod's first, unless said")
STDIN = (
    Flag("stdin", "bool", "i", help="hand on standard input"),
    Flag("tty", "bool", "t", help="standard input is a terminal"),
    Flag("quiet", "bool", "q", help="print only what comes from the container"),
)
PATIENCE = Flag(
    "pod-running-timeout", "seconds", default=PATIENCE_SECONDS, help="how long to wait until a Pod runs (5s, 2m, 3h)"
)
FILENAME = Flag("filename", "strings", "f", help="manifests that name what is meant")

DETACH_KEYS = Flag("detach-keys", default="ctrl-p,ctrl-q", help="keys that end it and let the container run")

commands = {
    "attach": Command(
        "attach",
        attach,
        usage="attach (POD | TYPE/NAME) -c CONTAINER",
        flags=(CONTAINER, PATIENCE, *STDIN, DETACH_KEYS),
    ),
    "cp": Command(
        "cp",
        copy,
        usage="cp <file-spec-src> <file-spec-dest>",
        flags=(
            CONTAINER,
            Flag("no-preserve", "bool", help="leave ownership and permissions behind"),
            Flag("retries", "int", help="how often to try again; negative for ever"),
        ),
    ),
    "debug": Command(
        "debug",
        debug,
        usage="debug (POD | TYPE[[.VERSION].GROUP]/NAME) [ -- COMMAND [args...] ]",
        flags=(
            CONTAINER,
            FILENAME,
            *STDIN,
            Flag("arguments-only", "bool", help="the words after -- are arguments, not the command"),
            Flag("attach", "bool", help="attach when the container runs"),
            Flag("copy-to", help="debug a copy of the Pod under this name"),
            Flag("custom", help="file with a partial container"),
            Flag("env", "array", help="environment variables, NAME=VALUE"),
            Flag("image", help="image of the debugging container"),
            Flag("image-pull-policy", help="when to pull the image"),
            Flag("keep-annotations", "bool", help="the copy keeps annotations"),
            Flag("keep-init-containers", "bool", default=True, help="the copy keeps init containers"),
            Flag("keep-labels", "bool", help="the copy keeps labels"),
            Flag("keep-liveness", "bool", help="the copy keeps liveness probes"),
            Flag("keep-readiness", "bool", help="the copy keeps readiness probes"),
            Flag("keep-startup", "bool", help="the copy keeps startup probes"),
            Flag("profile", default="general", help="general, baseline, netadmin, restricted or sysadmin"),
            Flag("replace", "bool", help="delete the Pod that is copied"),
            Flag("same-node", "bool", help="the copy runs on the same node"),
            Flag("set-image", "strings", help="images of the copy, CONTAINER=IMAGE"),
            Flag("share-processes", "bool", default=True, help="the containers of the copy see each other's processes"),
            Flag("target", help="container whose processes are looked at"),
        ),
    ),
    "exec": Command(
        "exec",
        execute,
        usage="exec (POD | TYPE/NAME) [-c CONTAINER] [flags] -- COMMAND [args...]",
        flags=(CONTAINER, FILENAME, PATIENCE, *STDIN),
    ),
    "port-forward": Command(
        "port-forward",
        port_forward,
        usage="port-forward TYPE/NAME [options] [LOCAL_PORT:]REMOTE_PORT [...[LOCAL_PORT_N:]REMOTE_PORT_N]",
        flags=(Flag("address", "strings", default=("localhost",), help="addresses to listen on"), PATIENCE),
    ),
}
