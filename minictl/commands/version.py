"""version: what client and server are."""

from __future__ import annotations

from minictl.errors import VERSION, CommandError
from minictl.grammar.flags import Command, Flag

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.session import Session

KUSTOMIZE = "v5.8.0"
FLAGS = (
    Flag("client", "bool", help="only the client: no server is asked"),
    Flag("output", "string", "o", help="yaml or json"),
)


def run(session: Session, flags: Flags, args: list[str]) -> None:
    """Prints the versions, as lines or as a document."""
    if args and not flags.on("client"):
        raise CommandError(f"extra arguments: {args!r}".replace("'", "").replace(", ", " "))
    form = flags.text("output")
    if form not in ("", "yaml", "json"):
        raise CommandError("--output must be 'yaml' or 'json'")
    versions: dict[str, Any] = {"clientVersion": client_version(), "kustomizeVersion": KUSTOMIZE}
    failure: CommandError | None = None
    if not flags.on("client"):
        try:
            versions["serverVersion"] = session.client.get("/version")
        except CommandError as error:
            failure = error
    _print(session, form, versions)
    if failure is not None:
        raise failure


def _print(session: Session, form: str, versions: dict[str, Any]) -> None:
    if form:
        from minictl.output import structured

        session.out.write(structured.to_json(versions) if form == "json" else structured.to_yaml(versions))
        return
    session.say(f"Client Version: {versions['clientVersion']['gitVersion']}")
    session.say(f"Kustomize Version: {KUSTOMIZE}")
    if "serverVersion" in versions:
        session.say(f"Server Version: {versions['serverVersion'].get('gitVersion', '')}")


def client_version() -> dict[str, str]:
    """The client's version in the form of the server's /version."""
    import platform

    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    return {
        "buildDate": "1970-01-01T00:00:00Z",
        "compiler": platform.python_implementation().lower(),
        "gitCommit": "",
        "gitTreeState": "",
        "gitVersion": f"{VERSION}+minictl",
        "goVersion": f"python{platform.python_version()}",
        "major": "1",
        "minor": "36",
        "platform": f"{platform.system().lower()}/{machine}",
    }


command = Command("version", run, usage="version [--client] [-o yaml|json]", flags=FLAGS)
