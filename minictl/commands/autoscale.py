"""autoscale: a HorizontalPodAutoscaler for a workload."""

from __future__ import annotations

import re

from minictl.describe import quantities
from minictl.errors import CommandError, raise_all
from minictl.grammar import options
from minictl.grammar.flags import Command, Flag
from minictl.steps import generating, targets
from minictl.steps.targets import Choice
from minictl.steps.writing import SAVE_CONFIG, Writes, manager, need_resources, typed_configuration, with_configuration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.session import Session

    Object = dict[str, Any]


UNSET = -1
BETTER = "Use --cpu with percentage or resource quantity format (e.g., '70%' for utilization or '500m' for milliCPU)."


def run(session: Session, flags: Flags, args: list[str]) -> None:
    writes = Writes(session, flags)
    _check(flags)
    need_resources(flags, args)
    choice = Choice.of(flags, need_names_or_selector=True)
    selection = targets.select(session, args, choice)
    errors: list[CommandError] = []
    where = generating.resource("autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers")
    for target, _ in targets.fetch(session, selection):
        resource = target.resource
        try:
            if "scale" not in resource.subresources:
                raise CommandError(
                    f"cannot autoscale a {resource.kind}: could not find scale subresource for {resource.slash_name}"
                    " in discovery information"
                )
            reference = {"kind": resource.kind, "name": target.name, "apiVersion": resource.api_version}
            made = writes.recorded(scaler(session, flags, reference))
            if flags.on("save-config"):
                made = with_configuration(made, typed_configuration(made))
            if writes.sends:
                made = session.client.create(where.path(session.namespace), made, writes.query)
            writes.report(where, made, "autoscaled", typed=not writes.sends)
        except CommandError as error:
            errors.append(error)
    raise_all(errors)


def _check(flags: Flags) -> None:
    most, least = flags.number("max"), flags.number("min")
    if most < 1:
        raise CommandError(f"--max=MAXPODS is required and must be at least 1, max: {most}")
    if most < least:
        raise CommandError(f"--max=MAXPODS must be larger or equal to --min=MINPODS, max: {most}, min: {least}")
    if flags.given("cpu-percent") and flags.given("cpu"):
        raise CommandError("--cpu-percent and --cpu are mutually exclusive")


def scaler(session: Session, flags: Flags, reference: Object) -> Object:
    """The autoscaler of what `reference` names.

    Raises:
        CommandError: nothing says what it is to follow.
    """
    metrics = []
    cpu = f"{flags.number('cpu-percent')}%" if flags.number("cpu-percent") >= 0 else flags.text("cpu")
    for name, wanted in (("cpu", cpu), ("memory", flags.text("memory"))):
        if wanted:
            metrics.append({"type": "Resource", "resource": {"name": name, "target": _target(wanted)}})
    if not metrics:
        raise CommandError(
            "failed to create autoscaling/v2 HPA and the configuration is incompatible with autoscaling/v1: empty input"
        )
    made = generating.begin(
        session, "HorizontalPodAutoscaler", flags.text("name") or reference["name"], "autoscaling/v2"
    )
    spec: Object = {"scaleTargetRef": reference}
    if flags.number("min") > 0:
        spec["minReplicas"] = flags.number("min")
    spec |= {"maxReplicas": flags.number("max"), "metrics": metrics}
    return {**made, "spec": spec, "status": {"desiredReplicas": 0, "currentMetrics": None}}


def _target(text: str) -> Object:
    if re.fullmatch(r"[0-9]+%", text):
        return {"type": "Utilization", "averageUtilization": int(text[:-1])}
    try:
        return {"type": "AverageValue", "averageValue": str(quantities.parse(text))}
    except ValueError:
        raise CommandError(f"invalid resource {text} value: {text}") from None


command = Command(
    "autoscale",
    run,
    usage="autoscale (-f FILENAME | TYPE NAME | TYPE/NAME) [--min=MINPODS] --max=MAXPODS [--cpu=CPU]",
    flags=(
        *options.FILES,
        *options.OUTPUT,
        options.DRY_RUN,
        manager("kubectl-autoscale"),
        SAVE_CONFIG,
        options.RECORD,
        Flag("min", "int", default=UNSET, help="the fewest Pods there may be"),
        Flag("max", "int", default=UNSET, help="the most Pods there may be"),
        Flag("cpu", help="CPU to aim at: 80% of what is requested, or 500m on average"),
        Flag("memory", help="memory to aim at: 80% of what is requested, or 500Mi on average"),
        Flag("cpu-percent", "int", default=UNSET, help="CPU in per cent of what is requested", deprecated=BETTER),
        Flag("name", help="name of the autoscaler; by default that of what it scales"),
    ),
    required=("max",),
)
