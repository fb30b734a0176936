"""How a cluster is set up. Read before anything that takes long to import."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path

from apiserver.storage.retention import Retention

LOGS_REQUESTS = 3


class CannotStart(Exception):
    """Why, in one line."""


@dataclass(frozen=True)
class Settings:
    """How one cluster is set up. `port` 0: the last one used, else any; `nodes` 0: Pods stay Pending."""

    state_folder: Path
    name: str = "minictl"
    port: int = 0
    nodes: int = 3
    service_cidr: str = "10.96.0.0/16"
    pod_cidr: str = "10.244.0.0/16"
    token: str = ""
    cluster_domain: str = "cluster.local"
    in_memory: bool = False
    clock: str = "system"
    """"manual": time stands still until somebody moves it."""
    pod_start_delay: float = 0.0
    """Seconds that a node takes to get a Pod ready for its containers."""
    verbosity: int = 0
    """From LOGS_REQUESTS on, every request is a line in the log."""

    keep_revisions: int = Retention.revisions
    keep_history: float = Retention.seconds
    """Seconds; of this and keep_revisions, what is more counts."""

    @property
    def retention(self) -> Retention:
        """In memory a busy hour would take too much of it: there, only revisions count."""
        return Retention(self.keep_revisions, 0.0 if self.in_memory else self.keep_history)

    @property
    def log_file(self) -> Path:
        return (self.state_folder / "log.db").absolute()

    @property
    def clock_file(self) -> Path:
        """Where a manual clock stood last: time does not go back when the server is started again."""
        return self.state_folder / "clock"

    @property
    def service_ip(self) -> str:
        """The ClusterIP of the `kubernetes` Service: the first of the range."""
        return str(ip_network(self.service_cidr)[1])

    @property
    def issuer(self) -> str:
        """Who signs the tokens of ServiceAccounts."""
        return f"https://kubernetes.default.svc.{self.cluster_domain}"
