"""ConfigMaps and Secrets."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from apiserver.kinds import configmap, secret

from .pipeline import cells, created, refusals, update_refusals


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def test_string_data_is_folded_into_data_and_wins() -> None:
    made = created(secret.kind, {"data": {"a": b64("old"), "b": b64("kept")}, "stringData": {"a": "näw"}})
    assert made["data"] == {"a": b64("näw"), "b": b64("kept")}
    assert "stringData" not in made
    assert made["type"] == "Opaque"


@pytest.mark.parametrize(
    ("kind_of_secret", "data", "said"),
    [
        ("kubernetes.io/tls", {"tls.crt": ""}, ["data[tls.key]: Required value"]),
        ("kubernetes.io/tls", {"tls.crt": "", "tls.key": ""}, []),
        ("kubernetes.io/ssh-auth", {"ssh-privatekey": ""}, ["data[ssh-privatekey]: Required value"]),
        ("kubernetes.io/basic-auth", {"password": ""}, []),
        (
            "kubernetes.io/basic-auth",
            {},
            ["data[username]: Required value", "data[password]: Required value"],
        ),
        (
            "kubernetes.io/dockerconfigjson",
            {".dockerconfigjson": b64("[1]")},
            [
                'data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": '
                "json: cannot unmarshal array into Go value of type map[string]interface {}"
            ],
        ),
        (
            "kubernetes.io/dockerconfigjson",
            {".dockerconfigjson": b64("{")},
            ['data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": unexpected end of JSON input'],
        ),
        ("kubernetes.io/dockercfg", {".dockercfg": b64('{"a":{}}')}, []),
        (
            "kubernetes.io/service-account-token",
            {},
            ["metadata.annotations[kubernetes.io/service-account.name]: Required value"],
        ),
        ("example.com/own", {}, []),
    ],
)
def test_a_type_demands_its_keys(kind_of_secret: str, data: dict[str, str], said: list[str]) -> None:
    assert refusals(secret.kind, {"type": kind_of_secret, "data": data}) == said


def test_the_type_of_a_secret_stays() -> None:
    assert update_refusals(secret.kind, {"type": "a/b"}, {"type": "Opaque"}) == [
        'type: Invalid value: "a/b": field is immutable'
    ]


def test_all_values_together_are_limited() -> None:
    half = "x" * (1 << 19)
    assert refusals(configmap.kind, {"data": {"a": half}, "binaryData": {"b": b64(half)}}) == []
    assert refusals(configmap.kind, {"data": {"a": half, "c": "x"}, "binaryData": {"b": b64(half)}}) == [
        "[]: Too long: may not be more than 1048576 bytes"
    ]
    assert refusals(secret.kind, {"data": {"a": b64(half + half + "x")}}) == [
        "data: Too long: may not be more than 1048576 bytes"
    ]


def test_one_key_stands_in_one_bag() -> None:
    assert refusals(configmap.kind, {"data": {"a": ""}, "binaryData": {"a": "", "..": ""}}) == [
        'data[a]: Invalid value: "a": duplicate of key present in binaryData',
        "binaryData[..]: Invalid value: \"..\": must not be '..'",
    ]


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"immutable": True, "data": {"a": "1"}}, []),
        ({"data": {"a": "1"}}, ["immutable"]),
        ({"immutable": True, "data": {"a": "2"}}, ["data"]),
        ({"immutable": True, "data": {"a": "1"}, "binaryData": {"b": ""}}, ["binaryData"]),
    ],
)
def test_immutable(change: dict[str, Any], fields: list[str]) -> None:
    old = {"immutable": True, "data": {"a": "1"}}
    text = "Forbidden: field is immutable when `immutable` is set"
    assert update_refusals(configmap.kind, change, old) == [f"{field}: {text}" for field in fields]


def test_cells_count_both_bags() -> None:
    assert cells(configmap.kind, {"metadata": {}, "data": {"a": ""}, "binaryData": {"b": ""}})["Data"] == 2
    assert cells(secret.kind, {"metadata": {}, "type": "a/b"}) | {"Age": None} == {
        "Name": "",
        "Type": "a/b",
        "Data": 0,
        "Age": None,
    }
