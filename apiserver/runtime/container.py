"""One simulated container: a state, and the moment at which it changes by itself.

    begin -> Running -> (its command ends, its Pod says that it ends, it crashes) -> end
          -> over for good, or again: at once the first time, then after 10, 20, 40 ... at most 300 seconds, as long as
             it does not stay up for ten minutes

The rules of restarting and of back-off are the kubelet's.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from apiserver.clock import timestamp
from apiserver.objects.podfacts import ContainerFacts, Running, State, Terminated, Waiting
from apiserver.runtime.commands import Ending

FIRST_BACKOFF_SECONDS = 10.0
LONGEST_BACKOFF_SECONDS = 300.0
STABLE_SECONDS = 600.0
"""A container that ran for so long starts its back-off anew."""
KILLED = (137, "Error")
"""How a container ends that is taken away while it runs."""
LOST = Terminated(
    KILLED[0],
    "ContainerStatusUnknown",
    started_at="",
    finished_at="",
    message="The container could not be located when the pod was terminated",
)
"""What is said of a container that does not run when its Pod is taken away."""
PULL_RETRY_SECONDS = 10.0
"""How long a failed pull is an error, before it is a back-off."""


@dataclass(slots=True)
class Container:
    """`comes_back` tells of an exit code whether it is started again after that; `whom` names it in messages."""

    name: str
    image: str
    comes_back: Callable[[int], bool]
    whom: str
    scheme: str
    ending: Ending | None = None
    start_seconds: float = 0.0
    """From its start until its startup probe succeeds."""
    ready_seconds: float = 0.0
    """From its start until its readiness probe succeeds."""
    failing: str = ""
    """The probe that always fails: `Startup`, `Liveness` or `Readiness`."""
    farewell: str = ""
    """The message that its command leaves behind."""
    patience_seconds: float = 0.0
    """From its start until it is killed because of that."""
    container_id: str = ""
    state: State = field(default_factory=lambda: Waiting("ContainerCreating"))
    last: Terminated | None = None
    restarts: int = 0
    ready: bool = False
    started: bool = False
    since: datetime | None = None
    """When the running instance was started."""
    ends: datetime | None = None
    """When its command ends."""
    crashes: int = 0
    """How often in a row it ended since it last stayed up."""
    resumes: datetime | None = None
    """When a container in back-off is started again."""

    @property
    def runs(self) -> bool:
        return isinstance(self.state, Running)

    @property
    def is_over(self) -> bool:
        """Whether it has ended and its restartPolicy leaves it at that."""
        return isinstance(self.state, Terminated) and not self.comes_back(self.state.exit_code)

    @property
    def is_killed_by_probe(self) -> bool:
        return self.failing in ("Startup", "Liveness")

    @property
    def exit_code(self) -> int:
        """How the running instance ends by itself."""
        return self.ending.exit_code if self.ending is not None and not self._dies_first() else KILLED[0]

    def begin(self, now: datetime) -> None:
        if isinstance(self.state, Terminated):
            self.last = self.state
        if self.container_id:
            self.restarts += 1
        self.container_id = f"{self.scheme}://{random.getrandbits(256):064x}"
        self.state, self.since, self.resumes = Running(timestamp(now)), now, None
        self.ends = self.end_of_instance(now)

    def end_of_instance(self, since: datetime) -> datetime | None:
        """When an instance started then ends by itself: its command is over, or a probe has failed too often."""
        lengths = [self.ending.seconds] if self.ending is not None else []
        lengths += [self.patience_seconds] if self.is_killed_by_probe else []
        return since + timedelta(seconds=min(lengths)) if lengths else None

    @property
    def last_words(self) -> str:
        """The message of the running instance when it ends by itself."""
        return "" if self.ending is None or self._dies_first() else self.farewell

    def _dies_first(self) -> bool:
        return self.is_killed_by_probe and self.ending is not None and self.patience_seconds < self.ending.seconds

    def end(self, now: datetime, exit_code: int, reason: str, message: str = "") -> None:
        """It has ended; what follows is up to its restartPolicy."""
        stayed = self.since is not None and (now - self.since).total_seconds() >= STABLE_SECONDS
        self.state = self._ended(now, exit_code, reason, message)
        self.ends = self.resumes = None
        self.crashes = 1 if stayed else self.crashes + 1
        if self.is_over:
            return
        if self.crashes == 1:
            self.resumes = now
            return
        seconds = backoff_seconds(self.crashes)
        self.resumes, self.last = now + timedelta(seconds=seconds), self.state
        self.state = Waiting("CrashLoopBackOff", f"back-off {go_duration(seconds)} restarting failed {self.whom}")

    def restart(self, now: datetime) -> None:
        """It is stopped and started again, which is nobody's failure."""
        self.state = self._ended(now, *KILLED)
        self.begin(now)

    def retire(self, now: datetime) -> None:
        """It is asked to end, with those that it ran for, and does so in good order."""
        if self.runs:
            self.state = self._ended(now, 0, "Completed")
        self.ready, self.started, self.ends, self.resumes = False, False, None, None

    def kill(self, now: datetime) -> None:
        """It is taken away for good."""
        if self.runs:
            self.state = self._ended(now, *KILLED)
        self.ready, self.started, self.ends, self.resumes = False, False, None, None

    def lose(self) -> None:
        """Its Pod has been taken away while it did not run."""
        if isinstance(self.state, Waiting):
            self.state = LOST

    def lose_image(self, now: datetime) -> None:
        if self.runs:
            self.last = self._ended(now, *KILLED)
        self.state = Waiting("ImagePullBackOff", f'Back-off pulling image "{self.image}"')
        self.crashes, self.resumes, self.ends = 0, None, None

    def miss_image(self, now: datetime, since: datetime) -> None:
        """The registry does not have its image: an error at first, then the kubelet tries again later and later."""
        name = self.image if "/" in self.image else f"docker.io/library/{self.image}"
        problem = f'failed to pull and unpack image "{name}": failed to resolve reference "{name}": {name}: not found'
        self.resumes = since + timedelta(seconds=PULL_RETRY_SECONDS)
        if now < self.resumes:
            self.state = Waiting("ErrImagePull", problem)
        else:
            text = f'Back-off pulling image "{self.image}": ErrImagePull: {problem}'
            self.state, self.resumes = Waiting("ImagePullBackOff", text), None

    def probe(self, now: datetime, *, answers: bool) -> datetime | None:
        """Ask its probes; when they will say something else by themselves."""
        if not self.runs or self.since is None:
            self.started = self.ready = False
            return None
        starts = self.since + timedelta(seconds=self.start_seconds)
        readies = self.since + timedelta(seconds=max(self.start_seconds, self.ready_seconds))
        self.started = now >= starts and self.failing != "Startup"
        self.ready = answers and now >= readies and self.failing not in ("Startup", "Readiness")
        return next((moment for moment in (starts, readies) if moment > now), None)

    def facts(self) -> ContainerFacts:
        return ContainerFacts(
            name=self.name,
            image=self.image,
            state=self.state,
            container_id=self.container_id,
            restarts=self.restarts,
            ready=self.ready,
            started=self.started,
            last=self.last,
            failing=self.failing,
        )

    def _ended(self, now: datetime, exit_code: int, reason: str, message: str = "") -> Terminated:
        started_at = self.state.started_at if isinstance(self.state, Running) else timestamp(now)
        return Terminated(exit_code, reason, started_at, timestamp(now), self.container_id, message)


def backoff_seconds(crashes: int) -> float:
    """How long a container waits after its `crashes`th end in a row (from the second on)."""
    return float(min(FIRST_BACKOFF_SECONDS * 2 ** min(crashes - 2, 10), LONGEST_BACKOFF_SECONDS))


def go_duration(seconds: float) -> str:
    """`10s`, `1m20s`, `5m0s`."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"
