"""kubeconfig: the way to the local cluster for kubectl and client libraries."""

from __future__ import annotations

import os

from minictl import cluster, kubeconfig
from minictl.errors import CommandError, UsageError
from minictl.grammar.flags import Command, Flag

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minictl.grammar.flags import Flags
    from minictl.session import Session

FLAGS = (
    Flag("path", "bool", help="print only where the file is"),
    Flag("merge", "bool", help="add the cluster to your own kubeconfig ($KUBECONFIG or ~/.kube/config) and use it"),
)


def run(session: Session, flags: Flags, args: list[str]) -> None:
    """Prints the file, its path, or merges it."""
    if args:
        raise UsageError(f"unexpected arguments: [{' '.join(args)}]", session.path)
    folder = cluster.Folder(session.cluster_name, session.environ)
    if not folder.answers():
        cluster.autostart(session, folder)
    if flags.on("path"):
        session.say(folder.kubeconfig)
    elif flags.on("merge"):
        session.say(_merge(session, folder))
    else:
        try:
            with open(folder.kubeconfig, encoding="utf-8") as file:
                session.out.write(file.read())
        except OSError as error:
            raise CommandError(f"cannot read {folder.kubeconfig}: {error.strerror}") from None


def _merge(session: Session, folder: cluster.Folder) -> str:
    own = kubeconfig.Kubeconfig([folder.kubeconfig])
    paths = [session.flags.text("kubeconfig")] if session.flags.text("kubeconfig") else []
    paths = paths or kubeconfig.paths_from_environment(dict(session.environ))
    theirs = kubeconfig.Kubeconfig(paths or [os.path.join(os.path.expanduser("~"), ".kube", "config")])
    for section in kubeconfig.SECTIONS:
        for name, value in own.entries(section, resolve=True).items():
            theirs.set_entry(section, name, value)
    theirs.set_current_context(own.current_context)
    theirs.save()
    return f'Merged the context "{own.current_context}" into {theirs.default_path()}, and switched to it'


command = Command("kubeconfig", run, usage="kubeconfig [--cluster NAME] [--path | --merge]", flags=FLAGS)
