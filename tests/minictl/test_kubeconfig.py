"""Kubeconfig files: merged, read, changed; what a context comes down to."""

from __future__ import annotations

from pathlib import Path

import pytest

from minictl.connecting import split_address
from minictl.errors import CommandError, ConfigurationError
from minictl.kubeconfig import Kubeconfig, inside, paths_from_environment

FIRST = """apiVersion: v1
kind: Config
clusters: [{name: dev, cluster: {server: "https://dev:6443", certificate-authority: ca.crt}}]
users: [{name: ada, user: {token: abc}}]
contexts: [{name: dev, context: {cluster: dev, user: ada, namespace: shop}}]
current-context: dev
"""
SECOND = """apiVersion: v1
kind: Config
clusters: [{name: dev, cluster: {server: "https://other"}}, {name: lab, cluster: {server: "http://lab:8080"}}]
contexts: [{name: lab, context: {cluster: lab, user: ada}}]
current-context: lab
"""


@pytest.fixture
def paths(tmp_path: Path) -> list[str]:
    (tmp_path / "first").write_text(FIRST)
    (tmp_path / "second").write_text(SECOND)
    return [str(tmp_path / "first"), str(tmp_path / "second")]


def test_of_two_entries_the_first_files_wins(paths: list[str]) -> None:
    config = Kubeconfig(paths)
    assert config.current_context == "dev"
    assert config.entries("clusters")["dev"]["server"] == "https://dev:6443"
    assert sorted(config.entries("contexts")) == ["dev", "lab"]
    assert Kubeconfig(paths[::-1]).current_context == "lab"


def test_file_names_are_relative_to_the_kubeconfig(paths: list[str]) -> None:
    folder = Path(paths[0]).parent
    config = Kubeconfig(paths)
    assert config.entries("clusters")["dev"]["certificate-authority"] == "ca.crt"
    assert config.place().cluster["certificate-authority"] == str(folder / "ca.crt")
    config.set_entry("users", "near", {"client-key": str(folder / "keys" / "my.key")})
    config.set_entry("users", "far", {"client-key": "/etc/my.key"})
    assert config.entries("users")["near"]["client-key"] == "keys/my.key"
    assert config.entries("users")["far"]["client-key"] == "/etc/my.key"
    assert config.merged(resolve=True)["users"][-1]["user"]["client-key"] == str(folder / "keys" / "my.key")


def test_a_context_names_a_place(paths: list[str]) -> None:
    place = Kubeconfig(paths).place()
    assert (place.cluster["server"], place.user["token"], place.namespace) == ("https://dev:6443", "abc", "shop")
    assert Kubeconfig(paths).place("lab").cluster["server"] == "http://lab:8080"
    assert Kubeconfig(paths).place(cluster="lab").cluster["server"] == "http://lab:8080"


def test_what_is_not_there(paths: list[str], tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="context was not found for specified context: x"):
        Kubeconfig(paths).place("x")
    with pytest.raises(CommandError, match='no server found for cluster "x"'):
        Kubeconfig(paths).place(cluster="x")
    with pytest.raises(CommandError, match='auth info "x" does not exist'):
        Kubeconfig(paths).place(user="x")
    with pytest.raises(CommandError, match="no such file or directory"):
        Kubeconfig([str(tmp_path / "nosuch")], explicit=True).place()
    assert Kubeconfig([str(tmp_path / "nosuch")]).place().cluster == {}


def test_a_change_goes_to_the_file_that_has_the_entry(paths: list[str]) -> None:
    config = Kubeconfig(paths)
    config.set_entry("contexts", "lab", {"cluster": "lab", "namespace": "blog"})
    config.set_entry("users", "new", {"token": "x"})
    config.save()
    assert "blog" in Path(paths[1]).read_text()
    assert "new" in Path(paths[0]).read_text()
    assert Path(paths[0]).stat().st_mode & 0o777 == 0o600


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "broken"
    path.write_text("clusters: {not: [a list\n")
    with pytest.raises(CommandError, match=r'error loading config file ".*broken": yaml: line 1: did not find'):
        Kubeconfig([str(path)])


def test_the_environment_lists_files() -> None:
    assert paths_from_environment({"KUBECONFIG": "a::b:a"}) == ["a", "b"]
    assert paths_from_environment({}) == []


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        ("https://dev:6443", (True, "dev", 6443, "")),
        ("https://dev/prefix/", (True, "dev", 443, "/prefix/")),
        ("http://127.0.0.1:1", (False, "127.0.0.1", 1, "")),
        ("https://[::1]:8443", (True, "::1", 8443, "")),
        ("localhost:8080", (False, "localhost", 8080, "")),
    ],
)
def test_addresses(address: str, parts: tuple[bool, str, int, str]) -> None:
    assert split_address(address) == parts


@pytest.mark.parametrize("address", ["ftp://x", "https://", "https://x:port"])
def test_what_is_no_address(address: str) -> None:
    with pytest.raises(CommandError, match="host must be a URL"):
        split_address(address)


def test_inside_a_pod(tmp_path: Path) -> None:
    environ = {"KUBERNETES_SERVICE_HOST": "10.96.0.1", "KUBERNETES_SERVICE_PORT": "443"}
    assert inside(environ, str(tmp_path)) is None
    (tmp_path / "token").write_text("abc")
    (tmp_path / "namespace").write_text("shop\n")
    place = inside(environ, str(tmp_path))
    assert place is not None
    assert place.cluster == {"server": "https://10.96.0.1:443", "certificate-authority": str(tmp_path / "ca.crt")}
    assert (place.user, place.namespace) == ({"tokenFile": str(tmp_path / "token")}, "shop")
    assert inside({}, str(tmp_path)) is None
    v6 = inside({**environ, "KUBERNETES_SERVICE_HOST": "fd00::1"}, str(tmp_path))
    assert v6 is not None
    assert v6.cluster["server"] == "https://[fd00::1]:443"
