from __future__ import annotations

from apiserver.kinds.serviceaccount import kind

from .pipeline import created, refusals

ENFORCED = {"metadata": {"name": "a", "annotations": {"kubernetes.io/enforce-mountable-secrets": "true"}}}


def test_a_service_account_may_say_anything() -> None:
    assert refusals(kind, {"kind": "ServiceAccount", "secrets": [{"name": "s"}], "imagePullSecrets": []}) == []


def test_a_deprecated_annotation_warns() -> None:
    (said,) = kind.warnings(created(kind, ENFORCED), None)
    assert said.startswith("metadata.annotations[kubernetes.io/enforce-mountable-secrets]: deprecated in v1.32+")
    assert kind.warnings(created(kind, {}), None) == []
