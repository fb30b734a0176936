"""Credential plugins, by a shell script that says what a test wants of it and counts how often it was asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from minictl.credentials import Plugin
from minictl.errors import CommandError, ConfigurationError, Unreachable
from minictl.kubeconfig import Kubeconfig
from tests.server import Server

V1 = "client.authentication.k8s.io/v1"
SCRIPT = """#!/bin/sh
echo asked >> {folder}/asked
printf '%s' "$KUBERNETES_EXEC_INFO" > {folder}/info
printf '%s %s' "$1" "$COLOUR" > {folder}/words
cat {folder}/answer
exit {status}
"""
NOON = "2026-01-01T12:00:00Z"
NOON_SECONDS = 1767268800.0
Make = Callable[..., Plugin]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def plugin(answer: object, status: int = 0, now: Callable[[], float] = lambda: 0.0, **config: Any) -> Plugin:
        program(tmp_path, answer, status)
        config = {"apiVersion": V1, "command": str(tmp_path / "plugin"), "interactiveMode": "Never", **config}
        cluster = {
            "server": "https://there", "certificate-authority": "/ca",
            "extensions": [{"name": "client.authentication.k8s.io/exec", "extension": {"audience": "a"}}],
        }  # fmt: skip
        return Plugin("me", config, cluster, "there:443", now)

    return plugin


def program(folder: Path, answer: object, status: int = 0) -> None:
    text = answer if isinstance(answer, str) else json.dumps(answer)
    (folder / "answer").write_text(text)
    (folder / "plugin").write_text(SCRIPT.format(folder=folder, status=status))
    (folder / "plugin").chmod(0o755)


def credential(version: str = V1, **status: str) -> dict[str, Any]:
    return {"kind": "ExecCredential", "apiVersion": version, "status": status}


def asked(folder: Path) -> int:
    return (folder / "asked").read_text().count("asked")


def test_a_plugin_is_asked_once_until_its_answer_expires_or_is_refused(make: Make, tmp_path: Path) -> None:
    now = [NOON_SECONDS - 1]
    plugin = make(credential(token="t", expirationTimestamp=NOON), now=lambda: now[0])
    assert plugin.headers() == {"Authorization": "Bearer t"}
    assert (plugin.headers(), plugin.certificate(), asked(tmp_path)) == ({"Authorization": "Bearer t"}, "", 1)
    plugin.refused()
    assert (plugin.headers(), asked(tmp_path)) == ({"Authorization": "Bearer t"}, 2)
    now[0] += 1
    assert plugin.expired()
    assert (plugin.headers(), asked(tmp_path)) == ({"Authorization": "Bearer t"}, 3)


def test_a_plugin_hears_what_is_wanted_of_it(make: Make, tmp_path: Path) -> None:
    plugin = make(credential(token="t"), args=["login"], env=[{"name": "COLOUR", "value": "blue"}])
    plugin.headers()
    assert (tmp_path / "words").read_text() == "login blue"
    wanted = {"kind": "ExecCredential", "apiVersion": V1, "spec": {"interactive": False}}
    assert json.loads((tmp_path / "info").read_text()) == wanted
    make(credential(token="t"), provideClusterInfo=True).headers()
    spec = json.loads((tmp_path / "info").read_text())["spec"]
    assert spec["cluster"] == {"server": "https://there", "config": {"audience": "a"}}


def test_a_certificate_instead_of_a_token(make: Make) -> None:
    plugin = make(credential(clientCertificateData="CERT", clientKeyData="KEY"))
    assert (plugin.headers(), plugin.certificate()) == ({}, "CERT\nKEY")


@pytest.mark.parametrize(
    ("answer", "status", "config", "said"),
    [
        ("no", 3, {}, "exec: executable {} failed with exit code 3"),
        ("no", 0, {}, "decoding stdout: couldn't get version/kind; json parse error"),
        ({"kind": "Pod"}, 0, {}, "decoding stdout: the answer is no ExecCredential"),
        ({**credential(), "status": None}, 0, {}, "exec plugin didn't return a status field"),
        (credential(), 0, {}, "exec plugin didn't return a token or cert/key pair"),
        (credential(clientKeyData="k"), 0, {}, "exec plugin returned only certificate or key, not both"),
        (credential(token="t", expirationTimestamp="soon"), 0, {}, 'decoding stdout: "soon" is no time'),
        (
            credential(token="t"), 0, {"interactiveMode": "Always"},
            "exec plugin cannot support interactive mode: standard input is not a terminal",
        ),
        (
            credential(V1 + "beta1", token="t"), 0, {},
            f"exec plugin is configured to use API version {V1}, plugin returned version {V1}beta1",
        ),
    ],
)  # fmt: skip
def test_what_can_be_wrong_with_an_answer(
    make: Make, tmp_path: Path, answer: object, status: int, config: dict[str, str], said: str
) -> None:
    with pytest.raises(Unreachable) as caught:
        make(answer, status, **config).headers()
    plugin = tmp_path / "plugin"
    assert caught.value.sentence() == f"Unable to connect to the server: getting credentials: {said.format(plugin)}"


def test_a_plugin_that_is_not_installed_says_how_to_install_it(make: Make) -> None:
    with pytest.raises(Unreachable) as caught:
        make("", command="no-such-plugin", installHint="Ask Ann.").headers()
    first, *_, last = caught.value.detail.split("\n\n")
    assert (first, last) == ("getting credentials: exec: executable no-such-plugin not found", "Ask Ann.")


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"command": ""}, "command must be specified for me to use exec authentication plugin"),
        ({"apiVersion": ""}, "apiVersion must be specified for me to use exec authentication plugin"),
        ({"interactiveMode": ""}, "interactiveMode must be specified for me to use exec authentication plugin"),
        ({"interactiveMode": "Now"}, 'invalid interactiveMode for me: "Now"'),
        ({"env": [{"value": "x"}]}, "env variable name must be specified for me to use exec authentication plugin"),
    ],
)
def test_a_plugin_that_is_not_declared_well(make: Make, config: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        make("", **config)
    assert caught.value.sentence() == f"Error in configuration: {said}"


def test_versions_of_the_protocol(make: Make) -> None:
    beta = V1 + "beta1"
    assert make(credential(beta, token="b"), apiVersion=beta, interactiveMode="").headers()
    with pytest.raises(CommandError, match="exec plugin: invalid apiVersion"):
        make("", apiVersion="client.authentication.k8s.io/v7")


def kubeconfig(server: Server, folder: Path, user: dict[str, Any]) -> str:
    place = Kubeconfig([str(server.kubeconfig)]).place()
    content = {
        "clusters": [{"name": "c", "cluster": place.cluster}],
        "users": [{"name": "me", "user": user}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "me"}}],
        "current-context": "x",
    }
    (folder / "config").write_text(json.dumps(content))
    return str(folder / "config")


def test_a_command_with_a_plugin_beside_its_kubeconfig(tmp_path: Path) -> None:
    server = Server(tmp_path)
    server.start()
    try:
        token = Kubeconfig([str(server.kubeconfig)]).place().user["token"]
        program(tmp_path, credential(token=token))
        config = {"apiVersion": V1, "command": "./plugin", "interactiveMode": "Never"}
        named = "--kubeconfig=" + kubeconfig(server, tmp_path, {"exec": config})
        assert server.run("get", "namespace", "default", "-o", "name", named).stdout == "namespace/default\n"
        assert asked(tmp_path) == 1
        program(tmp_path, credential(token="wrong"))
        refused = server.run("get", "pods", named, check=False)
        assert refused.stderr == "error: You must be logged in to the server (Unauthorized)\n"
        named = "--kubeconfig=" + kubeconfig(server, tmp_path, {"auth-provider": {"name": "oidc"}})
        refused = server.run("get", "pods", named, check=False)
        assert 'error: the auth-provider "oidc" of the kubeconfig is not supported by minictl' in refused.stderr
    finally:
        server.stop()


def test_the_users_own_policy_decides_which_plugins_run(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, credential(token="x"))
    kubeconfig = {
        "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:9"}}],
        "users": [{"name": "u", "user": {"exec": {
            "apiVersion": V1, "command": str(tmp_path / "plugin"), "interactiveMode": "Never",
        }}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }  # fmt: skip
    (tmp_path / "config").write_text(json.dumps(kubeconfig))
    policy = "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\ncredentialPluginPolicy: "
    (tmp_path / "kuberc").write_text(policy + "DenyAll\n")
    words = [f"--kubeconfig={tmp_path / 'config'}", f"--kuberc={tmp_path / 'kuberc'}", "get", "pods"]
    assert "is not allowed: the policy of the kuberc file is DenyAll" in server.run(*words, check=False).stderr
    assert not (tmp_path / "asked").exists()
    (tmp_path / "kuberc").write_text(
        f"{policy}Allowlist\ncredentialPluginAllowlist: [{{command: {tmp_path}/plugin}}]\n"
    )
    assert "was refused" in server.run(*words, check=False).stderr
    assert asked(tmp_path) == 1


def test_one_way_to_say_who_one_is(server: Server, tmp_path: Path) -> None:
    done = server.run("--server=http://127.0.0.1:9", "--token=a", "--username=b", "get", "pods", check=False)
    assert "found [token basicAuth], only one is allowed" in done.stderr
    done = server.run("auth", "whoami", "--as=ada", "--as-group=g", "--as-user-extra=k=1", "--as-user-extra=k=2")
    assert done.stdout.splitlines()[1:] == [
        "Username    ada",
        "Groups      [g system:authenticated]",
        "Extra: k    [1 2]",
    ]
