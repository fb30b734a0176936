"""config: the group of commands about kubeconfig files."""

from __future__ import annotations

from minictl.grammar.flags import Command

_READ, _WRITE = "minictl.commands.config_read", "minictl.commands.config_write"
command = Command(
    "config",
    usage="config COMMAND",
    details="--kubeconfig names the file to work on; else $KUBECONFIG lists them; else it is the local cluster's.",
    children={
        "view": (_READ, "Show the merged kubeconfig, secrets left out"),
        "get-contexts": (_READ, "List contexts"),
        "current-context": (_READ, "Print the current context"),
        "get-clusters": (_READ, "List clusters"),
        "get-users": (_READ, "List users"),
        "use-context": (_WRITE, "Make a context the current one"),
        "use": (_WRITE, "Make a context the current one"),
        "set-context": (_WRITE, "Create or change a context"),
        "set-cluster": (_WRITE, "Create or change a cluster"),
        "set-credentials": ("minictl.commands.config_credentials", "Create or change a user"),
        "rename-context": (_WRITE, "Give a context another name"),
        "delete-context": (_WRITE, "Remove a context"),
        "delete-cluster": (_WRITE, "Remove a cluster"),
        "delete-user": (_WRITE, "Remove a user"),
        "set": (_WRITE, "Set one value"),
        "unset": (_WRITE, "Remove one value"),
    },
)
