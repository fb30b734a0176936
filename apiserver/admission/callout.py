"""One HTTPS call to a webhook, made in a thread: it may wait."""

from __future__ import annotations

import base64
import socket
import ssl
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import orjson

from apiserver.kind import Object

MAX_ANSWER_BYTES = 3 * 1024 * 1024
"""A longer answer is cut off, and then is none."""
REMEMBERED = 64
"""Authorities whose certificates are kept parsed."""


class Unreachable(Exception):
    """The webhook did not answer; the text is what Go's HTTP client says."""


class BadStatus(Exception):
    """The webhook answered with an error of HTTP."""


@dataclass(frozen=True)
class Target:
    """What is called: an address, and who signs its certificate (PEM in base64); or a Service of the cluster."""

    url: str
    authority: str = ""
    service: Object | None = None


def target_of(config: Object, seconds: int) -> Target:
    """What a clientConfig names."""
    service = config.get("service")
    if service is None:
        return Target(f"{config['url']}?timeout={seconds}s", config.get("caBundle", ""))
    host = f"{service['name']}.{service['namespace']}.svc:{service.get('port', 443)}"
    return Target(f"https://{host}{service.get('path') or '/'}?timeout={seconds}s", service=service)


def post(target: Target, body: bytes, seconds: float) -> Any:
    """The JSON of the answer. Raises Unreachable and BadStatus."""
    from http.client import HTTPException, HTTPSConnection  # not loaded before there are webhooks

    parts = urlsplit(target.url)
    host, port = parts.hostname or "", parts.port or 443
    try:
        connection = HTTPSConnection(host, port, timeout=seconds, context=_context(target.authority))
        try:
            headers = {"Content-Type": "application/json", "Accept": "application/json, */*"}
            connection.request("POST", f"{parts.path or '/'}?{parts.query}", body, headers)
            response = connection.getresponse()
            answer = response.read(MAX_ANSWER_BYTES)
        finally:
            connection.close()
    except (OSError, HTTPException, ValueError) as error:
        raise Unreachable(_in_go(error, host, port)) from None
    if response.status != 200:
        raise BadStatus(_refusal(response.status, answer.decode(errors="replace")))
    try:
        return orjson.loads(answer)
    except orjson.JSONDecodeError as error:
        raise BadStatus(f"couldn't get version/kind; json parse error: {error}") from None


@lru_cache(maxsize=REMEMBERED)
def _context(authority: str) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=base64.b64decode(authority).decode() if authority else None)


def _in_go(error: Exception, host: str, port: int) -> str:
    """What Go says where Python raises `error`."""
    if isinstance(error, ssl.SSLCertVerificationError):
        if "match" in error.verify_message.lower():
            return f"tls: failed to verify certificate: x509: certificate is not valid for {host}"
        return "tls: failed to verify certificate: x509: certificate signed by unknown authority"
    if isinstance(error, TimeoutError):
        return "context deadline exceeded"
    if isinstance(error, socket.gaierror):
        return f"dial tcp: lookup {host}: no such host"
    if isinstance(error, ConnectionRefusedError):
        return f"dial tcp {host}:{port}: connect: connection refused"
    return str(error) or "EOF"


def _refusal(status: int, text: str) -> str:
    if status == 404:
        return "the server could not find the requested resource"
    if status >= 500:
        return (
            f"an error on the server ({orjson.dumps(text.strip()).decode()}) has prevented the request from succeeding"
        )
    return "the server rejected our request for an unknown reason"
