"""`python -m apiserver --state-dir DIR`: flags -> Settings -> a Cluster that runs until SIGTERM or SIGINT.

The only reader of the server's argv. Whatever is wrong with the flags, the port, or the log is one line on stderr and
exit code 1. What takes long to import is imported by running.py, while keys are made where there are none.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import logging
import os
import resource
import sys
from dataclasses import asdict, fields
from ipaddress import ip_network
from pathlib import Path
from typing import IO, Any

from apiserver import certificates, garbage
from apiserver.clock import SystemClock
from apiserver.settings import CannotStart, Settings

KEPT = (
    "nodes",
    "service_cidr",
    "pod_cidr",
    "cluster_domain",
    "clock",
    "pod_start_delay",
    "keep_revisions",
    "keep_history",
)
"""Settings that a cluster keeps from its first start on, unless a flag says otherwise."""
MAX_START_SECONDS = 3600.0
MAX_KEPT_SECONDS = 366 * 86400.0
ROOT_MODE = 0o700
PRIVATE = 0o077
"""What no file or socket made here grants to anybody else."""


def parser() -> argparse.ArgumentParser:
    flags = argparse.ArgumentParser(prog="python -m apiserver", description="A small Kubernetes control plane.")
    flags.add_argument(
        "--state-dir", required=True, type=Path, metavar="DIR", help="where the cluster keeps everything"
    )
    flags.add_argument("--name", help="the name of the cluster in its kubeconfig")
    flags.add_argument("--port", type=int, help="TCP port on 127.0.0.1 (default: the last one, or a free one)")
    flags.add_argument("--nodes", type=int, help="simulated nodes (default 3; 0: Pods stay Pending)")
    flags.add_argument("--service-cidr", metavar="CIDR", help="addresses of Services (default 10.96.0.0/16)")
    flags.add_argument("--pod-cidr", metavar="CIDR", help="addresses of Pods (default 10.244.0.0/16)")
    flags.add_argument("--token", help="the administrator's bearer token (default: a random one, kept)")
    flags.add_argument("--cluster-domain", metavar="DOMAIN", help="DNS domain (default cluster.local)")
    flags.add_argument("--clock", choices=("system", "manual"), help="manual: time stands still until it is moved")
    flags.add_argument("--pod-start-delay", type=float, metavar="SECONDS", help="what nodes take to start a Pod (0)")
    flags.add_argument("--keep-revisions", type=int, metavar="N", help="history that is kept at least (default 10000)")
    flags.add_argument("--keep-history", type=float, metavar="SECONDS", help="and for how long (default 3600)")
    flags.add_argument("-v", "--verbosity", type=int, metavar="LEVEL", help="3 and more: log every request (default 0)")
    flags.add_argument("--in-memory", action="store_true", help="keep nothing on disk")
    return flags


def settings_from(arguments: list[str]) -> Settings:
    """Flags over what the cluster was started with before. Raises CannotStart."""
    given = {k: v for k, v in vars(parser().parse_args(arguments)).items() if v is not None}
    folder: Path = given.pop("state_dir")
    folder.mkdir(parents=True, exist_ok=True, mode=ROOT_MODE)
    kept: dict[str, Any] = {}
    file = folder / "settings.json"
    if file.exists():
        try:
            kept = json.loads(file.read_text())
        except ValueError as error:
            raise CannotStart(f"cannot read {file}: {error}") from None
    known = {f.name for f in fields(Settings)}
    settings = Settings(state_folder=folder, **{k: v for k, v in {**kept, **given}.items() if k in known})
    _check(settings)
    file.write_text(json.dumps({k: v for k, v in asdict(settings).items() if k in KEPT}, indent=1) + "\n")
    return settings


def _check(settings: Settings) -> None:
    for flag, cidr in (("--service-cidr", settings.service_cidr), ("--pod-cidr", settings.pod_cidr)):
        try:
            network = ip_network(cidr)
        except ValueError as error:
            raise CannotStart(f"{flag}: {error}") from None
        if network.version != 4 or not 8 <= network.prefixlen <= 28:
            raise CannotStart(f"{flag}: {cidr} is not an IPv4 range between /8 and /28")
    if not 0 <= settings.port <= 65535:
        raise CannotStart(f"--port: {settings.port} is not a TCP port")
    if not 0 <= settings.pod_start_delay <= MAX_START_SECONDS:
        raise CannotStart(f"--pod-start-delay: {settings.pod_start_delay} is not between 0 and {MAX_START_SECONDS}")
    if settings.keep_revisions < 0 or not 0 <= settings.keep_history <= MAX_KEPT_SECONDS:
        raise CannotStart("--keep-revisions and --keep-history: not below 0, and a year at most")
    if not 0 <= settings.nodes <= 250:
        raise CannotStart(f"--nodes: {settings.nodes} is not between 0 and 250")


def lock(folder: Path) -> IO[str]:
    """Hold DIR/pid for as long as this process lives: one server per log. Raises CannotStart."""
    file = (folder / "pid").open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.seek(0)
        raise CannotStart(f"another server (pid {file.read().strip()}) already serves {folder}") from None
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file


def allow_many_connections() -> None:
    """Take as many file descriptors as the system lets us have: by default it is often 1,024, one for each client."""
    wanted = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with contextlib.suppress(ValueError, OSError):  # "unlimited" is more than some systems give
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, wanted))


def main() -> int:
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    os.umask(PRIVATE)
    garbage.ignore()
    allow_many_connections()
    try:
        settings = settings_from(sys.argv[1:])
        held = lock(settings.state_folder)
        credentials = certificates.Credentials(settings.state_folder)
        await_keys = certificates.ensure_beside(
            credentials, SystemClock().now(), settings.service_ip, settings.cluster_domain
        )
        from apiserver.running import serve

        serve(settings, credentials, await_keys)
        held.truncate(0)
    except (CannotStart, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
