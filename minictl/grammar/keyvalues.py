"""--from-literal, --from-file and --from-env-file: what ConfigMaps and Secrets are filled from."""

from __future__ import annotations

import base64
import hashlib
import json
import os

from minictl.errors import CommandError, cannot_open, go_quote
from minictl.grammar.arguments import config_key_faults, env_name_faults

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    Object = dict[str, Any]
    Entry = tuple[str, bytes]

# The characters of a hash suffix that could spell words, and what stands for them.
_SAFE = str.maketrans("013ae", "ghkmt")
HASH_LENGTH = 10


def entries(literals: Sequence[str], files: Sequence[str], env_files: Sequence[str], kind: str) -> Iterator[Entry]:
    """Keys and values in the order files, literals, env files.

    Raises:
        CommandError: a source that cannot be read or is not written as it should be.
    """
    if env_files and (literals or files):
        raise CommandError("from-env-file cannot be combined with from-file or from-literal")
    for source in files:
        yield from _file(source)
    for literal in literals:
        key, equals, value = literal.partition("=")
        if not equals or not key:
            raise CommandError(f"invalid literal source {literal}, expected key=value")
        yield key, value.encode()
    for path in env_files:
        yield from _env_file(path, kind)


def _file(source: str) -> Iterator[Entry]:
    key, path = _named_file(source)
    if not os.path.exists(path):
        raise CommandError(f"error reading {path}: no such file or directory")
    if not os.path.isdir(path):
        yield key, read(path)
        return
    if "=" in source:
        raise CommandError("cannot give a key name for a directory path")
    for name in sorted(os.listdir(path)):
        inside = os.path.join(path, name)
        if os.path.isfile(inside) and not os.path.islink(inside):
            yield name, read(inside)


def _named_file(source: str) -> tuple[str, str]:
    equals = source.count("=")
    if equals == 0:
        return os.path.basename(os.path.normpath(source)), source
    if equals == 1 and source.startswith("="):
        raise CommandError(f"key name for file path {source[1:]} missing")
    if equals == 1 and source.endswith("="):
        raise CommandError(f"file path for key name {source[:-1]} missing")
    if equals > 1:
        raise CommandError("key names or file paths cannot contain '='")
    key, _, path = source.partition("=")
    return key, path


def read(path: str) -> bytes:
    """A whole file.

    Raises:
        CommandError: it cannot be read.
    """
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise cannot_open(path, error) from None


def _env_file(path: str, kind: str) -> Iterator[Entry]:
    if not os.path.exists(path):
        raise CommandError(f"error reading {path}: no such file or directory")
    if os.path.isdir(path):
        raise CommandError(f"env {kind} file cannot be a directory")
    for number, raw in enumerate(read(path).removeprefix(b"\xef\xbb\xbf").split(b"\n")):
        try:
            line = raw.rstrip(b"\r").decode().lstrip()
        except UnicodeDecodeError:
            raise CommandError(
                f"env file {path} contains invalid utf8 bytes at line {number + 1}: {list(raw)}"
            ) from None
        if not line or line.startswith("#"):
            continue
        key, equals, value = line.partition("=")
        if faults := env_name_faults(key):
            raise CommandError(f"{go_quote(key)} is not a valid key name: {';'.join(faults)}")
        yield key, (value if equals else os.environ.get(key, "")).encode()


# --- into an object


def fill_config_map(config_map: Object, name: str, found: Iterator[Entry]) -> None:
    """Text under `data`, anything else under `binaryData`.

    Raises:
        CommandError: a key that cannot be one, or comes twice.
    """
    data: dict[str, str] = {}
    binary: dict[str, str] = {}
    for key, value in found:
        if faults := config_key_faults(key):
            raise CommandError(f"{go_quote(key)} is not a valid key name for a ConfigMap: {','.join(faults)}")
        for place, where in ((data, "Data"), (binary, "BinaryData")):
            if key in place:
                raise CommandError(
                    f'cannot add key "{key}", another key by that name already exists in {where} for ConfigMap "{name}"'
                )
        try:
            data[key] = value.decode()
        except UnicodeDecodeError:
            binary[key] = base64.b64encode(value).decode()
    for field, values in (("data", data), ("binaryData", binary)):
        if values:
            config_map[field] = dict(sorted(values.items()))


def fill_secret(secret: Object, found: Iterator[Entry]) -> None:
    """Everything base64-encoded under `data`.

    Raises:
        CommandError: a key that cannot be one, or comes twice.
    """
    data: dict[str, str] = {}
    for key, value in found:
        if faults := config_key_faults(key):
            raise CommandError(f"{go_quote(key)} is not valid key name for a Secret {';'.join(faults)}")
        if key in data:
            raise CommandError(f"cannot add key {key}, another key by that name already exists")
        data[key] = base64.b64encode(value).decode()
    if data:
        secret["data"] = dict(sorted(data.items()))


def append_hash(subject: Object, hashed_name: str | None = None) -> None:
    """Adds a hash of the contents to the name, so that other contents make another object. The hash covers the name
    too, or `hashed_name` in its place."""
    name = subject["metadata"]["name"]
    fields: Object = {
        "kind": subject["kind"],
        "name": name if hashed_name is None else hashed_name,
        "data": subject.get("data") or {},
    }
    if subject["kind"] == "Secret":
        fields["type"] = subject.get("type", "")
    elif subject.get("binaryData"):
        fields["binaryData"] = subject["binaryData"]
    encoded = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    for char in "<>&":
        encoded = encoded.replace(char, f"\\u{ord(char):04x}")
    digest = hashlib.sha256(encoded.encode()).hexdigest()[:HASH_LENGTH]
    subject["metadata"]["name"] = f"{name}-{digest.translate(_SAFE)}"
