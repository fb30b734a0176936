"""Bytes in JSON (Secret.data, ConfigMap.binaryData): standard base64 as Go reads and writes it."""

from __future__ import annotations

import base64
import binascii


def canonical(text: str) -> str:
    """The text as Go writes it back: no line ends, no stray bits. Raises ValueError that names the first bad byte."""
    try:
        return binascii.b2a_base64(binascii.a2b_base64(text, strict_mode=True), newline=False).decode()
    except ValueError:
        problem = _first_bad_byte(text.encode())
        if problem is not None:
            raise ValueError(f"illegal base64 data at input byte {problem}") from None
        return base64.b64encode(base64.b64decode(text)).decode()


def _first_bad_byte(data: bytes) -> int | None:
    """Where Go's decoder stumbles: it reads groups of four and passes over line ends."""
    read = 0
    for position, code in enumerate(data):
        byte = bytes([code])
        if byte in b"\r\n":
            continue
        if (byte.isalnum() and byte.isascii()) or byte in b"+/":
            read = (read + 1) % 4
        elif byte == b"=" and read >= 2:
            return _bad_padding(data, read, position + 1)
        else:
            return position
    return len(data) - read if read else None


def _bad_padding(data: bytes, read: int, position: int) -> int | None:
    """`position` is just after the first "=", with 2 or 3 characters of the group read before it."""
    position = _skip_line_ends(data, position)
    if read == 2:
        if position == len(data):
            return position
        if data[position : position + 1] != b"=":
            return position - 1
        position = _skip_line_ends(data, position + 1)
    return position if position < len(data) else None


def _skip_line_ends(data: bytes, position: int) -> int:
    while data[position : position + 1] in (b"\r", b"\n"):
        position += 1
    return position
