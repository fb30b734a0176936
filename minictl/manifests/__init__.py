"""-f file | folder | URL | -, and -k: manifests as objects, each with where it came from.

A file is a stream of documents, YAML or JSON; a `List` counts as its items. Errors are kubectl's sentences, one file's
error does not hide another's objects where kubectl carries on.
"""

from __future__ import annotations

import json
import os
import sys

from minictl.errors import CommandError, Unreachable, cannot_open

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    Object = dict[str, Any]

EXTENSIONS = (".json", ".yaml", ".yml")
MAX_FILE_BYTES = 64 * 1024 * 1024
"""A larger file is refused before it is parsed."""


class Manifest:
    """One document. `source` is what errors call its file (`STDIN`, `app/web.yaml`, the URL)."""

    __slots__ = ("object", "source")

    def __init__(self, object: Any, source: str) -> None:
        self.object = object
        self.source = source


def read(
    filenames: Sequence[str],
    *,
    recursive: bool = False,
    kustomize: str = "",
    stdin: Any = None,
    errors: list[CommandError] | None = None,
) -> Iterator[Manifest]:
    """Every document of the named files, in order, Lists not yet taken apart. What cannot be parsed ends its file; with
    `errors` it is put there and the other files follow.

    Raises:
        CommandError: a path that is not there, a folder without manifests; a file that cannot be parsed.
    """
    if kustomize:
        from minictl.manifests import kustomization

        yield from (Manifest(item, kustomize) for item in kustomization.build(kustomize))
    for source in [path for name in filenames for path in paths(name, recursive)]:
        try:
            yield from (Manifest(one, _label(source)) for one in documents(_bytes(source, stdin), _label(source)))
        except CommandError as error:
            if errors is None:
                raise
            errors.append(error)


def items(manifest: Manifest) -> Iterator[Manifest]:
    """The manifest itself, or the items of a List, in order, nested ones too."""
    content = manifest.object
    if (
        isinstance(content, dict)
        and str(content.get("kind", "")).endswith("List")
        and isinstance(content.get("items"), list)
    ):
        for item in content["items"]:
            yield from items(Manifest(item, manifest.source))
    else:
        yield manifest


# --- files


def _label(source: str) -> str:
    return "STDIN" if source == "-" else source


def _is_url(name: str) -> bool:
    return name.startswith(("http://", "https://"))


def paths(name: str, recursive: bool) -> list[str]:
    """The files that one -f names: itself, those of a folder, or those that match a pattern.

    Raises:
        CommandError: there is no such path, or a folder without manifests.
    """
    if name == "-" or _is_url(name):
        return [name]
    if any(char in name for char in "*?[") and not os.path.exists(name):
        import glob

        return sorted(glob.glob(name)) or _missing(name)
    if not os.path.exists(name):
        return _missing(name)
    if not os.path.isdir(name):
        return [name]
    found = []
    for folder, folders, files in os.walk(name):
        folders.sort()
        if not recursive:
            folders.clear()
        found += [os.path.join(folder, file) for file in sorted(files) if file.endswith(EXTENSIONS)]
    if not found:
        raise CommandError(f"error reading [{name}]: recognized file extensions are [{' '.join(EXTENSIONS)}]")
    return sorted(found)


def _missing(name: str) -> list[str]:
    raise CommandError(f'the path "{name}" does not exist')


def _bytes(source: str, stdin: Any) -> bytes:
    if source == "-":
        data: bytes = (stdin or sys.stdin.buffer).read(MAX_FILE_BYTES + 1)
    elif _is_url(source):
        data = fetch(source)
    else:
        try:
            with open(source, "rb") as file:
                data = file.read(MAX_FILE_BYTES + 1)
        except OSError as error:
            raise cannot_open(source, error) from None
    if len(data) > MAX_FILE_BYTES:
        raise CommandError(f"{_label(source)} is larger than {MAX_FILE_BYTES >> 20} MiB")
    return data


def fetch(url: str) -> bytes:
    """The body behind an http(s) address.

    Raises:
        CommandError: there is none.
    """
    import urllib.error
    import urllib.request

    request = urllib.request.Request(url, headers={"User-Agent": "minictl"})  # noqa: S310 - http and https only, see _is_url
    try:
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
            body: bytes = response.read(MAX_FILE_BYTES + 1)
            return body
    except urllib.error.HTTPError as error:
        raise CommandError(
            f'unable to read URL "{url}", server reported {error.code} {error.reason}, status code={error.code}'
        ) from None
    except (urllib.error.URLError, OSError) as error:
        if isinstance(getattr(error, "reason", None), ConnectionRefusedError):
            raise Unreachable(request.host, "connect: connection refused") from None
        raise CommandError(f'Get "{url}": {getattr(error, "reason", error)}') from None


# --- documents


def documents(data: bytes, source: str) -> Iterator[Any]:
    """The values of a file's documents; empty ones are left out. A file that begins with `{` has to be JSON.

    Raises:
        CommandError: `error parsing FILE: ...`, after the documents before the mistake.
    """
    if data.lstrip()[:1] == b"{":
        yield from _json_documents(data, source)
        return
    for chunk in split(data):
        value = _plain(chunk)
        if value is None:
            value = _whole(chunk, source)
        if value is not None:
            yield value


def _plain(chunk: bytes) -> Any:
    """The document where it is so plain that YAML need not be imported for it; else None."""
    from minictl.texts import plain

    try:
        return plain.read(chunk.removeprefix(b"---\n").decode())
    except UnicodeDecodeError:
        return None


def _whole(chunk: bytes, source: str) -> Any:
    from schemas import yamls

    try:
        return yamls.load(chunk)
    except yamls.YAMLError as error:
        raise CommandError(f"error parsing {source}: error converting YAML to JSON: {error}") from None


def split(data: bytes) -> list[bytes]:
    """A YAML stream cut at its `---` lines, so that line numbers in errors count from there."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        data = data.decode("utf-16", errors="replace").encode()
    chunks: list[bytes] = []
    current: list[bytes] = []
    for line in (
        data.splitlines(keepends=True) if b"\r" not in data else data.replace(b"\r\n", b"\n").splitlines(keepends=True)
    ):
        rest = line[3:].strip() if line.startswith(b"---") else b"x"
        if (not rest or rest.startswith(b"#")) and current:
            chunks.append(b"".join(current))
            current = []
        else:
            current.append(line)
    return [*chunks, b"".join(current)] if current else chunks


def _json_documents(data: bytes, source: str) -> Iterator[Any]:
    text = data.decode("utf-8-sig", errors="replace")
    decoder = json.JSONDecoder()
    at = 0
    while True:
        while at < len(text) and text[at] in " \t\r\n":
            at += 1
        if at >= len(text):
            return
        try:
            value, at = decoder.raw_decode(text, at)
        except (json.JSONDecodeError, RecursionError):
            from minictl.texts import jsonerrors

            raise CommandError(f"error parsing {source}: {jsonerrors.explain(text, at)}") from None
        if value is not None:
            yield value
