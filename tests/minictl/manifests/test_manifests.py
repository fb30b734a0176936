"""Files to documents: what is read, and what is said about what cannot be."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from minictl import manifests
from minictl.errors import CommandError


def documents(data: bytes) -> list[Any]:
    return list(manifests.documents(data, "f.yaml"))


def names(folder: Path, **options: Any) -> list[str]:
    return [manifest.object["metadata"]["name"] for manifest in manifests.read([str(folder)], **options)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "below").mkdir()
    for name, path in (("b", "b.yaml"), ("a", "a.yml"), ("c", "below/c.json"), ("no", "no.txt")):
        (tmp_path / path).write_text(f'{{"kind": "X", "metadata": {{"name": "{name}"}}}}')
    return tmp_path


def test_a_folder_is_read_in_order_of_names(folder: Path) -> None:
    assert names(folder) == ["a", "b"]
    assert names(folder, recursive=True) == ["a", "b", "c"]


def test_standard_input_is_called_stdin() -> None:
    (manifest,) = manifests.read(["-"], stdin=io.BytesIO(b"kind: X"))
    assert (manifest.object, manifest.source) == ({"kind": "X"}, "STDIN")


def test_documents_are_split_at_dashes_and_empty_ones_left_out() -> None:
    text = b"--- # first\r\nkind: A\r\n---\n\n---\n# nothing\n---\nkind: B\n...\n"
    assert documents(text) == [{"kind": "A"}, {"kind": "B"}]
    assert documents(b'{"kind": "A"}\n{"kind": "B"}') == [{"kind": "A"}, {"kind": "B"}]
    assert documents(b"") == []


def test_lists_are_taken_apart() -> None:
    inner = {"kind": "ConfigMap"}
    outer = manifests.Manifest({"kind": "List", "items": [inner, {"kind": "PodList", "items": [inner]}]}, "f")
    assert [one.object for one in manifests.items(outer)] == [inner, inner]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b'{"a": 1,}', "json: offset 9: invalid character '}' looking for beginning of object key string"),
        (b'{"a" 1}', "json: offset 6: invalid character '1' after object key"),
        (b'{"a": }', "json: offset 7: invalid character '}' looking for beginning of value"),
        (b'{"a": "x\ny"}', "json: offset 9: invalid character '\\n' in string literal"),
        (b'{"a": nul}', "json: offset 10: invalid character '}' in literal null (expecting 'l')"),
        (b'{"a": [1 2]}', "json: offset 10: invalid character '2' after array element"),
        (b'{"a": 01}', "json: offset 8: invalid character '1' after object key:value pair"),
        (b"{\"a\": 'x'}", "json: offset 7: invalid character '\\'' looking for beginning of value"),
        (b'{"a": 1', "unexpected EOF"),
        (b'{"a": "\\q"}', "json: offset 9: invalid character 'q' in string escape code"),
        (b'{"a": -x}', "json: offset 8: invalid character 'x' in numeric literal"),
        (b"a: [\n", "error converting YAML to JSON: yaml: line 1: did not find expected node content"),
        (b"\x89PNG\x00", "error converting YAML to JSON: yaml: control characters are not allowed"),
        (
            b"a: b\n---\nc: d: e\n",
            "error converting YAML to JSON: yaml: mapping values are not allowed in this context",
        ),
    ],
)
def test_what_cannot_be_parsed(data: bytes, message: str) -> None:
    with pytest.raises(CommandError) as raised:
        documents(data)
    assert raised.value.message == f"error parsing f.yaml: {message}"


def test_documents_before_a_mistake_are_still_read(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("kind: A\n---\n{\n")
    (tmp_path / "y.yaml").write_text("kind: B\n")
    errors: list[CommandError] = []
    read = manifests.read([str(tmp_path / "x.yaml"), str(tmp_path / "y.yaml")], errors=errors)
    assert [manifest.object["kind"] for manifest in read] == ["A", "B"]
    assert len(errors) == 1


def test_paths_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match='the path "nosuch" does not exist'):
        list(manifests.read(["nosuch"]))
    with pytest.raises(CommandError, match=r"recognized file extensions are \[.json .yaml .yml\]"):
        list(manifests.read([str(tmp_path)]))


def test_ten_megabytes_are_read(tmp_path: Path) -> None:
    big = tmp_path / "big.yaml"
    big.write_text("kind: ConfigMap\ndata:\n  a: |\n" + "    some line of text\n" * 500_000)
    (manifest,) = manifests.read([str(big)])
    assert len(manifest.object["data"]["a"]) == 500_000 * len("some line of text\n")
