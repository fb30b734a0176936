"""Clients that speak no proper HTTP: heads without an end are cut off, and nobody else notices."""

from __future__ import annotations

import http.client
import socket

from tests.server import Server

LIMIT = 1024 * 1024


def dial(server: Server) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(20)
    connection.connect(str(server.folder / "api.sock"))
    return connection


def answer(connection: socket.socket) -> http.client.HTTPResponse:
    response = http.client.HTTPResponse(connection)
    response.begin()
    return response


def test_a_head_without_an_end_is_refused(server: Server) -> None:
    with dial(server) as connection:
        connection.sendall(b"GET /version HTTP/1.1\r\nhost: localhost\r\n")
        line = b"x-more: " + b"x" * 8000 + b"\r\n"
        try:
            for _ in range(2 * LIMIT // len(line)):
                connection.sendall(line)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it hung up while we were still talking, as it should
        else:
            assert connection.recv(1 << 16).startswith(b"HTTP/1.1 431 "), "all of it was taken"
    with dial(server) as connection:
        connection.sendall(b"GET /version HTTP/1.1\r\nhost: localhost\r\n\r\n")
        assert answer(connection).status == 200


def test_many_requests_on_one_connection_are_no_long_head(server: Server) -> None:
    """What counts is each request's head, not what a connection has carried."""
    padding = b"x-padding: " + b"x" * (LIMIT // 3) + b"\r\n"
    with dial(server) as connection:
        for _ in range(5):
            connection.sendall(b"GET /version HTTP/1.1\r\nhost: localhost\r\n" + padding + b"\r\n")
            response = answer(connection)
            assert response.status == 200
            response.read()


def test_a_large_body_is_no_long_head(server: Server) -> None:
    body = b'{"metadata":{"name":"x"},"data":{"k":"' + b"x" * (2 * LIMIT) + b'"}}'
    with dial(server) as connection:
        head = b"POST /api/v1/namespaces/default/configmaps HTTP/1.1\r\nhost: localhost\r\n"
        head += b"content-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body)
        connection.sendall(head + body)
        assert answer(connection).status == 422  # too much for a ConfigMap, and read to its end to find out
