"""autoscale: a HorizontalPodAutoscaler for a workload."""

from __future__ import annotations

import re

from minictl.describe import quantities
from minictl.errors import CommandError, ServerError, raise_all
from minictl.grammar import options
from minictl.grammar.flags import Command, Flag
from minictl.steps import generating, targets
from minictl.steps.targets import Choice
from minictl.steps.writing import SAVE_CONFIG, Writes, manager, need_resources, typed_configuration, with_configuration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.resources import Resource
    from minictl.session import Session

    Object = dict[str, Any]


UNSET = -1
RESOURCES = {"cpu": "m", "memory": "Mi"}
"""What can be followed, and the unit of bare numbers."""
BETTER = "Use --cpu with percentage or resource quantity format (e.g., '70%' for utilization or '500m' for milliCPU)."


def run(session: Session, flags: Flags, args: list[str]) -> None:
    writes = Writes(session, flags)
    _check(flags)
    need_resources(flags, args)
    choice = Choice.of(flags, need_names_or_selector=True)
    selection = targets.select(session, args, choice)
    errors: list[CommandError] = []
    where = _resource("v2")
    for target, _ in targets.fetch(session, selection):
        resource = target.resource
        try:
            if "scale" not in resource.subresources:
                raise CommandError(
                    f"cannot autoscale a {resource.kind}: could not find scale subresource for {resource.slash_name}"
                    " in discovery information"
                )
            reference = {"kind": resource.kind, "name": target.name, "apiVersion": resource.api_version}
            made = _create(session, flags, writes, reference)
            writes.report(where, made, "autoscaled" if writes.sends else "created", typed=not writes.sends)
        except CommandError as error:
            errors.append(error)
    raise_all(errors)


def _resource(version: str) -> Resource:
    return generating.resource(f"autoscaling/{version}", "HorizontalPodAutoscaler", "horizontalpodautoscalers")


def _create(session: Session, flags: Flags, writes: Writes, reference: Object) -> Object:
    """The autoscaler of what `reference` names, as v2; where the server refuses that, as v1 if it can say the same.

    Raises:
        CommandError: it cannot be made.
    """
    made = _with_configuration(flags, writes, scaler(session, flags, reference))
    if not writes.sends:
        return made
    created: Object
    try:
        created = session.client.create(_resource("v2").path(session.namespace), made, writes.query)
    except ServerError:
        reason = _why_not_v1(flags)
        if reason:
            text = "failed to create autoscaling/v2 HPA and the configuration is incompatible with autoscaling/v1"
            raise CommandError(f"{text}: {reason}") from None
        older = _with_configuration(flags, writes, older_scaler(session, flags, reference))
        created = session.client.create(_resource("v1").path(session.namespace), older, writes.query)
    return created


def _with_configuration(flags: Flags, writes: Writes, made: Object) -> Object:
    made = writes.recorded(made)
    return with_configuration(made, typed_configuration(made)) if flags.on("save-config") else made


def _why_not_v1(flags: Flags) -> str:
    """Why v1 cannot say what was asked for; "" when it can."""
    try:
        target = _target("cpu", flags.text("cpu"))
    except CommandError as error:
        return error.message
    if not flags.text("memory") and (flags.number("cpu-percent") >= 0 or target["type"] == "Utilization"):
        return ""
    return "%!w(<nil>)"


def _check(flags: Flags) -> None:
    most, least = flags.number("max"), flags.number("min")
    if most < 1:
        raise CommandError(f"--max=MAXPODS is required and must be at least 1, max: {most}")
    if most < least:
        raise CommandError(f"--max=MAXPODS must be larger or equal to --min=MINPODS, max: {most}, min: {least}")
    if flags.number("cpu-percent") > 0 and flags.text("cpu"):
        raise CommandError("--cpu-percent and --cpu are mutually exclusive")
    for name in RESOURCES:
        if flags.text(name):
            _target(name, flags.text(name))


def scaler(session: Session, flags: Flags, reference: Object) -> Object:
    """The autoscaler of what `reference` names; the server knows what to follow where nothing says so.

    Raises:
        CommandError: a target is none.
    """
    metrics = []
    percent = flags.number("cpu-percent")
    wanted = {"cpu": f"{percent}%" if percent > 0 else flags.text("cpu"), "memory": flags.text("memory")}
    for name, text in wanted.items():
        if text:
            metrics.append({"type": "Resource", "resource": {"name": name, "target": _target(name, text)}})
    made = _begin(session, flags, reference, "autoscaling/v2")
    if metrics:
        made["spec"]["metrics"] = metrics
    return {**made, "status": {"desiredReplicas": 0, "currentMetrics": None}}


def older_scaler(session: Session, flags: Flags, reference: Object) -> Object:
    """The same as v1, which knows only --cpu-percent."""
    made = _begin(session, flags, reference, "autoscaling/v1")
    if flags.number("cpu-percent") >= 0:
        made["spec"]["targetCPUUtilizationPercentage"] = flags.number("cpu-percent")
    return {**made, "status": {"currentReplicas": 0, "desiredReplicas": 0}}


def _begin(session: Session, flags: Flags, reference: Object, version: str) -> Object:
    name = flags.text("name") or reference["name"]
    spec: Object = {"scaleTargetRef": reference}
    if flags.number("min") > 0:
        spec["minReplicas"] = flags.number("min")
    spec["maxReplicas"] = flags.number("max")
    return {**generating.begin(session, "HorizontalPodAutoscaler", name, version), "spec": spec}


def _target(name: str, given: str) -> Object:
    """`80%` of what is requested, or a quantity on average; a bare number is in the resource's usual unit.

    Raises:
        CommandError: it is neither.
    """
    text = given.strip()
    if not text:
        raise CommandError("empty input")
    if text.endswith("%"):
        if not text[:-1].isdigit():
            raise CommandError(f"invalid percentage value: {text[:-1]}")
        return {"type": "Utilization", "averageUtilization": int(text[:-1])}
    if re.fullmatch(r"[+-]?[0-9.]+", text):
        text = f"{float(text):g}{RESOURCES[name]}"
    try:
        return {"type": "AverageValue", "averageValue": str(quantities.parse(text))}
    except ValueError:
        raise CommandError(f"invalid resource {name} value: {text}") from None


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
