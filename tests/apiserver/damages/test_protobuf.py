"""Protobuf at random, some of it nearly an object: read, or refused as such, whatever the bytes.

MINICTL_CASES=100000 reads that many bodies.
"""

from __future__ import annotations

import os
from random import Random

from apiserver.errors import APIError
from apiserver.http import protobuf
from apiserver.kinds import BUILTIN

CASES = int(os.environ.get("MINICTL_CASES", "3000"))
TEXTS = (b"", b"x", b"name", b"\xff\xfe", b"10.0.0.1", b"{}", b'{"f:a":{}}', b"[" * 300, b"2026-01-01T00:00:00Z")
NUMBERS = (0, 1, 5, 2**31, 2**63, 2**64 - 1, 2**70)
FIELDS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 15, 16, 20, 30)
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


def varint(number: int) -> bytes:
    low, rest = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + varint(rest) if rest else bytes([low])


def framed(data: bytes, length: int | None = None) -> bytes:
    return varint(len(data) if length is None else length) + data


def message(choice: Random, depth: int) -> bytes:
    """Fields of any number and type, some of them messages again, some of them lying about their length."""
    result = b""
    for _ in range(choice.randrange(4)):
        wire = choice.choice((VARINT, BYTES, BYTES, BYTES, BYTES, FIXED64, FIXED32, 3, 7))
        result += varint(choice.choice(FIELDS) << 3 | wire)
        if wire == VARINT:
            result += varint(choice.choice(NUMBERS))
        elif wire == BYTES:
            is_message = depth and choice.random() < 0.7
            data = message(choice, depth - 1) if is_message else choice.choice((*TEXTS, choice.randbytes(5)))
            result += framed(data, None if choice.random() < 0.97 else choice.choice((0, 99999, 2**40)))
        else:
            result += choice.randbytes(8 if wire == FIXED64 else 4)
    return result


def test_whatever_the_bytes_are_they_are_read_or_refused() -> None:
    choice, read = Random(1), 0
    kinds = [kind for kind in BUILTIN if kind.form.is_struct]
    for number in range(CASES):
        kind, raw = choice.choice(kinds), message(choice, 6)
        head = b"\x0a" + framed(kind.group_version.encode()) + b"\x12" + framed(kind.name.encode())
        body = protobuf.MAGIC + (b"\x0a" + framed(head) + b"\x12" + framed(raw) if choice.random() < 0.9 else raw)
        try:
            kind.form.decode_body(protobuf.to_json(body, kind.schema), "Warn", ())
            read += 1
        except APIError:
            continue
        except Exception as error:
            raise AssertionError(f"case {number}: {kind.name} {body!r}") from error
    assert CASES / 10 < read < CASES * 9 / 10
