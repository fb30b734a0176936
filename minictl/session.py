"""All that a command may touch: streams, server, namespace, printers, exit status.

Writing a command: a module minictl/commands/NAME.py, and a line in the table of minictl/cli.py. Shared flags are in
minictl/grammar/options.py.

    FLAGS = (*options.FILES, Flag("replicas", "int", help="how many replicas to have"), *options.OUTPUT)
    USAGE = "scale (-f FILE | TYPE NAME) --replicas=COUNT"
    def run(session: Session, flags: Flags, args: list[str]) -> int | None: ...
    command = Command("scale", run, usage=USAGE, flags=FLAGS, required=("replicas",))

What it has at hand:
    session.client.get/list/create/update/patch/delete/watch(path, ...)    refusals raise ServerError
    session.resources.find("po"), .of_kind("apps/v1", "Deployment")        a Resource: .path(ns, name), .label
    session.namespace, session.namespace_enforced                          -n, or the context's; was -n given?
    targets.select(session, args, Choice(...)), targets.fetch(...)         arguments and -f to Targets, and to objects
    manifests.read(...), targets.from_manifest(...)                        the documents of files, one by one
    session.say("text"), session.note("text"), session.warn("text")        a line on stdout, on stderr; `Warning: text`
    report = session.reporter(flags)                                       what was done to one object, as -o asks for
    report(target_or_resource, object, "created", dry_run="none")          `pod/web created`
    raise CommandError | UsageError | PlainError | Silent(exit_code)       minictl/errors.py, with raise_all([...])

Nothing heavy is imported at a module's head: yaml, ssl, subprocess, typing, dataclasses, typer and rich cost more than
all the rest. Annotations are strings (from __future__), so names used only in them are imported under TYPE_CHECKING.
"""

from __future__ import annotations

import os
import sys

from minictl.errors import CommandError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from typing import Any, TextIO

    from minictl.client import Client
    from minictl.grammar.flags import Flags
    from minictl.kubeconfig import Kubeconfig, Place
    from minictl.resources import Resource, Resources
    from minictl.steps.targets import Target

    Object = dict[str, Any]

DEFAULT_CLUSTER = "default"
TRACED = 6
"""From this level of -v on requests are told."""
CLOCK = "/minictl.dev/clock"
"""Where a local cluster tells the time."""
CREDENTIALS = ("token", "client-certificate", "username", "user")
"""Flags that say who asks."""
TIMEOUT_SENTENCE = (
    "Invalid timeout value. Timeout must be a single integer in seconds, or an integer followed by a corresponding "
    "time unit (e.g. 1s | 2m | 3h)"
)


class Session:
    """One run of one command. Everything costly is made when it is first asked for."""

    def __init__(
        self,
        flags: Flags,
        *,
        path: str = "",
        args: Sequence[str] = (),
        commands: Collection[str] = (),
        out: TextIO | None = None,
        err: TextIO | None = None,
        dash: int = -1,
    ) -> None:
        self.flags = flags
        self.args = args
        self.commands = commands
        """The names of all commands there are."""
        self.path = path
        """How the command was called, for its usage sentences (`config view`)."""
        self.out = out or sys.stdout
        self.err = err or sys.stderr
        self.stdin = getattr(sys.stdin, "buffer", None)
        self.environ = os.environ
        self.dash = dash
        """How many arguments came before `--`; -1 without one."""
        self._warned: set[str] = set()
        self._client: Client | None = None
        self._resources: Resources | None = None
        self._kubeconfig: Kubeconfig | None = None
        self._place: Place | None = None

    def close(self) -> None:
        """Hangs up."""
        if self._client is not None:
            self._client.connection.close()

    # --- streams

    def say(self, text: str) -> None:
        """A line on stdout."""
        self.out.write(f"{text}\n")

    def note(self, text: str) -> None:
        """A line on stderr, after everything said so far."""
        self.out.flush()
        self.err.write(f"{text}\n")
        self.err.flush()

    def warn(self, text: str) -> None:
        """`Warning: ...` on stderr, yellow on a terminal; the same text only once."""
        if text in self._warned:
            return
        self._warned.add(text)
        coloured = self.err.isatty() and self.environ.get("TERM") != "dumb" and not self.environ.get("NO_COLOR")
        self.note(f"\x1b[33;1mWarning:\x1b[0m {text}" if coloured else f"Warning: {text}")

    def hint(self, text: str) -> None:
        """A line of advice on stderr, for people only: nothing where stderr is no terminal."""
        if self.err.isatty():
            self.note(text)

    @property
    def terminal(self) -> bool:
        """Does a person look at stdout? Only then may there be colour or movement."""
        return self.out.isatty() and not self.environ.get("NO_COLOR") and self.environ.get("TERM") != "dumb"

    @property
    def warned(self) -> int:
        """How many warnings were printed."""
        return len(self._warned)

    # --- where to

    @property
    def is_local(self) -> bool:
        """No kubeconfig is in play: the local cluster it is."""
        return not (
            self.flags.text("kubeconfig")
            or self.flags.text("context")
            or (self.flags.text("server") and not self.path.startswith("config "))
            or self.environ.get("KUBECONFIG")
            or self._inside is not None
        )

    @property
    def _inside(self) -> Place | None:
        """The cluster that this runs in, as a Pod of it."""
        if "KUBERNETES_SERVICE_HOST" not in self.environ:
            return None
        from minictl import kubeconfig

        return kubeconfig.inside(self.environ)

    def now(self) -> float:
        """Seconds since 1970 by the clock of the cluster: that of a local one may stand still."""
        import time

        from minictl.cluster import Folder
        from minictl.texts.ages import seconds_of

        if self.is_local and Folder(self.cluster_name, self.environ).stands_still():
            return seconds_of(self.client.get(CLOCK)["now"])
        return time.time()

    @property
    def cluster_name(self) -> str:
        """The local cluster's name."""
        return self.flags.text("cluster") or self.environ.get("MINICTL_CLUSTER") or DEFAULT_CLUSTER

    @property
    def kubeconfig(self) -> Kubeconfig:
        """The kubeconfig in play (that of the local cluster when none is)."""
        if self._kubeconfig is None:
            from minictl import kubeconfig

            explicit = self.flags.text("kubeconfig")
            if explicit:
                paths = [explicit]
            elif self.environ.get("KUBECONFIG"):
                paths = kubeconfig.paths_from_environment(dict(self.environ))
            elif self.is_local:
                from minictl import cluster

                paths = [cluster.Folder(self.cluster_name, self.environ).kubeconfig]
            else:
                paths = [os.path.join(os.path.expanduser("~"), ".kube", "config")]
            self._kubeconfig = kubeconfig.Kubeconfig(paths, explicit=bool(explicit))
        return self._kubeconfig

    @property
    def place(self) -> Place:
        """The server, user and namespace of the context in play; only where a kubeconfig is."""
        if self._place is None:
            flags = self.flags
            cluster = "" if self.is_local else flags.text("cluster")
            named = any(flags.text(name) for name in ("kubeconfig", "context", "server")) or self.environ.get(
                "KUBECONFIG"
            )
            self._place = (None if named else self._inside) or self.kubeconfig.place(
                flags.text("context"), cluster, flags.single("user")
            )
        return self._place

    @property
    def namespace(self) -> str:
        if self.flags.text("namespace"):
            return self.flags.text("namespace")
        if self.is_local:
            return self.environ.get("MINICTL_NAMESPACE") or self._local_namespace() or "default"
        return self.place.namespace or "default"

    def _local_namespace(self) -> str:
        """The namespace kept for the local cluster (`config set-context --current --namespace`)."""
        from minictl import cluster

        folder = cluster.Folder(self.cluster_name, self.environ)
        return self.place.namespace if folder.keeps_namespace() else ""

    @property
    def namespace_enforced(self) -> bool:
        """Was a namespace asked for, so that a manifest may not name another?"""
        return bool(self.flags.text("namespace"))

    @property
    def timeout(self) -> float | None:
        """--request-timeout in seconds, None for none."""
        text = self.flags.text("request-timeout")
        from minictl.grammar.flags import parse_duration

        try:
            seconds = float(int(text)) if text.lstrip("-").isdigit() else parse_duration(text)
        except ValueError:
            raise CommandError(TIMEOUT_SENTENCE) from None
        return seconds or None

    @property
    def _is_somebody(self) -> bool:
        """Do flags say who asks? Behind the socket of the local cluster everybody is its administrator."""
        return any(self.flags.single(name) for name in CREDENTIALS)

    # --- the server

    @property
    def client(self) -> Client:
        """The connection to the server; starts the local one if need be.

        Raises:
            CommandError: there is no server, or it must not be started.
        """
        if self._client is None:
            from minictl import connecting

            timeout = self.timeout
            if self.is_local:
                from minictl import cluster

                folder = cluster.Folder(self.cluster_name, self.environ)
                if not folder.answers():
                    cluster.autostart(self, folder)
                if not self._is_somebody:
                    headers = connecting.impersonation(self.flags)
                    self._client = connecting.local(folder.socket, timeout, self.warn, headers)
            if self._client is None:
                self._client = connecting.remote(self.place, self.flags, timeout, self.warn)
            if self.flags.number("v") >= TRACED:
                from minictl.tracing import Tracer

                self._client.tracer = Tracer(self.flags.number("v"), self.note)
        return self._client

    @property
    def resources(self) -> Resources:
        """What the server serves."""
        if self._resources is None:
            from minictl.resources import Resources

            self._resources = Resources(self.client, self._discovery_cache())
        return self._resources

    def _discovery_cache(self) -> str | None:
        if self.is_local:
            return None  # a round trip over the socket costs less than reading a file
        base = self.flags.text("cache-dir") or self.environ.get("KUBECACHEDIR")
        if not base:
            base = os.path.join(self.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "minictl")
        safe = "".join(c if c.isalnum() or c in ".-" else "_" for c in self.client.connection.host + self.client.prefix)
        return os.path.join(base, "discovery", f"{safe}.json")

    # --- printing

    def reporter(self, flags: Flags) -> Callable[..., None]:
        """A function that tells what was done to one object, in the form -o asks for.

        report(target_or_resource, object, "created", dry_run="none"|"client"|"server")
        """
        from minictl import output

        printer = output.object_printer(flags) if flags.text("output") not in ("", "name") else None
        only_name = flags.text("output") == "name"

        def report(what: Target | Resource, object: Object, done: str, dry_run: str = "none") -> None:
            if printer is not None:
                self.out.write(printer(object))
                return
            from minictl.resources import Resource

            resource = what if isinstance(what, Resource) else what.resource
            name = (object.get("metadata") or {}).get("name") or "<unknown>"
            suffix = {"client": " (dry run)", "server": " (server dry run)"}.get(dry_run, "")
            self.say(f"{resource.label}/{name}" + ("" if only_name else f" {done}{suffix}"))

        return report
