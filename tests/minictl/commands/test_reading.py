"""The reading commands against a real server."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.server import Server

SERIAL = itertools.count()
OBJECTS = {
    "apiVersion": "v1",
    "kind": "List",
    "items": [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "one", "labels": {"app": "x"}},
            "data": {"n": "10"},
        },
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "two", "labels": {"app": "y"}},
            "data": {"n": "9"},
        },
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "key"}, "stringData": {"a": "b"}},
    ],
}


class Space:
    """A namespace with a few objects in it."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.name = f"reading-{next(SERIAL)}"

    def __call__(self, *words: str) -> tuple[int, str, str]:
        done = self.server.run(*words, "-n", self.name, check=False)
        return done.returncode, done.stdout, done.stderr

    def out(self, *words: str) -> str:
        status, out, err = self(*words)
        assert (status, err) == (0, ""), err
        return out


@pytest.fixture(scope="module")
def space(server: Server) -> Iterator[Space]:
    made = Space(server)
    server.run("create", "namespace", made.name)
    server.run("create", "-n", made.name, "-f", "-", stdin=json.dumps(OBJECTS))
    yield made
    server.run("delete", "namespace", made.name, "--wait=false")


def rows(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


def test_tables(space: Space) -> None:
    table = rows(space.out("get", "cm", "-l", "app"))
    assert [row[:2] for row in table] == [["NAME", "DATA"], ["one", "1"], ["two", "1"]]
    both = rows(space.out("get", "cm,secret", "-l", "app!=x", "--no-headers", "-L", "app"))
    assert [row[0] for row in both] == ["configmap/kube-root-ca.crt", "configmap/two", "secret/key"]
    everywhere = rows(space.out("get", "cm", "-A", "-l", "app=x"))
    assert everywhere[0][:2] == ["NAMESPACE", "NAME"]
    assert everywhere[1][:2] == [space.name, "one"]


def test_names_in_every_spelling(space: Space) -> None:
    for word in ("cm", "configmap", "ConfigMaps", "configmaps.v1."):
        assert space.out("get", word, "one", "-o", "name") == "configmap/one\n"
    assert space.out("get", "cm/two", "secret/key", "-o", "name") == "configmap/two\nsecret/key\n"
    assert space.out("get", "-o", "name", "cm", "two", "one") == "configmap/two\nconfigmap/one\n"


def test_objects(space: Space) -> None:
    one = json.loads(space.out("get", "cm", "one", "-o", "json"))
    assert (one["kind"], one["data"], "managedFields" in one["metadata"]) == ("ConfigMap", {"n": "10"}, False)
    several = json.loads(space.out("get", "cm", "one", "two", "-o", "json"))
    assert [several["kind"], len(several["items"])] == ["List", 2]
    assert "managedFields" in space.out("get", "cm", "one", "-o", "yaml", "--show-managed-fields")
    assert space.out("get", "cm", "-l", "app=nothing", "-o", "yaml").startswith(
        "apiVersion: v1\nitems: []\nkind: List\n"
    )


def test_sorting_and_templates(space: Space) -> None:
    path = "{.items[*].metadata.name}"
    assert space.out("get", "cm", "-l", "app", "--sort-by=.data.n", "-o", f"jsonpath={path}") == "two one"
    assert space.out("get", "cm", "one", "--template={{.data.n}}") == "10"
    assert space.out("get", "cm", "-l", "app=y", "-o", "custom-columns=N:.data.n") == "N\n9\n"


def test_what_is_not_there(space: Space) -> None:
    assert space("get", "cm", "nosuch") == (1, "", 'Error from server (NotFound): configmaps "nosuch" not found\n')
    assert space("get", "cm", "nosuch", "one", "-o", "name")[:2] == (1, "configmap/one\n")
    assert space("get", "cm", "nosuch", "--ignore-not-found") == (0, "", "")
    assert space("get", "pods") == (0, "", f"No resources found in {space.name} namespace.\n")
    assert space("get", "gadgets")[2] == 'error: the server doesn\'t have a resource type "gadgets"\n'
    missing = space.server.run("get", "cm", "x", "-n", "nosuch-space", check=False)
    assert missing.stderr == 'Error from server (NotFound): namespaces "nosuch-space" not found\n'


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["get", "cm", "one", "-l", "app=x"], "name cannot be provided when a selector is specified"),
        (
            ["get", "cm/one", "-l", "app=x"],
            "selectors and the all flag cannot be used when passing resource/name arguments",
        ),
        (["get", "cm", "one", "-A"], "a resource cannot be retrieved by name across all namespaces"),
        (["get", "cm/one/two"], "arguments in resource/name form may not have more than one slash"),
        (["get", "cm/"], "arguments in resource/name form must have a single resource and name"),
        (["get", "cm", "a%b"], "invalid resource name \"a%b\": [may not contain '%']"),
        (["get", "cm", ""], "resource name may not be empty"),
        (["get", ""], 'the server doesn\'t have a resource type ""'),
        (["get", "all", "x"], "you must specify only one resource"),
        (
            ["get", "cm", "--output-watch-events"],
            "--output-watch-events option can only be used with --watch or --watch-only",
        ),
        (["get", "cm", "--show-labels", "-o", "yaml"], "--show-labels option cannot be used with yaml printer"),
        (["get", "--raw", "api"], '--raw must be a valid URL path: parse "api": invalid URI for request'),
        (
            ["get", "cm", "--request-timeout=x"],
            "Invalid timeout value. Timeout must be a single integer in seconds, or",
        ),
    ],
)
def test_what_get_refuses(space: Space, words: list[str], message: str) -> None:
    status, out, err = space(*words)
    assert (status, out) == (1, "")
    assert err.startswith(f"error: {message}")


def test_a_watch_prints_what_there_is_and_what_changes(space: Space) -> None:
    command = [sys.executable, "-m", "minictl", "get", "cm", "-l", "watched", "-w", "-n", space.name]
    space.out("create", "cm", "w1")
    space.out("label", "cm", "w1", "watched=yes")
    watching = subprocess.Popen(
        [*command, "--output-watch-events"], env=space.server.environment, stdout=subprocess.PIPE, text=True
    )
    assert watching.stdout is not None
    try:
        lines = [watching.stdout.readline().split()[:2] for _ in range(2)]
        space.out("label", "cm", "w1", "other=x")
        lines.append(watching.stdout.readline().split()[:2])
        space.out("delete", "cm", "w1")
        lines.append(watching.stdout.readline().split()[:2])
    finally:
        watching.terminate()
        watching.communicate(timeout=10)
    assert lines == [["EVENT", "NAME"], ["ADDED", "w1"], ["MODIFIED", "w1"], ["DELETED", "w1"]]


def test_waiting(space: Space) -> None:
    assert space.out("wait", "--for=jsonpath={.data.n}=10", "cm/one") == "configmap/one condition met\n"
    late = space("wait", "--for=condition=Ready", "cm/one", "--timeout=100ms")
    assert late == (1, "", "error: timed out waiting for the condition on configmaps/one\n")
    assert space("wait", "--for=condition=Ready", "cm/one", "--timeout=0")[2].startswith("error: condition not met for")
    assert space("wait", "--for=delete", "cm/nosuch") == (0, "", "")
    assert space("wait", "--for=ready", "cm/one")[2] == 'error: unrecognized condition: "ready"\n'
    assert space("wait", "--for=condition=A", "cm", "-l", "no=such")[2] == "error: no matching resources found\n"


def test_waiting_for_what_comes_and_goes(space: Space) -> None:
    command = [sys.executable, "-m", "minictl", "wait", "cm/later", "-n", space.name, "--timeout=20s"]
    coming = subprocess.Popen(
        [*command, "--for=create"], env=space.server.environment, stdout=subprocess.PIPE, text=True
    )
    space.out("create", "cm", "later")
    assert coming.communicate(timeout=20)[0] == "configmap/later condition met\n"
    going = subprocess.Popen(
        [*command, "--for=delete"], env=space.server.environment, stdout=subprocess.PIPE, text=True
    )
    space.out("delete", "cm", "later")
    out, _ = going.communicate(timeout=20)
    assert (going.returncode, out) in ((0, "configmap/later condition met\n"), (0, ""))  # it may be gone before


def test_discovery(space: Space) -> None:
    assert {"v1", "apps/v1", "discovery.k8s.io/v1"} <= set(space.out("api-versions").split())
    table = rows(space.out("api-resources", "--api-group=", "--namespaced=false"))
    assert ["namespaces", "ns", "v1", "false", "Namespace"] in table
    assert "deployments.apps" in space.out("api-resources", "-o", "name").split()


def test_explaining(space: Space) -> None:
    text = space.out("explain", "svc.spec.ports")
    assert text.startswith("KIND:       Service\nVERSION:    v1\n\nFIELD: ports <[]ServicePort>\n")
    assert "  port\t<integer> -required-\n" in text
    assert "    name\t<string>" in space.out("explain", "pods.spec.containers.resources", "--recursive")
    assert space("explain", "pods.spec.nosuch")[2] == 'error: field "nosuch" does not exist\n'
    assert space("explain", "nosuch") == (1, "", 'the server doesn\'t have a resource type "nosuch"\n')


def test_events(space: Space) -> None:
    assert space("events") == (0, "", f"No events found in {space.name} namespace.\n")
    assert space("events", "--types=Odd")[2] == "error: valid --types are Normal or Warning\n"


def test_where_it_is(space: Space) -> None:
    assert "Kubernetes control plane is running at https://127.0.0.1:" in space.out("cluster-info")
    versions = json.loads(space.out("version", "-o", "json"))
    assert versions["serverVersion"]["major"] == versions["clientVersion"]["major"] == "1"


def test_the_same_over_https(space: Space) -> None:
    environment = {**space.server.environment, "KUBECONFIG": str(space.server.kubeconfig)}
    done = subprocess.run(
        [sys.executable, "-m", "minictl", "get", "cm", "one", "-n", space.name, "-o", "name"],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "configmap/one\n"


def test_completion(space: Space) -> None:
    def offered(*words: str) -> list[str]:
        return space.server.run("__complete", *words).stdout.split()

    assert "get" in offered("ge")
    assert "--output" in offered("get", "--out")
    assert "configmaps" in offered("get", "confi")
    assert "view" in offered("config", "")
    assert offered("get", "cm", "-n", space.name, "tw") == ["two"]
    assert offered("apply", "-f", "") == [":files"]
    assert space.name in offered("get", "pods", "-n", space.name[:6])
    assert offered("cordon", "node-") == ["node-1", "node-2", "node-3"]
    assert offered("logs", "deployments") == []
    assert "nodes" in offered("taint", "no")
    assert offered("config", "use-context", "") == ["minictl"]
    assert offered("get", "--user", "") == ["minictl"]
