"""kubectl's flag grammar and its sentences for mistakes."""

from __future__ import annotations

import pytest

from minictl.errors import FlagError
from minictl.grammar.flags import Flag, HelpWanted, Parsed, parse, parse_duration, parse_int

FLAGS = (
    Flag("namespace", "string", "n"),
    Flag("watch", "bool", "w"),
    Flag("recursive", "bool", "R"),
    Flag("filename", "strings", "f"),
    Flag("from-literal", "array"),
    Flag("chunk-size", "int", default=500),
    Flag("timeout", "seconds"),
    Flag("dry-run", "string", default="none", bare="unchanged"),
)


def read(line: str) -> Parsed:
    return parse(line.split(), FLAGS, "get")


@pytest.mark.parametrize(
    "line", ["-n shop pods", "-nshop pods", "pods -n=shop", "pods --namespace shop", "--namespace=shop pods"]
)
def test_a_value_may_be_written_in_many_ways(line: str) -> None:
    parsed = read(line)
    assert parsed.flags.text("namespace") == "shop"
    assert parsed.args == ["pods"]


@pytest.mark.parametrize(
    ("line", "wanted"), [("-w", True), ("--watch=false", False), ("--watch=T", True), ("-w=0", False), ("pods", False)]
)
def test_booleans(line: str, wanted: bool) -> None:
    assert read(line).flags.on("watch") is wanted


def test_short_flags_share_a_dash() -> None:
    flags = read("-wRf a.yaml").flags
    assert flags.on("watch")
    assert flags.on("recursive")
    assert flags.list("filename") == ["a.yaml"]


def test_lists_are_split_at_commas_and_arrays_are_not() -> None:
    flags = read("-f a,b -f c --from-literal x=1,2 --from-literal=y=3").flags
    assert flags.list("filename") == ["a", "b", "c"]
    assert flags.list("from-literal") == ["x=1,2", "y=3"]


def test_a_flag_with_an_optional_value_takes_none_from_the_next_word() -> None:
    parsed = read("--dry-run client")
    assert (parsed.flags.text("dry-run"), parsed.args) == ("unchanged", ["client"])
    assert read("--dry-run=client").flags.text("dry-run") == "client"
    assert not read("pods").flags.given("dry-run")


def test_words_after_two_dashes_are_no_flags() -> None:
    parsed = read("run web -- sh -c -x")
    assert parsed.args == ["run", "web", "sh", "-c", "-x"]
    assert parsed.dash == 2


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("--outptu=yaml", "unknown flag: --outptu"),
        ("-z", "unknown shorthand flag: 'z' in -z"),
        ("-wz", "unknown shorthand flag: 'z' in -z"),
        ("pods -n", "flag needs an argument: 'n' in -n"),
        ("pods --namespace", "flag needs an argument: --namespace"),
        ("--=x", "bad flag syntax: --=x"),
        (
            "--chunk-size=abc",
            'invalid argument "abc" for "--chunk-size" flag: strconv.ParseInt: parsing "abc": invalid syntax',
        ),
        (
            "--watch=maybe",
            'invalid argument "maybe" for "-w, --watch" flag: strconv.ParseBool: parsing "maybe": invalid syntax',
        ),
        ("--timeout=5", 'invalid argument "5" for "--timeout" flag: time: missing unit in duration "5"'),
    ],
)
def test_mistakes(line: str, message: str) -> None:
    with pytest.raises(FlagError) as raised:
        read(line)
    assert raised.value.message == message
    assert raised.value.sentence() == f"error: {message}\nSee 'kubectl get --help' for usage."


@pytest.mark.parametrize("line", ["--help", "pods -h", "-wh"])
def test_help_is_asked_for_anywhere(line: str) -> None:
    with pytest.raises(HelpWanted):
        read(line)


@pytest.mark.parametrize(
    ("text", "seconds"), [("0", 0), ("90s", 90), ("1h30m", 5400), ("1.5s", 1.5), ("-1s", -1), ("250ms", 0.25)]
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "s", "1", "1x", "1..5s", "h1"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="time: "):
        parse_duration(text)


@pytest.mark.parametrize(("text", "value"), [("10", 10), ("-3", -3), ("0x1F", 31), ("017", 15), ("0b11", 3)])
def test_integers(text: str, value: int) -> None:
    assert parse_int(text) == value


@pytest.mark.parametrize("text", ["", "1.5", "--1", "ten", "9223372036854775808"])
def test_what_is_no_integer(text: str) -> None:
    with pytest.raises(ValueError, match="ParseInt"):
        parse_int(text)
