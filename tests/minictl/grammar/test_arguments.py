"""Arguments with a grammar of their own."""

import pytest

from minictl.errors import CommandError
from minictl.grammar import arguments


def refused(call: object, *words: object) -> str:
    with pytest.raises(CommandError) as caught:
        call(*words)  # type: ignore[operator]
    return caught.value.message


def test_labels() -> None:
    assert arguments.labels("a=b,c=") == {"a": "b", "c": ""}
    assert refused(arguments.labels, "bad") == "unexpected label spec: bad"
    assert refused(arguments.labels, "=x") == "unexpected empty label key"


def test_resources_come_before_changes() -> None:
    assert arguments.resources_and_pairs(["cm", "c", "a=b", "d-"], "label") == (["cm", "c"], ["a=b", "d-"])
    assert refused(arguments.resources_and_pairs, ["a=b", "cm/c"], "label") == (
        "all resources must be specified before label changes: cm/c"
    )


def test_pairs_and_removals() -> None:
    assert arguments.pairs(["u=http://x/?a=b", "gone-"], "annotation", True) == ({"u": "http://x/?a=b"}, ["gone"])
    assert refused(arguments.pairs, ["=x", "y"], "annotation", True) == "invalid annotation format: =x, y"


def test_environment() -> None:
    assert arguments.environment(["A=1", "B="]) == [{"name": "A", "value": "1"}, {"name": "B"}]
    assert refused(arguments.environment, ["NOEQUALS"]) == "invalid env: NOEQUALS"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("eighty", 'strconv.ParseUint: parsing "eighty": invalid syntax'),
        ("70000", 'strconv.ParseUint: parsing "70000": value out of range'),
        ("-1", 'strconv.ParseUint: parsing "-1": invalid syntax'),
    ],
)
def test_ports_that_are_none(text: str, sentence: str) -> None:
    assert refused(arguments.unsigned_port, text) == sentence


def test_rules_of_names() -> None:
    assert arguments.label_value_faults("Y-z.1") == []
    assert arguments.label_value_faults("x" * 64) == ["must be no more than 63 bytes"]
    assert arguments.label_value_faults("a b") == [arguments.LABEL_VALUE_RULE]
    assert arguments.config_key_faults("..a") == ["must not start with '..'"]
    assert arguments.port_name_faults("8080") == ["must contain at least one letter (a-z)"]
    assert arguments.env_name_faults("A.b-c_1") == []
