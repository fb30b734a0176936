"""What the simulated nodes of a local cluster can be told, by annotations that kubectl could write as well."""

from __future__ import annotations

from minictl.describe.text import label_selector, selector
from minictl.errors import CommandError
from minictl.session import CLOCK
from minictl.steps import targets
from minictl.steps.targets import Choice, Target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from minictl.session import Session

    Object = dict[str, Any]

SIMULATE, UNTIL, CRASH = "minictl.dev/simulate", "minictl.dev/simulate-until", "minictl.dev/crash"
DOWN = "Down"


def pods(session: Session, args: list[str], labels: str) -> list[tuple[Target, Object]]:
    """The Pods that are named, or selected by -l, or that belong to what is named (a Deployment, a Service, a Job).

    Raises:
        CommandError: nothing is named, or what is named is not there or has no Pods.
    """
    if bool(args) is bool(labels):
        raise CommandError("name Pods, or what they belong to (deployment/web), or select them with -l")
    kind = session.resources.find("pods")
    if labels:
        return _some(list(_selected(session, Target(kind, session.namespace, labels=labels))), f"-l {labels}")
    words = [word if "/" in word else f"pod/{word}" for word in args]
    found: list[tuple[Target, Object]] = []
    for target, subject in targets.fetch(session, targets.select(session, words, Choice())):
        if subject["kind"] == "Pod":
            found.append((target, subject))
            continue
        chosen = (subject.get("spec") or {}).get("selector")
        if not chosen:
            raise CommandError(f"{target.label} has no Pods: it has no selector")
        is_plain = subject["kind"] in ("Service", "ReplicationController")
        text = selector(chosen) if is_plain else label_selector(chosen)
        found += _some(list(_selected(session, Target(kind, target.namespace, labels=text))), target.label)
    return found


def _selected(session: Session, target: Target) -> Iterator[tuple[Target, Object]]:
    return targets.fetch(session, targets.Selection([target], [], single=False))


def _some(found: list[tuple[Target, Object]], what: str) -> list[tuple[Target, Object]]:
    if not found:
        raise CommandError(f"there are no Pods of {what}")
    return found


def annotate(session: Session, target: Target, annotations: dict[str, str | None]) -> None:
    """Set annotations of an object; None takes one off."""
    session.client.patch(target.path, {"metadata": {"annotations": annotations}}, "merge")


def later(session: Session, seconds: float) -> str:
    """A moment by the clock of the cluster."""
    from datetime import datetime, timedelta

    now = datetime.fromisoformat(session.client.get(CLOCK)["now"])
    return (now + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
