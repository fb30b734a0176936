"""What ConfigMaps and Secrets are filled from."""

from pathlib import Path
from typing import Any

import pytest

from minictl.errors import CommandError
from minictl.grammar import keyvalues


def filled(tmp_path: Path, literals: list[str], files: list[str], env_files: list[str]) -> dict[str, Any]:
    config_map: dict[str, Any] = {}
    keyvalues.fill_config_map(config_map, "c", keyvalues.entries(literals, files, env_files, "config"))
    return config_map


def test_files_folders_and_literals(tmp_path: Path) -> None:
    folder = tmp_path / "conf"
    folder.mkdir()
    (folder / "a.conf").write_text("alpha\n")
    (folder / "b.bin").write_bytes(b"\xff\xfe\x00")
    single = tmp_path / "one.txt"
    single.write_text("1")
    made = filled(tmp_path, ["k=v=w"], [str(folder), f"renamed={single}"], [])
    assert made == {"data": {"a.conf": "alpha\n", "k": "v=w", "renamed": "1"}, "binaryData": {"b.bin": "//4A"}}


def test_env_files_keep_quotes_and_spaces(tmp_path: Path) -> None:
    file = tmp_path / "e"
    file.write_text('# c\n  A=x\nQ="with quotes"\nS=a b c\nE=\n\n')
    assert filled(tmp_path, [], [], [str(file)]) == {"data": {"A": "x", "E": "", "Q": '"with quotes"', "S": "a b c"}}


@pytest.mark.parametrize(
    ("literals", "files", "env_files", "sentence"),
    [
        (["a"], [], [], "invalid literal source a, expected key=value"),
        (["=v"], [], [], "invalid literal source =v, expected key=value"),
        (
            ["a=1", "a=2"],
            [],
            [],
            'cannot add key "a", another key by that name already exists in Data for ConfigMap "c"',
        ),
        ([], ["missing.txt"], [], "error reading missing.txt: no such file or directory"),
        ([], ["a=/"], [], "cannot give a key name for a directory path"),
        ([], ["a=b=c"], [], "key names or file paths cannot contain '='"),
        (["a=1"], [], ["x"], "from-env-file cannot be combined with from-file or from-literal"),
    ],
)
def test_what_is_refused(
    tmp_path: Path, literals: list[str], files: list[str], env_files: list[str], sentence: str
) -> None:
    with pytest.raises(CommandError) as caught:
        filled(tmp_path, literals, files, env_files)
    assert caught.value.message == sentence


def test_secrets_are_encoded_and_named_by_their_hash() -> None:
    secret: dict[str, Any] = {"kind": "Secret", "metadata": {"name": "x"}}
    keyvalues.fill_secret(secret, keyvalues.entries(["a=b"], [], [], "secret"))
    keyvalues.append_hash(secret)
    assert secret["data"] == {"a": "Yg=="}
    assert secret["metadata"]["name"] == "x-k694gm4m9h"
