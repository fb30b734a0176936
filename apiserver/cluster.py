"""The composition root: log, store, API, controllers, listeners; started in this order, stopped in reverse."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from datetime import timedelta
from typing import Any

from apiserver import certificates
from apiserver.accounts import Accounts
from apiserver.admission.claim_resize import ClaimResize
from apiserver.admission.default_classes import DefaultClasses
from apiserver.admission.escalation import EscalationCheck
from apiserver.admission.job import JobAdmission
from apiserver.admission.limits import LimitAdmission
from apiserver.admission.namespace_lifecycle import NamespaceLifecycle
from apiserver.admission.pod import PodAdmission
from apiserver.admission.priority import PriorityAdmission
from apiserver.admission.quota import QuotaAdmission
from apiserver.admission.runtimeclass import RuntimeClassAdmission
from apiserver.admission.service_allocation import ServiceAllocation
from apiserver.api import API
from apiserver.authorization import Authorizer
from apiserver.clock import Clock, ManualClock
from apiserver.controllers import (
    clusterroleaggregation,
    cronjob,
    customresources,
    daemonset,
    deployment,
    disruption,
    endpoints,
    endpointslice,
    endpointslicemirroring,
    ephemeralvolume,
    eventexpiry,
    garbagecollector,
    horizontalpodautoscaler,
    job,
    kubelet,
    kubernetes_service,
    namespace,
    nodelifecycle,
    nodes,
    persistentvolumes,
    podgc,
    policystatus,
    priorities,
    provisioner,
    replicaset,
    replicationcontroller,
    resourcequota,
    rootca,
    scheduler,
    serviceaccount,
    serviceaccounttoken,
    serviceaddresses,
    statefulset,
    ttlafterfinished,
    volumeexpand,
)
from apiserver.customkinds import CustomKinds
from apiserver.http.app import App
from apiserver.http.authentication import Authenticator
from apiserver.http.clockdoor import ClockDoor
from apiserver.http.documents import Documents
from apiserver.http.handlers import Handlers
from apiserver.http.health import Health
from apiserver.http.listeners import Listener, PortTaken, open_port, open_unix
from apiserver.http.measures import Measures
from apiserver.http.reviews import Reviews
from apiserver.kind import Kinds
from apiserver.kinds import BUILTIN
from apiserver.reconcile.controller import Controller, Runner
from apiserver.runtime.simulated import SimulatedRuntime
from apiserver.settings import LOGS_REQUESTS, Settings
from apiserver.signing import Signer
from apiserver.storage import Log
from apiserver.storage.retention import compact_regularly
from apiserver.storage.store import Store

LOOPBACK = "127.0.0.1"
CONTROL_PLANE = "192.168.0.1"
"""Where the API server stands in the simulated network of the nodes: an Endpoints object may not name loopback."""

log = logging.getLogger(__name__)


class Cluster:
    """A control plane over a log. start() makes it whole but for the listeners, which listen() opens."""

    def __init__(self, settings: Settings, log: Log, clock: Clock, ca_pem: str) -> None:
        self.settings = settings
        self.clock = clock
        self.store = Store(log)
        self.kinds = Kinds(BUILTIN)
        self._ca_pem = ca_pem
        self._allocation = ServiceAllocation(settings.service_cidr)
        bounded = tuple(kind for kind in BUILTIN if kind.name in ("Pod", "PersistentVolumeClaim"))
        plugins = (
            NamespaceLifecycle(),
            EscalationCheck(),
            LimitAdmission(bounded),
            PodAdmission(),
            PriorityAdmission(),
            RuntimeClassAdmission(),
            JobAdmission(),
            DefaultClasses(),
            ClaimResize(),
            QuotaAdmission(clock),
            self._allocation,
        )
        self.api = API(self.kinds, self.store, clock, plugins)
        self.runtime = SimulatedRuntime(clock, settings.pod_start_delay)
        self.accounts = Accounts(self.api, Signer(settings.state_folder / "sa.key"), settings.issuer)
        self.runner: Runner | None = None
        self._listeners: list[Listener] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._ending: asyncio.Future[None]

    async def start(self, port: int = 6443) -> None:
        """Load the state, make what every cluster has, start the controllers. `port`: what the API is reached at."""
        self._ending = asyncio.get_running_loop().create_future()
        self.store.load()
        is_new = self.store.revision == 0
        CustomKinds(self.api).start()
        self.api.advice.follow(self.api)
        self._allocation.load(self.api)
        await namespace.bootstrap(self.api)
        await priorities.bootstrap(self.api)
        await clusterroleaggregation.bootstrap(self.api)
        await serviceaddresses.bootstrap(self.api, self.settings.service_cidr)
        await kubernetes_service.bootstrap(self.api, self.settings.service_ip, CONTROL_PLANE, port)
        await nodes.bootstrap(self.api, self.settings.nodes, self.settings.pod_cidr)
        if is_new:
            await self.store.compact(self.store.revision)
        self.runner = Runner(self.api, self._controllers(port))
        self.runner.start()
        self._tasks.append(asyncio.create_task(compact_regularly(self.store, self.clock, self.settings.retention)))

    def _controllers(self, port: int) -> list[Controller]:
        return [
            scheduler.controller(),
            kubelet.controller(self.runtime, self.settings.pod_cidr),
            nodes.controller(),
            *nodelifecycle.controllers(),
            podgc.controller(),
            persistentvolumes.controller(),
            provisioner.controller(),
            volumeexpand.controller(),
            ephemeralvolume.controller(),
            endpointslice.controller(),  # before Endpoints, which nobody waits for any more
            endpoints.controller(),
            endpointslicemirroring.controller(),
            *disruption.controllers(),
            resourcequota.controller(),
            replicaset.controller(),
            replicationcontroller.controller(),
            deployment.controller(),
            statefulset.controller(),
            daemonset.controller(),
            job.controller(),
            cronjob.controller(),
            ttlafterfinished.controller(),
            horizontalpodautoscaler.controller(),
            customresources.controller(),
            garbagecollector.controller(),
            namespace.controller(),
            serviceaccount.controller(),
            serviceaccounttoken.controller(self.accounts, self._ca_pem),
            clusterroleaggregation.controller(),
            eventexpiry.controller(),
            kubernetes_service.controller(self.settings.service_ip, CONTROL_PLANE, port),
            rootca.controller(self._ca_pem),
            policystatus.controller(),
            serviceaddresses.controller(),
        ]

    async def listen(self) -> str:
        """Open both doors; returns the URL of the HTTPS one."""
        settings = self.settings
        credentials = certificates.Credentials(settings.state_folder)
        token = credentials.token(settings.token)
        private, public = self.apps(token, f"{LOOPBACK}:{self._tcp.getsockname()[1]}")
        url = f"https://{LOOPBACK}:{self._tcp.getsockname()[1]}"
        certificates.write_kubeconfig(credentials, url, token, settings.name)
        self._listeners = [
            Listener(public, self._tcp, credentials.certificate, credentials.key, credentials.ca_certificate),
            Listener(private, open_unix(settings.state_folder / "api.sock")),
        ]
        for listener in self._listeners:
            await listener.start()
        return url

    def apps(self, token: str, server: str, door: ClockDoor | None = None) -> tuple[App, App]:
        """What answers those who are trusted because they can connect, and what answers all others."""
        health = Health(lambda: not self.store.is_refused, lambda: not self._ending.done())
        documents = Documents(self.kinds, server, self.accounts, health)
        authenticator, authorizer = Authenticator(token, self.accounts), Authorizer(self.api)
        handlers = Handlers(self.api, Reviews(authorizer, self.accounts, authenticator, self.clock))
        parts = (documents, handlers, authenticator, authorizer, door or ClockDoor(self.clock, self.advance))
        shared: dict[str, Any] = {
            "measures": Measures(), "logs_requests": self.settings.verbosity >= LOGS_REQUESTS, "ending": self._ending,
        }  # fmt: skip
        return App(*parts, trusted=True, **shared), App(*parts, trusted=False, **shared)

    async def advance(self, seconds: float) -> None:
        """Move a manual clock, stopping wherever something is due, until the controllers have seen to it."""
        assert isinstance(self.clock, ManualClock)
        assert self.runner is not None
        limit = self.clock.now() + timedelta(seconds=seconds)
        await self.runner.idle()
        while not self.clock.advance_to_next(limit):
            await self.runner.idle()
        await self.runner.idle()
        self.settings.clock_file.write_text(f"{self.clock.now().isoformat()}\n")

    def reserve_port(self) -> int:
        """Bind the TCP port before anything else is done. Raises PortTaken."""
        remembered = self.settings.state_folder / "port"
        wanted = self.settings.port
        if not wanted and remembered.exists():
            with contextlib.suppress(PortTaken, ValueError):
                self._tcp = open_port(LOOPBACK, int(remembered.read_text()))
                return int(self._tcp.getsockname()[1])
        self._tcp = open_port(LOOPBACK, wanted)
        port = int(self._tcp.getsockname()[1])
        remembered.write_text(f"{port}\n")
        return port

    async def stop(self) -> None:
        """End the streams, close the doors behind the requests under way, let the controllers finish, close the log."""
        self._ending.set_result(None)
        await asyncio.gather(*(listener.stop() for listener in self._listeners))
        for task in self._tasks:
            task.cancel()
        if self.runner is not None:
            await self.runner.stop()
        await self.store.close()
