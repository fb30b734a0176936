"""Which writes webhooks and policies are about: rules and selectors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from apiserver.admission import View
from apiserver.admission.questions import Question, faces_of
from apiserver.kind import Kind, Object
from apiserver.kinds.namespace import kind as NAMESPACE
from apiserver.objects.selectors import from_object

EXEMPT = frozenset((
    "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration",
    "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding",
    "MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding",
))  # fmt: skip
"""Kinds nobody is asked about: a bad one could not be taken back."""

Labels = Object | None
"""Those of the namespace that an object is in; None where it is in none."""


def namespace_labels(view: View, question: Question) -> Labels:
    if question.kind == NAMESPACE:
        return question.metadata.get("labels") or {}
    if not question.kind.namespaced:
        return None
    record = view.find(NAMESPACE, "", question.metadata["namespace"])
    return (record.object["metadata"].get("labels") or {}) if record is not None else {}


def selects(matcher: Object, question: Question, labels: Labels) -> bool:
    """Whether the two selectors of a webhook or a policy are for a write."""
    if labels is not None and not from_object(matcher.get("namespaceSelector") or {}).matches(labels):
        return False
    selector = from_object(matcher.get("objectSelector") or {})
    return any(selector.matches(o["metadata"].get("labels")) for o in (question.new, question.old) if o is not None)


def spoken(rules: Sequence[Object], policy: str, view: View, question: Question) -> Kind | None:
    """The kind that the first fitting rule names, None where none fits: the one written, or where `policy` is
    Equivalent, another face of its objects."""
    if any(names(rule, question.kind, question) for rule in rules):
        return question.kind
    if policy != "Equivalent":
        return None
    others = tuple(faces_of(question.kind, view.kinds))
    return next((kind for rule in rules for kind in others if names(rule, kind, question)), None)


def names(rule: Object, kind: Kind, question: Question) -> bool:
    """Whether a rule is about a write, were it one of `kind`."""
    wanted = rule.get("resourceNames")
    return (
        _has(rule.get("operations"), question.verb.upper())
        and _has(rule.get("apiGroups"), kind.group)
        and _has(rule.get("apiVersions"), kind.version)
        and rule.get("scope", "*") in ("*", "Namespaced" if kind.namespaced else "Cluster")
        and any(_is_resource(text, kind.plural, question.subresource) for text in rule.get("resources") or ())
        and (not wanted or question.metadata.get("name") in wanted)
    )


def _has(values: Iterable[str] | None, wanted: str) -> bool:
    return values is not None and ("*" in values or wanted in values)


def _is_resource(text: str, plural: str, subresource: str) -> bool:
    resource, _, part = text.partition("/")
    return resource in ("*", plural) and part in (("*", subresource) if subresource or part == "*" else ("",))
