"""create job: of an image, or of the template of a CronJob."""

from __future__ import annotations

from minictl.errors import CommandError
from minictl.grammar import options
from minictl.grammar.flags import Command, Flag
from minictl.steps import generating, targets
from minictl.steps.targets import Choice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.session import Session

    Object = dict[str, Any]


INSTANTIATED = "cronjob.kubernetes.io/instantiate"


def run(session: Session, flags: Flags, args: list[str]) -> None:
    name = generating.name_of(session, args)
    image, source, words = flags.text("image"), flags.text("from"), args[1:]
    if bool(image) is bool(source):
        raise CommandError("either --image or --from must be specified")
    if words and source:
        raise CommandError("cannot specify --from and command")
    job = generating.begin(session, "Job", name, "batch/v1")
    if source:
        _from_cron_job(session, job, source)
    else:
        job["spec"] = {"template": pod_template(name, image, words, "Never")}
    where = generating.resource("batch/v1", "Job", "jobs")
    generating.make(session, flags, {**job, "status": {}}, where, "failed to create job: ")


def pod_template(name: str, image: str, words: list[str], restart: str) -> Object:
    """The template of one container that runs an image; the words, if any, are its command."""
    command = {"command": words} if words else {}
    container = {"name": name, "image": image, **command, "resources": {}}
    return {"metadata": {}, "spec": {"containers": [container], "restartPolicy": restart}}


def _from_cron_job(session: Session, job: Object, source: str) -> None:
    found = [subject for _, subject in targets.fetch(session, targets.select(session, [source], Choice()))]
    if len(found) != 1 or found[0]["kind"] != "CronJob":
        raise CommandError("from must be an existing cronjob")
    template, meta = found[0]["spec"]["jobTemplate"], found[0]["metadata"]
    own = template.get("metadata") or {}
    if own.get("labels"):
        job["metadata"]["labels"] = own["labels"]
    job["metadata"]["annotations"] = {INSTANTIATED: "manual", **(own.get("annotations") or {})}
    owner = {"apiVersion": "batch/v1", "kind": "CronJob", "name": meta["name"], "uid": meta["uid"], "controller": True}
    job["metadata"]["ownerReferences"] = [owner]
    job["spec"] = template["spec"]


command = Command(
    "create job",
    run,
    usage="create job NAME --image=image [--from=cronjob/name] -- [COMMAND] [args...]",
    flags=(
        Flag("image", help="image to run"),
        Flag("from", help="cronjob/NAME to make a Job of"),
        *options.OUTPUT,
        options.DRY_RUN,
        *generating.FLAGS,
    ),
)
