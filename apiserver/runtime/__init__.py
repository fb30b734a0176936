"""What a kubelet runs Pods on. This file is the contract; simulated.py keeps it without running anything.

The idea. A runtime is told which Pods should exist (`start`, `stop`) and reports facts about their containers
(`observe`): this one waits for that reason, runs since then, ended with that exit code, was restarted so many times,
answers its probes or not. It never speaks of phases, conditions or readiness gates: those are conclusions, drawn from
facts by one pure function (objects/podstatus.py). So every runtime gets Kubernetes' conclusions for nothing, and a test
of the conclusions needs no runtime.

    kubelet controller --start(pod), stop(uid)--> Runtime
           ^                                         |
           +------------- observe(uid): facts -------+

`start` is level-triggered like a controller: it is called with the newest version of the Pod, again and again, and
compares. A runtime may outlive the server or not: containers that the Pod's status knows of and the runtime does not
are the runtime's business in `start` (adopt them, or begin anew and count a restart).

The price. Facts that change through nothing but time (a back-off that ends) are announced in the facts themselves,
`again_in_seconds`, and the kubelet looks again then; a runtime with processes of its own needs to say more, and when
one comes, so does a way to be told (`changes`), and with it logs, exec and port forwarding.
"""

from __future__ import annotations

from typing import Any, Protocol

from apiserver.objects.podfacts import PodFacts


class Runtime(Protocol):
    """Where the containers of Pods live. Synchronous: nothing here may wait."""

    scheme: str
    """How its container IDs begin: `containerd`, `simulated`."""

    def start(self, pod: dict[str, Any]) -> None:
        """Make the containers of `pod` what its newest version asks for. Called at every change; idempotent."""

    def stop(self, uid: str) -> None:
        """End the containers of a Pod and forget it; nothing happens if there are none."""

    def farewell_seconds(self, pod: dict[str, Any]) -> float:
        """How long the containers of a Pod take to end once they are told to; 0: at once."""

    def observe(self, uid: str) -> PodFacts:
        """What is known now about a Pod that was started. Raises KeyError for one that was not."""
