"""proxy, and what attach, cp, debug, exec and port-forward say before they refuse."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from minictl import cli
from tests.server import Server

Proxy = Callable[..., tuple[http.client.HTTPConnection, str]]


@pytest.fixture
def proxy(server: Server) -> Iterator[Proxy]:
    running: list[subprocess.Popen[str]] = []
    links: list[http.client.HTTPConnection] = []

    def start(*flags: str) -> tuple[http.client.HTTPConnection, str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "minictl", "proxy", "--port=0", *flags],
            env=server.environment, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        running.append(process)
        assert process.stdout is not None
        line = process.stdout.readline()
        links.append(http.client.HTTPConnection(line.split()[-1], timeout=20))
        return links[-1], line

    yield start
    for link in links:
        link.close()
    for process in running:
        process.terminate()
        process.communicate(timeout=20)


def ask(
    link: http.client.HTTPConnection, method: str, path: str, body: object = None, **headers: str
) -> tuple[int, str]:
    link.request(method, path, json.dumps(body) if body else None, {"Content-Type": "application/json", **headers})
    answer = link.getresponse()
    return answer.status, answer.read().decode()


def test_the_api_without_credentials(proxy: Proxy, tmp_path: Path) -> None:
    (tmp_path / "page.txt").write_text("hello")
    link, line = proxy(f"--www={tmp_path}")
    assert line.startswith("Starting to serve on 127.0.0.1:")
    status, text = ask(link, "GET", "/api/v1/namespaces/default")
    assert (status, json.loads(text)["metadata"]["name"]) == (200, "default")
    made = {"metadata": {"name": "through-a-proxy"}, "data": {"a": "b"}}
    assert ask(link, "POST", "/api/v1/namespaces/default/configmaps", made)[0] == 201
    status, text = ask(
        link, "GET", "/api/v1/namespaces/default/configmaps?fieldSelector=metadata.name%3Dthrough-a-proxy"
    )
    assert (status, len(json.loads(text)["items"])) == (200, 1)
    assert ask(link, "DELETE", "/api/v1/namespaces/default/configmaps/through-a-proxy")[0] == 200
    assert ask(link, "GET", "/api/v1/namespaces/default/configmaps/through-a-proxy")[0] == 404
    assert ask(link, "GET", "/static/page.txt") == (200, "hello")
    assert ask(link, "GET", "/api/v1/namespaces/default/pods/x/exec") == (403, "Forbidden\n")
    assert ask(link, "GET", "/api/v1/pods", Host="evil.test") == (403, "Forbidden\n")


def test_a_watch_comes_as_it_happens(proxy: Proxy) -> None:
    link, _ = proxy("--api-prefix=/custom")
    assert ask(link, "GET", "/api") == (404, "404 page not found\n")
    link.request("GET", "/custom/api/v1/namespaces?watch=true")
    with link.getresponse() as answer:
        assert json.loads(answer.readline())["type"] == "ADDED"


def test_what_a_proxy_refuses(capsys: pytest.CaptureFixture[str], server: Server) -> None:
    refused = server.run("proxy", "--port=1", "--unix-socket=/tmp/x", check=False)
    assert refused.stderr == "error: cannot set --unix-socket and --port at the same time\n"
    refused = server.run("proxy", "--port=0", "--address=192.0.2.1", check=False)
    assert refused.stderr == "error: listen tcp 192.0.2.1:0: bind: cannot assign requested address\n"


SEE = "\nSee 'kubectl {0} -h' for help and examples"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("attach", "at least 1 argument is required for attach"),
        ("attach a b c", "expected POD, TYPE/NAME, or TYPE NAME, (at most 2 arguments) saw 3: [a b c]"),
        ("attach a --pod-running-timeout=0s", "--pod-running-timeout must be higher than zero" + SEE.format("attach")),
        ("cp", "source and destination are required"),
        ("cp a b", "one of src or dest must be a remote file specification"),
        ("cp a:b c:d", "one of src or dest must be a local file specification"),
        ("cp a: b", "filepath can not be empty"),
        ("cp a/b/c:d e", "filespec must match the canonical format: [[namespace/]pod:]file/path"),
        ("cp /no/such a:b", "/no/such doesn't exist in local filesystem"),
        ("debug", "you must specify --image when not using --copy-to."),
        ("debug --image x", "NAME or filename is required for debug"),
        ("debug --copy-to x a", "you must specify --image, --set-image or command arguments."),
        ("debug --image x --replace a", "--replace may only be used with --copy-to."),
        ("exec", "pod, type/name or --filename must be specified"),
        ("exec -- ls", "pod, type/name or --filename must be specified"),
        ("exec a", "you must specify at least one command for the container"),
        ("exec a --", "you must specify at least one command for the container"),
        (
            "exec a b",
            "exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead" + SEE.format("exec"),
        ),
        ("port-forward a", "TYPE/NAME and list of ports are required for port-forward" + SEE.format("port-forward")),
    ],
)
def test_calls_that_are_wrong_in_themselves(capsys: pytest.CaptureFixture[str], line: str, said: str) -> None:
    assert (cli.main(line.split()), capsys.readouterr().err.rstrip("\n")) == (1, f"error: {said}")


def test_calls_that_are_right_but_for_what_is_not_done(server: Server) -> None:
    for line in ("exec gone -- ls", "attach gone", "cp gone:/x y", "debug gone --image x", "port-forward gone 80"):
        refused = server.run(*line.split(), check=False)
        assert refused.stderr == 'Error from server (NotFound): pods "gone" not found\n', line
    refused = server.run("port-forward", "service/kubernetes", "443", check=False)
    said = "port-forward is not supported by minictl: nothing runs in the containers of a simulated cluster"
    assert (refused.returncode, refused.stderr) == (1, f"error: {said}\n")
