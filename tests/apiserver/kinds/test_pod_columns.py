"""What the table shows of a Pod."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from apiserver.kind import Since
from apiserver.kinds.pod import kind

from .pipeline import cells

MAIN = {"name": "main", "image": "nginx"}


def pod(**spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "web"}, "spec": {"containers": [MAIN], **copy.deepcopy(spec)}}


def state(name: str, state: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"name": name, "restartCount": 0, "state": state, **fields}


RUNNING: dict[str, Any] = {"running": {}}
DONE: dict[str, Any] = {"terminated": {"exitCode": 0, "reason": "Completed"}}
INIT = {"initContainers": [{**MAIN, "name": "i1"}, {**MAIN, "name": "side", "restartPolicy": "Always"}]}


@pytest.mark.parametrize(
    ("status", "ready", "shown"),
    [
        ({"phase": "Pending"}, "0/2", "Pending"),
        ({"phase": "Failed", "reason": "Evicted"}, "0/2", "Evicted"),
        ({"phase": "Pending", "conditions": [{"type": "PodScheduled", "reason": "SchedulingGated"}]}, "0/2",
         "SchedulingGated"),
        ({"phase": "Pending", "initContainerStatuses": [state("i1", {"waiting": {"reason": "PodInitializing"}})]},
         "0/2", "Init:0/2"),
        ({"phase": "Pending", "initContainerStatuses": [state("i1", {"waiting": {"reason": "ErrImagePull"}})]}, "0/2",
         "Init:ErrImagePull"),
        ({"phase": "Pending", "initContainerStatuses": [state("i1", {"terminated": {"exitCode": 7}})]}, "0/2",
         "Init:ExitCode:7"),
        ({"phase": "Pending", "initContainerStatuses": [state("i1", {"terminated": {"exitCode": 9, "signal": 9}})]},
         "0/2", "Init:Signal:9"),
        ({"phase": "Running",
          "initContainerStatuses": [state("i1", DONE), state("side", RUNNING, started=True, ready=True)],
          "containerStatuses": [state("main", RUNNING, ready=True)]}, "2/2", "Running"),
        ({"phase": "Running", "initContainerStatuses": [state("i1", DONE), state("side", RUNNING)]}, "0/2", "Init:1/2"),
        ({"phase": "Running", "containerStatuses": [state("main", {"waiting": {"reason": "CrashLoopBackOff"}})]}, "0/2",
         "CrashLoopBackOff"),
        ({"phase": "Running", "containerStatuses": [state("main", DONE), state("b", RUNNING, ready=True)]}, "1/2",
         "NotReady"),
        ({"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}],
          "containerStatuses": [state("main", DONE), state("b", RUNNING, ready=True)]}, "1/2", "Running"),
        ({"phase": "Failed", "containerStatuses": [state("main", {"terminated": {"signal": 15}}), state("b", DONE)]},
         "0/2", "Signal:15"),
    ],
)  # fmt: skip
def test_ready_and_status_columns(status: dict[str, Any], ready: str, shown: str) -> None:
    row = cells(kind, {**pod(**INIT), "status": status})
    assert (row["Ready"], row["Status"]) == (ready, shown)


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        ({"phase": "Running"}, "Terminating"),
        ({"phase": "Running", "reason": "NodeLost"}, "Unknown"),
        ({"phase": "Succeeded"}, "Succeeded"),
    ],
)
def test_status_of_a_deleted_pod(status: dict[str, Any], shown: str) -> None:
    deleted = {**pod(), "status": status}
    deleted["metadata"] = {"name": "web", "deletionTimestamp": "2026-01-01T00:00:00Z"}
    assert cells(kind, deleted)["Status"] == shown


def test_restarts_and_wide_columns() -> None:
    ended = [{"terminated": {"finishedAt": f"2026-01-01T0{hour}:00:00Z"}} for hour in (1, 3)]
    status = {
        "phase": "Running",
        "podIPs": [{"ip": "10.244.0.5"}],
        "conditions": [{"type": "example.com/lb", "status": "True"}],
        "containerStatuses": [
            state("a", RUNNING, lastState=ended[0]) | {"restartCount": 4},
            state("b", RUNNING, lastState=ended[1]) | {"restartCount": 7},
        ],
    }
    gates = [{"conditionType": "example.com/lb"}, {"conditionType": "example.com/dns"}]
    row = cells(kind, {**pod(nodeName="node-1", readinessGates=gates), "status": status})
    assert row["Restarts"] == Since("2026-01-01T03:00:00Z", "11 (", " ago)")
    assert (row["IP"], row["Node"], row["Nominated Node"], row["Readiness Gates"]) == (
        "10.244.0.5", "node-1", "<none>", "1/2")  # fmt: skip
