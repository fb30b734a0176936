"""up: start the local cluster."""

from __future__ import annotations

from minictl import cluster
from minictl.errors import CommandError, UsageError
from minictl.grammar.flags import Command, Flag
from minictl.steps.spinning import Spinner

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minictl.grammar.flags import Flags
    from minictl.session import Session

FLAGS = (
    Flag("port", "int", help="port of the HTTPS address on 127.0.0.1; the one of last time, or a free one"),
    Flag("nodes", "int", default=3, help="how many simulated nodes; with none, Pods stay Pending"),
    Flag("service-cidr", help="addresses of Services (10.96.0.0/16)"),
    Flag("pod-cidr", help="addresses of Pods (10.244.0.0/16)"),
    Flag("token", help="bearer token of the administrator; the one of last time, or a random one"),
    Flag("cluster-domain", help="domain of the cluster's DNS names (cluster.local)"),
    Flag("clock", help="system, or manual: time stands still until `minictl clock advance` moves it"),
    Flag("pod-start-delay", "seconds", help="how long a node takes to start a Pod (a duration: 2s); 0 unless said"),
    Flag("keep-revisions", "int", help="how many revisions of history are kept at least (10000)"),
    Flag("keep-history", "seconds", help="and for how long (a duration: 1h); watches and lists can go back as far"),
    Flag("verbosity", "int", help="3 and more: every request is a line in the server's log"),
    Flag("in-memory", "bool", help="keep nothing on disk: all is gone when it stops"),
)


def run(session: Session, flags: Flags, args: list[str]) -> None:
    """Starts the server and returns when it is ready."""
    if args:
        raise UsageError(f"unexpected arguments: [{' '.join(args)}]", session.path)
    folder = cluster.Folder(session.cluster_name, session.environ)
    options: list[str] = []
    for flag in FLAGS:
        if flags.given(flag.name):
            value = str(flags.seconds(flag.name)) if flag.type == "seconds" else flags.text(flag.name)
            options += [f"--{flag.name}"] if flag.type == "bool" else [f"--{flag.name}={value}"]
    pid = folder.pid()
    if pid and options:
        raise CommandError(
            f'the local cluster "{folder.name}" is already running (process {pid}) and keeps its settings; '
            "stop it first: minictl down"
        )
    with Spinner(session, f'starting the local cluster "{folder.name}"'):
        started = cluster.start(folder, options)
    state = "is ready" if started else "is already running"
    session.say(f'The local cluster "{folder.name}" {state} (process {folder.pid()}, {folder.path})')
    session.hint(f"For kubectl and client libraries: export KUBECONFIG={folder.kubeconfig}")


command = Command("up", run, usage="up [--cluster NAME] [flags]", flags=FLAGS)
