"""HTTP over a socket, against a server that answers with what the test says."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from minictl.client import Client, encode_query, warning_text
from minictl.errors import ServerError, Unreachable
from minictl.transport import Connection, tcp

Answers = list[bytes]


class Listener:
    """Gives the next answer to every request; `requests` holds what was received. An empty answer hangs up."""

    def __init__(self, answers: Answers) -> None:
        self.answers = answers
        self.requests: list[bytes] = []
        self.connections = 0
        self._made: list[Connection] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while self.answers:
            try:
                link, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            with link:
                while self.answers:
                    request = link.recv(65536)
                    if not request:
                        break
                    self.requests.append(request)
                    answer = self.answers.pop(0)
                    link.sendall(answer)
                    if not answer or b"Connection: close" in answer:
                        break

    def close(self) -> None:
        for connection in self._made:
            connection.close()
        self._socket.close()

    def connection(self) -> Connection:
        self._made.append(Connection(f"127.0.0.1:{self.port}", tcp("127.0.0.1", self.port, None, "")))
        return self._made[-1]


@pytest.fixture
def serve() -> Iterator[Callable[..., Listener]]:
    made: list[Listener] = []

    def make(*answers: bytes) -> Listener:
        made.append(Listener(list(answers)))
        return made[-1]

    yield make
    for listener in made:
        listener.close()


def ok(body: bytes, *headers: bytes) -> bytes:
    return b"\r\n".join([b"HTTP/1.1 200 OK", b"Content-Length: %d" % len(body), *headers, b"", body])


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def test_one_connection_serves_several_requests(serve: Callable[..., Listener]) -> None:
    listener = serve(ok(b"{}"), ok(b'{"a": 1}'), b"HTTP/1.1 204 No Content\r\n\r\n", ok(b"[]"))
    client = Client(listener.connection())
    assert [client.get("/a"), client.get("/b"), client.get("/c"), client.get("/d")] == [{}, {"a": 1}, {}, []]
    assert listener.connections == 1
    assert listener.requests[0].startswith(b"GET /a HTTP/1.1\r\nHost: 127.0.0.1:")


def test_chunks_are_joined(serve: Callable[..., Listener]) -> None:
    listener = serve(CHUNKED + b'5\r\n{"a":\r\n3;x=y\r\n 1}\r\n0\r\nTrailer: x\r\n\r\n', ok(b"{}"))
    client = Client(listener.connection())
    assert client.get("/") == {"a": 1}
    assert client.get("/") == {}


def test_a_body_without_length_ends_with_the_connection(serve: Callable[..., Listener]) -> None:
    listener = serve(b'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{"a": 1}', ok(b"{}"))
    client = Client(listener.connection())
    assert client.get("/") == {"a": 1}
    assert client.get("/") == {}
    assert listener.connections == 2


def test_a_connection_the_server_gave_up_is_opened_again(serve: Callable[..., Listener]) -> None:
    listener = serve(ok(b"{}"), b"", ok(b'{"again": true}'))
    client = Client(listener.connection())
    client.get("/")
    assert client.get("/") == {"again": True}


def test_an_interim_answer_is_passed_over(serve: Callable[..., Listener]) -> None:
    listener = serve(b"HTTP/1.1 100 Continue\r\n\r\n" + ok(b'{"a": 1}'))
    assert Client(listener.connection()).get("/") == {"a": 1}


def test_bodies_are_sent_as_json(serve: Callable[..., Listener]) -> None:
    listener = serve(ok(b"{}"))
    Client(listener.connection()).create("/x", {"a": "é"}, {"dryRun": "All", "empty": "", "flag": True, "none": None})
    head, _, body = listener.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /x?dryRun=All&flag=true HTTP/1.1")
    assert b"Content-Length: 11" in head
    assert body.decode() == '{"a": "é"}'


def test_a_dry_run_of_a_deletion_is_asked_for_in_the_body(serve: Callable[..., Listener]) -> None:
    listener = serve(ok(b"{}"))
    Client(listener.connection()).delete("/x", {"kind": "DeleteOptions"}, {"dryRun": "All"})
    assert b'"dryRun": ["All"]' in listener.requests[0].partition(b"\r\n\r\n")[2]


def test_refusals_and_warnings(serve: Callable[..., Listener]) -> None:
    status = b'{"kind": "Status", "reason": "NotFound", "message": "pods \\"x\\" not found", "code": 404}'
    warning = b'Warning: 299 - "old \\"thing\\""'
    answer = ok(status, warning).replace(b"200 OK", b"404 Not Found")
    warnings: list[str] = []
    client = Client(serve(answer).connection(), warn=warnings.append)
    with pytest.raises(ServerError) as raised:
        client.get("/x")
    assert raised.value.sentence() == 'Error from server (NotFound): pods "x" not found'
    assert warnings == ['old "thing"']


def test_a_refusal_without_a_status(serve: Callable[..., Listener]) -> None:
    answer = ok(b"404 page not found").replace(b"200 OK", b"404 Not Found")
    with pytest.raises(ServerError) as raised:
        Client(serve(answer).connection()).get("/x")
    assert raised.value.sentence() == "Error from server (NotFound): the server could not find the requested resource"


def test_a_watch_gives_events_as_they_come(serve: Callable[..., Listener]) -> None:
    first, second = b'{"type": "ADDED", "object": {}}\n{"type": "MOD', b'IFIED", "object": {}}\n'
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in (first, second)) + b"0\r\n\r\n"
    listener = serve(CHUNKED + chunks)
    events = list(Client(listener.connection()).watch("/x", {"resourceVersion": "5"}))
    assert [event["type"] for event in events] == ["ADDED", "MODIFIED"]
    assert listener.requests[0].startswith(b"GET /x?resourceVersion=5&watch=true ")


def test_a_watch_left_early_does_not_spoil_the_next_request(serve: Callable[..., Listener]) -> None:
    event = b'{"type": "ADDED", "object": {}}\n'
    listener = serve(CHUNKED + b"%x\r\n%s\r\n" % (len(event), event), ok(b'{"a": 1}'))
    client = Client(listener.connection())
    events = client.watch("/x")
    assert next(events)["type"] == "ADDED"
    events.close()
    assert client.get("/y") == {"a": 1}


def test_pages_are_joined(serve: Callable[..., Listener]) -> None:
    listener = serve(
        ok(b'{"metadata": {"resourceVersion": "7", "continue": "t k"}, "items": [{"a": 1}]}'),
        ok(b'{"metadata": {"resourceVersion": "7"}, "items": [{"a": 2}]}'),
    )
    listed = Client(listener.connection()).list("/x", chunk_size=1)
    assert listed == {"metadata": {"resourceVersion": "7"}, "items": [{"a": 1}, {"a": 2}]}
    assert b"GET /x?limit=1&continue=t%20k " in listener.requests[1]


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1", b"nonsense\r\n\r\n"])
def test_answers_that_are_none(serve: Callable[..., Listener], answer: bytes) -> None:
    listener = serve(answer + (b"\r\n" if answer == b"HTTP/1.1" else b""))
    with pytest.raises(Unreachable) as raised:
        Client(listener.connection()).get("/x")
    assert raised.value.sentence().startswith("Unable to connect to the server: ")


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(Unreachable) as raised:
        Client(Connection(f"127.0.0.1:{port}", tcp("127.0.0.1", port, None, ""))).get("/x")
    assert raised.value.sentence() == (
        f"The connection to the server 127.0.0.1:{port} was refused - did you specify the right host or port?"
    )


def test_queries_and_warnings_are_encoded() -> None:
    assert encode_query({"labelSelector": "app in (a,b)", "é": None}) == "?labelSelector=app%20in%20%28a%2Cb%29"
    assert encode_query({}) == ""
    assert warning_text('299 - "a \\"b\\""') == 'a "b"'
