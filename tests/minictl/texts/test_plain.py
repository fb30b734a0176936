"""The plain part of YAML: read as YAML reads it, or not at all."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from minictl.texts import plain
from schemas import yamls

WORDS = st.text(alphabet="aZg0 9-_./:#,=yno'\"{[&*!|>~@\n\t", max_size=6) | st.sampled_from(
    ["yes", "null", "~", "1e3", "0x1", "a: b", "- a", "true", "name", "/ca", "a #b", "2024-01-01"]
)
SCALARS = WORDS | st.booleans() | st.none() | st.integers()
DOCUMENTS = st.dictionaries(
    WORDS,
    st.recursive(
        SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3), max_leaves=6
    ),
)


QUIET = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A busy machine is no mistake."""


@QUIET
@given(DOCUMENTS)
def test_what_was_written_is_read_alike_or_not_at_all(document: dict[str, Any]) -> None:
    found = plain.read(yamls.dump(document))
    assert found is None or found == document


@QUIET
@given(st.text(alphabet="ab:- \n#\"'{}", max_size=20))
def test_no_text_is_misread(text: str) -> None:
    found = plain.read(text)
    assert found is None or found == yamls.load(text)


CONFIG = """\
apiVersion: v1
kind: Config
current-context: x
preferences: {}
clusters:
- name: c
  cluster:
    certificate-authority-data: LS0tLS1CRUdJTg==
    insecure-skip-tls-verify: false
    server: https://127.0.0.1:6443
users:
  # indented is the same
  - name: "me"
    user:
      exec:
        command: aws
        args:
        - eks
        - get-token
        env: null
contexts: null
"""


@pytest.mark.parametrize("token", ["0aG_-Z", "-g9", "_Q", "'12'", "9z.k"])
def test_tokens_are_plain(token: str) -> None:
    found = plain.read(f"user: {token}")
    assert found is not None
    assert found == yamls.load(f"user: {token}") == {"user": token.strip("'")}


MANIFEST = """\
apiVersion: v1
kind: Service
metadata:
  name: web
  labels:
    version: "2"
spec:
  selector:
    app: web
  ports:
  - port: 80
    targetPort: 8080
  sessionAffinity: None
"""


def test_a_manifest_is_plain() -> None:
    found = plain.read(MANIFEST)
    assert found is not None
    assert found == yamls.load(MANIFEST)
    assert found["spec"]["ports"] == [{"port": 80, "targetPort": 8080}]


def test_a_kubeconfig_is_plain() -> None:
    found = plain.read(CONFIG)
    assert found is not None
    assert found == yamls.load(CONFIG)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a: 01",
        "a: -1",
        "a: 1.5",
        "a: 1_0",
        "a: 12:30",
        "a: 1234567890123456",
        "1: a",
        "a: |\n  b",
        "a: b\n  c",
        "a: &x b",
        "a: b\na: c",
        "- a",
        "a: '",
        "a: b # c",
        "a:\tb",
        "---\na: b",
    ],
)
def test_what_is_left_to_the_whole_parser(text: str) -> None:
    assert plain.read(text) is None
