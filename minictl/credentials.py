"""Credential plugins: the program a kubeconfig names under `exec`, and its answers (client.authentication.k8s.io).

A plugin is asked when the first request goes out, and again when its answer has expired or the server has turned it
down. Its answer is kept by this process alone: a token on the disk would be one more to guard, and those plugins whose
answers are costly keep them themselves.
"""

from __future__ import annotations

import json
import os
import sys

from minictl.errors import CommandError, ConfigurationError, Unreachable, go_quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Object = dict[str, Any]

GROUP = "client.authentication.k8s.io"
VERSIONS = (f"{GROUP}/v1", f"{GROUP}/v1beta1")
INFO = "KUBERNETES_EXEC_INFO"
"""The variable in which a plugin finds what is wanted of it."""
EXTENSION = f"{GROUP}/exec"
"""The extension of a cluster whose content is handed to plugins."""
_CLUSTER = (
    "server", "tls-server-name", "insecure-skip-tls-verify", "certificate-authority-data", "proxy-url",
    "disable-compression",
)  # fmt: skip
_NOT_INSTALLED = (
    "It looks like you are trying to use a client-go credential plugin that is not installed.\n\n"
    "To learn more about this feature, consult the documentation available at:\n"
    "      https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins"
)


class Plugin:
    """One credential plugin; `host` is the server's name for errors, `now` the time in seconds since 1970."""

    def __init__(self, user_name: str, config: Object, cluster: Object, host: str, now: Callable[[], float]) -> None:
        _check(user_name, config)
        self._config = config
        self._cluster = cluster
        self._host = host
        self._now = now
        self._status: Object | None = None
        self._until: float | None = None

    def headers(self) -> dict[str, str]:
        """What proves to the server who asks.

        Raises:
            Unreachable: the plugin fails, or its answer is of no use.
        """
        token = self._answer().get("token")
        return {"Authorization": f"Bearer {token}"} if token else {}

    def certificate(self) -> str:
        """The client certificate and its key in PEM, "" when the plugin has none.

        Raises:
            Unreachable: the plugin fails, or its answer is of no use.
        """
        status = self._answer()
        pair = [status.get("clientCertificateData"), status.get("clientKeyData")]
        return "\n".join(str(part) for part in pair) if all(pair) else ""

    def refused(self) -> None:
        """The server did not take the answer: the plugin is asked again before the next request."""
        self._status = None

    def expired(self) -> bool:
        """Has the answer to be asked for again?"""
        if self._status is None:
            return True
        return self._until is not None and self._until <= self._now()

    def _answer(self) -> Object:
        if self._status is None or self.expired():
            try:
                status = _read(self._run(), self._config["apiVersion"])
                self._status, self._until = status, _seconds(status.get("expirationTimestamp"))
            except CommandError as error:
                raise Unreachable(self._host, f"getting credentials: {error.message}") from None
        return self._status

    def _run(self) -> bytes:
        import subprocess

        command, interactive = str(self._config["command"]), self._interactive()
        own = {str(pair["name"]): str(pair.get("value", "")) for pair in self._config.get("env") or []}
        try:
            done = subprocess.run(
                [command, *map(str, self._config.get("args") or [])],
                stdin=None if interactive else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                env={**os.environ, **own, INFO: json.dumps(self._wanted(interactive), separators=(",", ":"))},
                check=False,
            )
        except OSError:
            hint = self._config.get("installHint")
            lines = [f"exec: executable {command} not found", _NOT_INSTALLED, *([str(hint)] if hint else [])]
            raise CommandError("\n\n".join(lines)) from None
        if done.returncode:
            code = done.returncode if done.returncode > 0 else -1
            raise CommandError(f"exec: executable {command} failed with exit code {code}")
        return done.stdout

    def _interactive(self) -> bool:
        """May the plugin ask its user something?"""
        mode = self._config.get("interactiveMode") or "IfAvailable"
        if mode == "Never":
            return False
        terminal = sys.stdin is not None and sys.stdin.isatty()
        if mode == "Always" and not terminal:
            raise CommandError("exec plugin cannot support interactive mode: standard input is not a terminal")
        return terminal

    def _wanted(self, interactive: bool) -> Object:
        spec: Object = {"interactive": interactive}
        if self._config.get("provideClusterInfo"):
            told = {key: self._cluster[key] for key in _CLUSTER if self._cluster.get(key)}
            for extension in self._cluster.get("extensions") or []:
                if extension.get("name") == EXTENSION:
                    told["config"] = extension.get("extension")
            spec = {"cluster": told, **spec}
        return {"kind": "ExecCredential", "apiVersion": self._config["apiVersion"], "spec": spec}


def _read(answer: bytes, wanted: str) -> Object:
    """The status of what a plugin printed.

    Raises:
        CommandError: it is of no use.
    """
    try:
        credential = json.loads(answer)
    except ValueError:
        raise CommandError("decoding stdout: couldn't get version/kind; json parse error") from None
    if not isinstance(credential, dict) or credential.get("kind") != "ExecCredential":
        raise CommandError("decoding stdout: the answer is no ExecCredential")
    given = credential.get("apiVersion")
    if given != wanted:
        raise CommandError(f"exec plugin is configured to use API version {wanted}, plugin returned version {given}")
    status = credential.get("status")
    if not isinstance(status, dict):
        raise CommandError("exec plugin didn't return a status field")
    pair = [bool(status.get(key)) for key in ("clientCertificateData", "clientKeyData")]
    if not status.get("token") and not any(pair):
        raise CommandError("exec plugin didn't return a token or cert/key pair")
    if any(pair) and not all(pair):
        raise CommandError("exec plugin returned only certificate or key, not both")
    return status


def _seconds(timestamp: str | None) -> float | None:
    if not timestamp:
        return None
    from datetime import datetime

    try:
        return datetime.fromisoformat(timestamp).timestamp()
    except ValueError:
        raise CommandError(f"decoding stdout: {go_quote(timestamp)} is no time") from None


def _check(user: str, config: Object) -> None:
    """Refuses what no plugin can be run by.

    Raises:
        ConfigurationError: something is missing.
        CommandError: a version of the protocol that is not spoken here.
    """
    purpose = f"for {user} to use exec authentication plugin"
    version, mode = config.get("apiVersion"), config.get("interactiveMode")
    if not config.get("command"):
        raise ConfigurationError(f"command must be specified {purpose}")
    if not version:
        raise ConfigurationError(f"apiVersion must be specified {purpose}")
    if any(not pair.get("name") for pair in config.get("env") or []):
        raise ConfigurationError(f"env variable name must be specified {purpose}")
    if not mode and version != VERSIONS[1]:
        raise ConfigurationError(f"interactiveMode must be specified {purpose}")
    if mode and mode not in ("Never", "IfAvailable", "Always"):
        raise ConfigurationError(f"invalid interactiveMode for {user}: {go_quote(str(mode))}")
    if version not in VERSIONS:
        raise CommandError(f"exec plugin: invalid apiVersion {go_quote(str(version))}")
