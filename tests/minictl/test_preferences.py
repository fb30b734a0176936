"""kuberc: aliases and defaults; and plugins, which are commands that others wrote."""

from __future__ import annotations

from pathlib import Path

import pytest

from minictl import cli, preferences
from minictl.errors import PlainError

FILE = """
apiVersion: kubectl.config.k8s.io/v1beta1
kind: Preference
defaults:
- command: get
  options: [{name: output, default: wide}]
- command: config view
  options: [{name: output, default: json}]
aliases:
- {name: getn, command: get, prependArgs: [nodes], options: [{name: output, default: name}]}
- {name: runx, command: run, options: [{name: image, default: nginx}], appendArgs: [--, sleep]}
- {name: view, command: config view}
- {name: delete, command: get}
credentialPluginPolicy: Allowlist
credentialPluginAllowlist: [{command: cat}]
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KUBERC", raising=False)
    (tmp_path / ".kube").mkdir()
    (tmp_path / ".kube" / "kuberc").write_text(FILE)
    return tmp_path


@pytest.mark.parametrize(
    ("words", "want"),
    [
        (["get", "pods"], ["--output=wide", "get", "pods"]),
        (["get", "pods", "-oyaml"], ["get", "pods", "-oyaml"]),
        (["get", "pods", "--output", "json"], ["get", "pods", "--output", "json"]),
        (["-n", "x", "get", "pods"], ["--output=wide", "-n", "x", "get", "pods"]),
        (["config", "view"], ["--output=json", "config", "view"]),
        (["describe", "pods"], ["describe", "pods"]),
        (["getn", "node-1"], ["get", "--output=name", "nodes", "node-1"]),
        (["getn", "-o", "json"], ["get", "nodes", "-o", "json"]),
        (["-n", "x", "runx", "web"], ["-n", "x", "run", "--image=nginx", "web", "--", "sleep"]),
        (["view", "--raw"], ["config", "view", "--raw"]),
        (["--help"], ["--help"]),
    ],
)
def test_words_are_completed(words: list[str], want: list[str]) -> None:
    assert cli._has_preferences(words)
    assert cli._preferred(words) == want


def test_a_command_is_not_hidden_by_an_alias(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli._preferred(["delete", "pods"]) == ["delete", "pods"]
    assert capsys.readouterr().err == 'Warning: Setting alias "delete" to a built-in command is not supported\n'


def test_they_can_be_turned_off_and_elsewhere(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = home / "other"
    other.write_text(
        "apiVersion: kubectl.config.k8s.io/v1alpha1\nkind: Preference\n"
        "overrides: [{command: get, flags: [{name: output, default: yaml}]}]\n"
    )
    assert cli._preferred(["get", f"--kuberc={other}", "pods"])[0] == "--output=yaml"
    monkeypatch.setenv("KUBERC", str(other))
    assert cli._preferred(["get", "pods"])[0] == "--output=yaml"
    monkeypatch.setenv("KUBERC", "off")
    assert cli._preferred(["get", "pods"]) == ["get", "pods"]
    monkeypatch.setenv("KUBECTL_KUBERC", "false")
    assert not cli._has_preferences(["get"])


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("aliases: [{name: a1, command: get}]", "invalid alias name, can only include alphabetical characters"),
        ("aliases: [{name: a, command: get}, {name: a, command: get}]", "duplicate alias name a"),
        (
            "defaults: [{command: get, options: [{name: --output, default: a}]}]",
            "flag name --output should be in long form without dashes",
        ),
        ("defaults: [{command: get, options: [{name: colour, default: a}]}]", "invalid flag colour for command get"),
        ("aliases: [{name: get, command: nope}]", ""),
    ],
)
def test_mistakes_end_the_command(home: Path, text: str, sentence: str) -> None:
    place = home / "kuberc"
    place.write_text(f"apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\n{text}\n")
    words = ["get", "pods", f"--kuberc={place}"]
    if not sentence:
        assert cli._preferred(words) == words
        return
    with pytest.raises(PlainError, match=f"error occurred while applying preferences {sentence}"):
        cli._preferred(words)


def test_a_file_that_was_asked_for_has_to_be_there(home: Path) -> None:
    with pytest.raises(PlainError, match="kuberc error kuberc: open /nope: no such file or directory"):
        cli._preferred(["get", "--kuberc", "/nope"])
    (home / "kuberc").write_text("kind: Pod\n")
    with pytest.raises(PlainError, match="no valid preferences found"):
        cli._preferred(["get", "--kuberc", str(home / "kuberc")])


def test_which_credential_plugins_may_run(home: Path) -> None:
    mine = preferences.load("", {})
    assert mine is not None
    assert mine.permits("cat")
    assert not mine.permits("ls")


def test_kuberc_set_and_view(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = home / "made"

    def run(*words: str) -> tuple[int, str]:
        status = cli.main(["kuberc", *words, f"--kuberc={place}"])
        out, err = capsys.readouterr()
        return status, out + err

    place.write_text("apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\n")
    assert run("set", "--section=defaults", "--command=get", "--option=output=wide") == (0, f"Updated {place}\n")
    assert run("set", "--section=defaults", "--command=get", "--option=output=name") == (
        1,
        'error: defaults for command "get" already exist, use --overwrite to replace\n',
    )
    assert run("set", "--section=defaults", "--command=get", "--option=output=name", "--overwrite")[0] == 0
    assert run("set", "--section=aliases", "--name=pods", "--command=get", "--prependarg=pods")[0] == 0
    assert run("set", "--section=credentialplugin", "--policy=Allowlist", "--allowlist-entry=command=x")[0] == 0
    assert run("view")[1] == (
        "aliases:\n- command: get\n  name: pods\n  prependArgs:\n  - pods\n"
        "apiVersion: kubectl.config.k8s.io/v1beta1\n"
        "credentialPluginAllowlist:\n- command: x\ncredentialPluginPolicy: Allowlist\n"
        "defaults:\n- command: get\n  options:\n  - default: name\n    name: output\nkind: Preference\n"
    )
    assert run("set", "--section=x")[1].startswith('error: --section must be "defaults", "aliases", or')
    assert run("set")[1] == 'error: required flag(s) "section" not set\n'


# --- plugins


def plugin(folder: Path, name: str, mode: int = 0o755) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text("#!/bin/sh\n")
    path.chmod(mode)
    return path


@pytest.mark.parametrize(
    ("words", "want"),
    [
        (["foo", "x", "-y"], ["kubectl-foo", "x", "-y"]),
        (["foo", "bar", "-x"], ["kubectl-foo-bar", "-x"]),
        (["foo", "-x", "bar"], ["kubectl-foo", "-x", "bar"]),
        (["a-b"], ["minictl-a_b"]),
        (["create", "baz", "q"], ["kubectl-create-baz", "q"]),
    ],
)
def test_the_longest_name_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], want: list[str]
) -> None:
    for name in ("kubectl-foo", "kubectl-foo-bar", "minictl-a_b", "kubectl-create-baz", "kubectl-create"):
        plugin(tmp_path / "bin", name)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("KUBERC", "off")
    became: list[list[str]] = []

    def become(program: str, argv: list[str]) -> None:
        became.append([Path(program).name, *argv[1:]])
        raise SystemExit

    monkeypatch.setattr("os.execv", become)
    with pytest.raises(SystemExit):
        cli.run(words)
    assert became == [want]


def test_no_flag_comes_before_a_plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBERC", "off")
    with pytest.raises(PlainError, match=r"^Error: flags cannot be placed before plugin name: -n$"):
        cli.run(["-n", "x", "foo"])


def test_plugins_are_listed_with_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    plugin(one, "kubectl-get")
    plugin(one, "kubectl-noexec", 0o644)
    plugin(one, "minictl-foo")
    plugin(two, "minictl-foo")
    monkeypatch.setenv("PATH", f"{one}:{two}:{tmp_path / 'none'}")
    monkeypatch.setenv("KUBERC", "off")
    assert cli.main(["plugin", "list", "--name-only"]) == 1
    out, err = capsys.readouterr()
    names = "kubectl-get\nkubectl-noexec\nminictl-foo\nminictl-foo\n"
    assert out == f"The following compatible plugins are available:\n\n{names}"
    assert err.splitlines() == [
        f'Unable to read directory "{tmp_path}/none" from your PATH: open {tmp_path}/none: no such file or directory. '
        "Skipping...",
        '  - warning: kubectl-get overwrites existing command: "kubectl get"',
        f"  - warning: {one}/kubectl-noexec identified as a kubectl plugin, but it is not executable",
        f"  - warning: {two}/minictl-foo is overshadowed by a similarly named plugin: {one}/minictl-foo",
        "error: 3 plugin warnings were found",
    ]
