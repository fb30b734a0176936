"""run: one image in one Pod."""

from __future__ import annotations

import re

from minictl.errors import CommandError, UsageError, go_quote, raise_all
from minictl.grammar import arguments, options
from minictl.grammar.flags import Command, Flag
from minictl.steps import generating, overriding
from minictl.steps.writing import REPLACEMENT, SAVE_CONFIG, Writes, manager, typed_configuration, with_configuration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.resources import Resource
    from minictl.session import Session

    Object = dict[str, Any]

RESTART_POLICIES = ("Always", "OnFailure", "Never")
PULL_POLICIES = ("", "Always", "IfNotPresent", "Never")
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_HOST = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_IMAGE = re.compile(
    rf"(?:(?:{_HOST}(?:\.{_HOST})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?/)?{_PART}(?:/{_PART})*"
    r"(?::[\w][\w.-]{0,127})?(?:@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?",
    re.ASCII,
)
DETACH_KEYS = "ctrl-p,ctrl-q"


def run(session: Session, flags: Flags, args: list[str]) -> None:
    if not args or session.dash == 0:
        raise UsageError("NAME is required for run", "run")
    _check(flags)
    name, words = args[0], args[1:]
    writes = Writes(session, flags)
    labels = arguments.labels(flags.text("labels")) if flags.text("labels") else {}
    pod_type = generating.resource("v1", "Pod", "pods")
    pod = overriding.overridden(_pod(session, flags, name, words, labels or {"run": name}), flags, pod_type)
    made = _made(session, flags, writes, pod, pod_type)
    errors: list[CommandError] = []
    if flags.on("expose"):
        try:
            service_type = generating.resource("v1", "Service", "services")
            service = _service(session, name, arguments.decimal(flags.text("port")), labels)
            writes.report(
                service_type, _made(session, flags, writes, service, service_type), "created", not writes.sends
            )
        except CommandError as error:
            errors.append(error)
    writes.report(pod_type, made, "created", typed=not writes.sends)
    raise_all(errors)


def _check(flags: Flags) -> None:
    image = flags.text("image")
    if not image:
        raise CommandError("--image is required")
    if not _IMAGE.fullmatch(image):
        raise CommandError(f"Invalid image name {go_quote(image)}: invalid reference format")
    restart, pull = flags.text("restart"), flags.text("image-pull-policy")
    attach = flags.on("attach") or flags.on("stdin")
    rules = (
        (flags.on("tty") and not flags.on("stdin"), "-i/--stdin is required for containers with -t/--tty=true"),
        (flags.on("expose") and not flags.text("port"), "--port must be set when exposing a service"),
        (restart not in RESTART_POLICIES, f"invalid restart policy: {restart}"),
        (flags.on("rm") and not attach, "--rm should only be used for attached containers"),
        (
            attach and flags.text("dry-run") != "none",
            "--dry-run=[server|client] can't be used with attached containers options (--attach, --stdin, or --tty)",
        ),
        (pull not in PULL_POLICIES, f"invalid image pull policy: {pull}"),
    )
    for wrong, sentence in rules:
        if wrong:
            raise UsageError(sentence, "run")
    if attach:
        raise CommandError("minictl cannot attach to containers: run without --attach, -i/--stdin, -t/--tty and --rm")


def _pod(session: Session, flags: Flags, name: str, words: list[str], labels: dict[str, str]) -> Object:
    annotations, _ = arguments.pairs(flags.list("annotations"), "annotations")
    variables = arguments.environment(flags.list("env"))
    container: Object = {"name": name, "image": flags.text("image")}
    if words:
        container["command" if flags.on("command") else "args"] = words
    if flags.text("port"):
        container["ports"] = [{"containerPort": arguments.decimal(flags.text("port"))}]
    if variables:
        container["env"] = variables
    container["resources"] = {}
    if flags.text("image-pull-policy"):
        container["imagePullPolicy"] = flags.text("image-pull-policy")
    if flags.on("privileged"):
        container["securityContext"] = {"privileged": True}
    pod = generating.begin(session, "Pod", name, labels=labels)
    if annotations:
        pod["metadata"]["annotations"] = annotations
    pod["spec"] = {
        "containers": [container],
        "restartPolicy": flags.text("restart"),
        "dnsPolicy": "ClusterFirst",
    }
    return {**pod, "status": {}}


def _service(session: Session, name: str, port: int, labels: dict[str, str]) -> Object:
    service = generating.begin(session, "Service", name, labels=labels)
    ports = [{"protocol": "TCP", "port": port, "targetPort": port}]
    return {**service, "spec": {"ports": ports, "selector": labels or {"run": name}}, "status": {"loadBalancer": {}}}


def _made(session: Session, flags: Flags, writes: Writes, subject: Object, where: Resource) -> Object:
    if not writes.sends:
        return subject
    if flags.on("save-config"):
        subject = with_configuration(subject, typed_configuration(subject))
    created: Object = session.client.create(where.path(session.namespace), subject, writes.query)
    return created


command = Command(
    "run",
    run,
    usage='run NAME --image=image [--env="key=value"] [--port=port] [--dry-run=server|client]'
    " [--overrides=inline-json] [--command] -- [COMMAND] [args...]",
    flags=(
        Flag("image", help="image to run"),
        Flag("image-pull-policy", help="Always, IfNotPresent or Never"),
        Flag("port", help="port the container listens on"),
        Flag("env", "array", help="NAME=value for the container; may be repeated"),
        Flag("labels", "string", "l", help="labels of the Pod: a=b,c=d"),
        Flag("annotations", "array", help="key=value for the Pod; may be repeated"),
        Flag("restart", default="Always", help="Always, OnFailure or Never"),
        Flag("command", "bool", help="take what follows -- as the command, not as its arguments"),
        Flag("expose", "bool", help="put a Service before the Pod; needs --port"),
        Flag("privileged", "bool", help="run the container privileged"),
        Flag("quiet", "bool", "q", help="say less while attached"),
        Flag("attach", "bool", help="not supported"),
        Flag("stdin", "bool", "i", help="not supported"),
        Flag("tty", "bool", "t", help="not supported"),
        Flag("rm", "bool", help="not supported"),
        Flag("leave-stdin-open", "bool", help="not supported", hidden=True),
        Flag("detach-keys", default=DETACH_KEYS, help="not supported", hidden=True),
        Flag("pod-running-timeout", "seconds", default=60.0, help="not supported", hidden=True),
        *options.FILES,
        *REPLACEMENT,
        *overriding.FLAGS,
        *options.OUTPUT,
        options.DRY_RUN,
        manager("kubectl-run"),
        SAVE_CONFIG,
        options.RECORD,
    ),
    required=("image",),
)
