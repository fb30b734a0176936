"""create cronjob."""

from __future__ import annotations

from minictl.grammar import options
from minictl.grammar.flags import Command, Flag
from minictl.steps import generating

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.session import Session

    Object = dict[str, Any]


def run(session: Session, flags: Flags, args: list[str]) -> None:
    name, words = generating.name_of(session, args), args[1:]
    command = {"command": words} if words else {}
    container = {"name": name, "image": flags.text("image"), **command, "resources": {}}
    template = {
        "metadata": {},
        "spec": {"containers": [container], "restartPolicy": flags.text("restart") or "OnFailure"},
    }
    cron_job = generating.begin(session, "CronJob", name, "batch/v1")
    cron_job["spec"] = {
        "schedule": flags.text("schedule"),
        "jobTemplate": {"metadata": {"name": name}, "spec": {"template": template}},
    }
    where = generating.resource("batch/v1", "CronJob", "cronjobs")
    generating.make(session, flags, {**cron_job, "status": {}}, where, "failed to create cronjob: ")


command = Command(
    "create cronjob",
    run,
    usage="create cronjob NAME --image=image --schedule='0/5 * * * ?' -- [COMMAND] [args...]",
    flags=(
        Flag("image", help="image to run"),
        Flag("schedule", help="when to run it, as cron has it"),
        Flag("restart", help="OnFailure (unless said otherwise) or Never"),
        *options.OUTPUT,
        options.DRY_RUN,
        *generating.FLAGS,
    ),
    required=("image", "schedule"),
)
