"""Manifests of every kind, damaged at random: what must be true of every answer, whatever the damage.

No damage makes the server fail or wait. What it refuses it refuses with a Status that says where the fault is; what it
accepts is whole: it stands as if written that way, and passes its own validation.

MINICTL_SEEDS=200 runs that many seeds.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest
import yaml

from apiserver.errors import Invalid
from apiserver.kind import Kind
from apiserver.kinds import BUILTIN
from apiserver.objects.decoding import decode_body
from tests.apiserver.harness import Harness
from tests.apiserver.http.asgi import Answer, Client

from .damage import damaged, written

Object = dict[str, Any]

SEEDS = range(int(os.environ.get("MINICTL_SEEDS", "2")))
DAMAGES_PER_MANIFEST = 8
CHANGES_PER_MANIFEST = 4
ANSWER_SECONDS = 5

WHOLE: list[Object] = list(yaml.safe_load_all((Path(__file__).parent / "whole.yaml").read_text()))
QUESTIONS = {"Binding", "LocalSubjectAccessReview", "SelfSubjectAccessReview", "SelfSubjectRulesReview",
             "SubjectAccessReview", "TokenReview", "SelfSubjectReview"}  # fmt: skip
"""Kinds that are asked, not stored."""

LOGGED = "the server's log has the details"
"""Said of failures that nobody has thought of."""

SAID_TO_BE_INTERNAL = "Internal error: invalid PodCIDRs. "
"""What Kubernetes takes for a fault of its own when a Node's ranges cannot be told apart."""

REASONS = {400: "BadRequest", 403: "Forbidden", 404: "NotFound", 409: "AlreadyExists", 413: "RequestEntityTooLarge",
           422: "Invalid"}  # fmt: skip
is_field_path = re.compile(r"[\w/.\-]+|.*[.\[].*").fullmatch
says_where = re.compile(
    r'(Go struct field|unknown field "|duplicate field "|cannot be handled as a|is unrecognized|unable to decode|'
    r"does not match|must be specified|Too long)"
).search


def test_every_kind_has_a_whole_manifest() -> None:
    assert {(m["apiVersion"], m["kind"]) for m in WHOLE} == {
        (kind.group_version, kind.name) for kind in BUILTIN if kind.name not in QUESTIONS
    }


def address(kind: Kind, manifest: Object) -> str:
    root = "/apis/" if "/" in kind.group_version else "/api/"
    space = f"/namespaces/{manifest['metadata'].get('namespace', 'default')}" if kind.namespaced else ""
    return f"{root}{kind.group_version}{space}/{kind.plural}?dryRun=All&fieldValidation=Strict"


async def test_whole_manifests_are_accepted() -> None:
    async with Harness() as h:
        client = Client(h)
        for manifest in WHOLE:
            answer = await client("POST", address(kind_of(h, manifest), manifest), manifest)
            assert answer.status == 201, f"{manifest['kind']} {manifest['metadata']['name']}: {answer.message}"
            check_accepted(kind_of(h, manifest), answer)


@pytest.mark.parametrize("seed", SEEDS)
async def test_damage_is_refused_with_its_place_or_makes_no_difference(seed: int) -> None:
    choice = Random(seed)
    async with Harness() as h:
        client = Client(h)
        for manifest in WHOLE:
            kind = kind_of(h, manifest)
            for _ in range(DAMAGES_PER_MANIFEST):
                body = written(choice, damaged(choice, manifest))
                check = await answered(client, address(kind, manifest), body)
                try:
                    check(kind)
                except AssertionError as error:
                    raise AssertionError(f"{error}\nPOST {address(kind, manifest)}\n{body.decode()}") from None


CHANGES = (  # method, subresource and query, content type
    ("PUT", "?fieldValidation=Strict", "application/json"),
    ("PUT", "/status?fieldValidation=Warn", "application/json"),
    ("PATCH", "?fieldValidation=Strict", "application/merge-patch+json"),
    ("PATCH", "?fieldValidation=Ignore", "application/strategic-merge-patch+json"),
    ("PATCH", "?fieldManager=tester&force=true", "application/apply-patch+yaml"),
)


@pytest.mark.parametrize("seed", SEEDS)
async def test_damaged_changes_do_not_make_the_server_fail(seed: int) -> None:
    choice = Random(seed)
    async with Harness() as h:
        client = Client(h)
        await asyncio.gather(*(client("POST", place(h, manifest), manifest) for manifest in WHOLE))
        await h.settle()
        for manifest in WHOLE:
            one = f"{place(h, manifest)}/{manifest['metadata']['name']}"
            for _ in range(CHANGES_PER_MANIFEST):
                method, rest, media_type = choice.choice(CHANGES)
                body = written(choice, damaged(choice, (await client("GET", one)).json))
                answering = client(method, f"{one}{rest}&dryRun=All", body, content_type=media_type)
                answer = await asyncio.wait_for(answering, ANSWER_SECONDS)
                assert LOGGED not in answer.message, f"{answer.message}\n{method} {one}{rest}\n{body.decode()}"


def place(h: Harness, manifest: Object) -> str:
    return address(kind_of(h, manifest), manifest).partition("?")[0]


def kind_of(h: Harness, manifest: Object) -> Kind:
    kind = h.cluster.kinds.by_name(manifest["apiVersion"], manifest["kind"])
    assert kind is not None
    return kind


async def answered(client: Client, path: str, body: bytes) -> Callable[[Kind], None]:
    """What is to be checked of the answer."""
    answer = await asyncio.wait_for(client("POST", path, body, content_type="application/json"), ANSWER_SECONDS)
    return lambda kind: (check_accepted if answer.status == 201 else check_refused)(kind, answer)


def check_refused(kind: Kind, answer: Answer) -> None:
    status = answer.json
    assert status["kind"] == "Status"
    assert status["code"] == answer.status
    assert status.get("reason") == REASONS.get(answer.status), status
    assert status["message"]
    if answer.status == 400:
        assert says_where(status["message"]), status["message"]
    if answer.status == 422:
        causes = status["details"]["causes"]
        assert causes
        for cause in causes:
            assert is_field_path(cause["field"]), cause
            assert cause["reason"].startswith("FieldValue") or cause["message"].startswith(SAID_TO_BE_INTERNAL), cause
            assert f"{cause['field']}: {cause['message']}" in status["message"], cause


def check_accepted(kind: Kind, answer: Answer) -> None:
    made = answer.json
    read = decode_body(answer.body, kind.name, kind.group_version, kind.schema, "Strict").object
    assert asked_for(read) == asked_for(made), "read again, it is another object"
    filled = orjson.loads(json.dumps(read))
    kind.form.fill(filled, {})
    kind.default(filled)
    assert asked_for(filled) == asked_for(made), "something was left to fill in"
    causes = [*kind.validate(filled), *kind.validate_create(filled)]
    assert not causes, str(Invalid(kind.qualified, made["metadata"]["name"], causes).message)


def asked_for(object: Object) -> Object:
    """What says something and is not status: some fields are written even where they are empty."""
    return {name: kept for name, value in object.items() if name != "status" and (kept := _telling(value))}


def _telling(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: kept for name, each in value.items() if (kept := _telling(each))}
    return [_telling(each) for each in value] if isinstance(value, list) else value
