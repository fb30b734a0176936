"""create poddisruptionbudget."""

from __future__ import annotations

import re

from minictl.errors import CommandError, go_quote
from minictl.grammar import arguments, options
from minictl.grammar.flags import Command, Flag
from minictl.steps import generating

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.session import Session

    Object = dict[str, Any]


_AMOUNT = re.compile(r"[0-9]+%?")
_SET = re.compile(r"(\S+)\s+(in|notin)\s*\(([^)]*)\)")


def run(session: Session, flags: Flags, args: list[str]) -> None:
    name = generating.name_of(session, args)
    least, most = flags.text("min-available"), flags.text("max-unavailable")
    rules = (
        (not flags.text("selector"), "a selector must be specified"),
        (not least and not most, "one of min-available or max-unavailable must be specified"),
        (least and most, "min-available and max-unavailable cannot be both specified"),
        (least and not _AMOUNT.fullmatch(least), "invalid format specified for min-available"),
        (most and not _AMOUNT.fullmatch(most), "invalid format specified for max-unavailable"),
    )
    for wrong, sentence in rules:
        if wrong:
            raise CommandError(sentence)
    budget = generating.begin(session, "PodDisruptionBudget", name, "policy/v1")
    spec: Object = {"minAvailable": arguments.number_or_name(least)} if least else {}
    spec["selector"] = label_selector(flags.text("selector"))
    if most:
        spec["maxUnavailable"] = arguments.number_or_name(most)
    counts = dict.fromkeys(("disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"), 0)
    where = generating.resource("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets")
    made = {**budget, "spec": spec, "status": counts}
    generating.make(session, flags, made, where, "failed to create poddisruptionbudgets: ")


def label_selector(text: str) -> Object:
    """`app=web,tier in (a,b),!old` as matchLabels and matchExpressions.

    Raises:
        CommandError: an operator that has no such form.
    """
    labels: dict[str, str] = {}
    expressions: list[Object] = []
    for part in (part.strip() for part in re.split(r",(?![^(]*\))", text)):
        if found := _SET.fullmatch(part):
            key, operator, listed = found.groups()
            values = sorted(value.strip() for value in listed.split(","))
            expressions.append({"key": key, "operator": "In" if operator == "in" else "NotIn", "values": values})
        elif "!=" in part:
            raise CommandError(f"{go_quote('!=')} is not a valid label selector operator")
        elif "=" in part:
            key, _, value = part.replace("==", "=").partition("=")
            labels[key.strip()] = value.strip()
        elif part.startswith("!"):
            expressions.append({"key": part[1:].strip(), "operator": "DoesNotExist"})
        else:
            expressions.append({"key": part, "operator": "Exists"})
    selector: Object = {"matchLabels": labels} if labels else {}
    return {**selector, "matchExpressions": expressions} if expressions else selector


command = Command(
    "create poddisruptionbudget",
    run,
    usage="create poddisruptionbudget NAME --selector=SELECTOR --min-available=N [--dry-run=server|client|none]",
    flags=(
        Flag("selector", help="the Pods it is about"),
        Flag("min-available", help="how many of them must stay, as a number or in per cent"),
        Flag("max-unavailable", help="how many of them may be gone, as a number or in per cent"),
        *options.OUTPUT,
        options.DRY_RUN,
        *generating.FLAGS,
    ),
)
