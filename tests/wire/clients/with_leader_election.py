"""The official client's leader election: two candidates, one Lease; when the first gives up, the second takes over."""

from __future__ import annotations

import os
import threading

from kubernetes import client, config
from kubernetes.leaderelection.electionconfig import Config
from kubernetes.leaderelection.leaderelection import LeaderElection
from kubernetes.leaderelection.resourcelock.leaselock import LeaseLock

NAMESPACE = os.environ["NAMESPACE"]
SECONDS = 20

config.load_kube_config()
leading = {name: threading.Event() for name in ("first", "second")}
is_refused = threading.Event()


class Candidate(LeaseLock):  # type: ignore[misc]
    """A lock that notes when it was seen in another's hands."""

    def get(self, name: str, namespace: str) -> tuple[bool, object]:
        found, record = super().get(name, namespace)
        if found and self.identity == "second" and record.holder_identity == "first":
            is_refused.set()
        return found, record


def lead_for_a_while() -> None:
    leading["first"].set()
    is_refused.wait(SECONDS)
    raise SystemError("the first leader gives up")


def run(name: str) -> None:
    started = lead_for_a_while if name == "first" else leading[name].set
    lock = Candidate("leader", NAMESPACE, name)
    LeaderElection(
        Config(
            lock, lease_duration=3, renew_deadline=2, retry_period=1, onstarted_leading=started, onstopped_leading=None
        )
    ).run()


def holder() -> str:
    return str(client.CoordinationV1Api().read_namespaced_lease("leader", NAMESPACE).spec.holder_identity)


threading.Thread(target=run, args=["first"], daemon=True).start()
assert leading["first"].wait(SECONDS)
assert holder() == "first"
threading.Thread(target=run, args=["second"], daemon=True).start()
assert is_refused.wait(SECONDS)
assert not leading["second"].is_set()
assert leading["second"].wait(SECONDS)
assert holder() == "second"
os._exit(0)  # the second candidate leads for ever, and an interpreter that ends cannot take its thread along in peace
