"""The server under measurement: its own process and folder, and a client that costs little beside it."""

from __future__ import annotations

import asyncio
import json
import os
import re
import ssl
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml

START_SECONDS = 30.0
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")
READ_BYTES = 2**22

Object = dict[str, Any]


class Server:
    """`with Server(...)`: started, and gone afterwards with everything it stored."""

    def __init__(self, *flags: str) -> None:
        self._home = tempfile.TemporaryDirectory(prefix="minictl-bench-")
        self._flags = flags
        self.folder = Path(self._home.name) / "minictl" / "default"
        self.environment = {
            **{k: v for k, v in os.environ.items() if k not in ("KUBECONFIG", "PYTHONDONTWRITEBYTECODE")},
            "XDG_STATE_HOME": self._home.name,
        }

    def __enter__(self) -> Server:
        self.minictl("up", *self._flags)
        return self

    def __exit__(self, *_: object) -> None:
        self.minictl("down")
        self._home.cleanup()

    def minictl(self, *arguments: str) -> str:
        command = [sys.executable, "-m", "minictl", *arguments]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=True, timeout=120)
        return done.stdout

    @property
    def kubeconfig(self) -> Path:
        return self.folder / "kubeconfig"

    @property
    def pid(self) -> int:
        return int((self.folder / "pid").read_text())

    def resident_bytes(self) -> int:
        found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{self.pid}/status").read_text())
        assert found is not None
        return int(found[1]) * 1024

    def cpu_seconds(self) -> float:
        """Of the process so far, user and system."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS


class Client:
    """Requests over one kept TLS connection each; `open()` as many as work side by side."""

    def __init__(self, kubeconfig: Path) -> None:
        config = yaml.safe_load(kubeconfig.read_text())
        self.url: str = config["clusters"][0]["cluster"]["server"]
        self.token: str = config["users"][0]["user"]["token"]
        self.host, _, port = self.url.removeprefix("https://").partition(":")
        self.port = int(port)
        self._tls = ssl.create_default_context()
        self._tls.check_hostname = False
        self._tls.verify_mode = ssl.CERT_NONE

    async def open(self) -> Connection:
        reader, writer = await asyncio.open_connection(self.host, self.port, ssl=self._tls, limit=READ_BYTES)
        return Connection(self, reader, writer)

    def head(self, method: str, path: str, size: int, content_type: str) -> bytes:
        return (
            f"{method} {path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\nAuthorization: Bearer {self.token}\r\n"
            f"Accept: application/json\r\nContent-Type: {content_type}\r\nContent-Length: {size}\r\n\r\n"
        ).encode()


class Connection:
    """One request at a time, or one watch."""

    def __init__(self, client: Client, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._client = client
        self._reader = reader
        self._writer = writer

    async def call(
        self, method: str, path: str, object: Object | None = None, content_type: str = "application/json"
    ) -> Object:
        """The answer's object. Raises RuntimeError when the server refuses."""
        body = json.dumps(object).encode() if object is not None else b""
        self._writer.write(self._client.head(method, path, len(body), content_type) + body)
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head.lower())
        answer = await self._reader.readexactly(int(length[1]) if length else 0)
        if not head.startswith(b"HTTP/1.1 2"):
            raise RuntimeError(f"{method} {path}: {answer.decode()}")
        decoded: Object = json.loads(answer)
        return decoded

    async def watch(self, path: str) -> None:
        """Begin a watch; lines() then gives its events."""
        self._writer.write(self._client.head("GET", path, 0, "application/json"))
        await self._reader.readuntil(b"\r\n\r\n")

    async def lines(self) -> list[bytes]:
        """The next events, each a line of JSON."""
        size = int((await self._reader.readline()).strip() or b"0", 16)
        chunk = await self._reader.readexactly(size)
        await self._reader.readexactly(2)
        return chunk.splitlines()

    def close(self) -> None:
        self._writer.close()


def seconds_to_ready(server: Server) -> float:
    """Start the server and wait until it answers /readyz on its socket, asking every few milliseconds."""
    begun = time.perf_counter()
    with server:
        return time.perf_counter() - begun
