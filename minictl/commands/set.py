"""set: one thing of existing objects; each command below it has a module of its own."""

from __future__ import annotations

from minictl.grammar.flags import Command

_C = "minictl.commands.set_"
command = Command(
    "set",
    usage="set SUBCOMMAND",
    children={
        "env": (_C + "env", "Set environment variables"),
        "image": (_C + "image", "Set the images of containers"),
        "resources": (_C + "resources", "Set requests and limits"),
        "selector": (_C + "selector", "Set the selector of a Service"),
        "serviceaccount": (_C + "serviceaccount", "Set the ServiceAccount of Pods"),
        "subject": (_C + "subject", "Add users, groups and ServiceAccounts to a binding"),
        "sa": (_C + "serviceaccount", "Set the ServiceAccount of Pods"),
    },
)
