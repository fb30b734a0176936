"""create: objects from files; from flags by the commands below it."""

from __future__ import annotations

from minictl.errors import CommandError, ServerError, UsageError, go_quote
from minictl.grammar import options
from minictl.grammar.flags import Command, Flag
from minictl.steps.writing import (
    SAVE_CONFIG,
    VALIDATE,
    Writes,
    configuration,
    manager,
    need_files,
    raise_both,
    unversioned,
    with_configuration,
    within,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.session import Session
    from minictl.steps.targets import Target

    Object = dict[str, Any]

FLAGS = (
    *options.FILES,
    options.SELECTOR,
    *options.OUTPUT,
    options.DRY_RUN,
    manager("kubectl-create"),
    VALIDATE,
    SAVE_CONFIG,
    options.RECORD,
    Flag("edit", "bool", help="edit the objects before they are created"),
    Flag("windows-line-endings", "bool", help="ignored", hidden=True),
    Flag("raw", help="path on the server to send one file to as it is"),
)


def run(session: Session, flags: Flags, args: list[str]) -> None:
    if args:
        raise UsageError(f"Unexpected args: [{' '.join(args)}]", "create")
    writes = Writes(session, flags)
    need_files(flags)
    if flags.text("raw"):
        _post_raw(session, flags)
        return
    reading: list[CommandError] = []
    errors: list[CommandError] = []
    count = 0
    create = _edit if flags.on("edit") else _create
    for target in list(writes.manifests(reading)):
        try:
            create(session, flags, writes, target)
            count += 1
        except CommandError as error:
            errors.append(error)
    raise_both(errors, reading)
    if not count:
        raise CommandError("no objects passed to create")


def _create(session: Session, flags: Flags, writes: Writes, target: Target) -> None:
    subject = writes.recorded(target.object or {})
    annotations = subject["metadata"].get("annotations") or {}
    if flags.on("save-config") or "kubectl.kubernetes.io/last-applied-configuration" in annotations:
        subject = with_configuration(subject, configuration(subject))
    if writes.sends:
        try:
            path = target.resource.path(target.namespace)
            subject = session.client.create(path, unversioned(subject), writes.query)
        except ServerError as error:
            raise within(error, "creating", target.source) from None
    writes.report(target, subject, "created")


def _edit(session: Session, flags: Flags, writes: Writes, target: Target) -> None:
    """Creates what the editor makes of the manifest; nothing when it is left as it is."""
    from minictl.manifests import Manifest
    from minictl.steps import editing, targets

    def save(edited: list[Object], path: str) -> editing.Outcome:
        for one in edited:
            _create(session, flags, writes, targets.from_manifest(session, Manifest(one, target.source)))
        return editing.Outcome()

    name = f"{target.resource.full_name} {go_quote(target.name)}"
    editing.Edit(session, editing.OBJECT_HEADER, "yaml").run([target.object or {}], [name], save)


def _post_raw(session: Session, flags: Flags) -> None:
    from minictl.grammar import keyvalues

    if len(flags.list("filename")) != 1:
        raise CommandError("--raw can only use a single local file or stdin")
    name = flags.list("filename")[0]
    body = session.stdin.read() if name == "-" and session.stdin else keyvalues.read(name)
    session.out.write(session.client.request("POST", flags.text("raw"), body=body).body.decode())


_C = "minictl.commands.create_"
_TYPES = {
    ("namespace", "ns"): (_C + "namespace", "Create a namespace"),
    ("configmap", "cm"): (_C + "configmap", "Create a ConfigMap from files, folders or values"),
    ("secret",): (_C + "secret", "Create a Secret"),
    ("service", "svc"): (_C + "service", "Create a Service"),
    ("serviceaccount", "sa"): (_C + "serviceaccount", "Create a ServiceAccount"),
    ("deployment", "deploy"): (_C + "deployment", "Create a Deployment of an image"),
    ("token",): (_C + "token", "Ask for a token of a ServiceAccount"),
    ("role",): (_C + "role", "Create a Role with one rule per API group"),
    ("clusterrole",): (_C + "role", "Create a ClusterRole"),
    ("rolebinding",): (_C + "rolebinding", "Bind a Role or ClusterRole in a namespace"),
    ("clusterrolebinding",): (_C + "rolebinding", "Bind a ClusterRole everywhere"),
    ("quota", "resourcequota"): (_C + "quota", "Create a ResourceQuota"),
    ("job",): (_C + "job", "Create a Job from an image or a CronJob"),
    ("cronjob", "cj"): (_C + "cronjob", "Create a CronJob"),
    ("ingress", "ing"): (_C + "ingress", "Create an Ingress"),
    ("poddisruptionbudget", "pdb"): (_C + "pdb", "Create a PodDisruptionBudget"),
    ("priorityclass", "pc"): (_C + "priorityclass", "Create a PriorityClass"),
}
command = Command(
    "create",
    run,
    usage="create -f FILENAME",
    flags=FLAGS,
    children={name: entry for names, entry in _TYPES.items() for name in names},
)
