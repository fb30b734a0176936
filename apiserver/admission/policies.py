"""Admission policies: what users have said in CEL that must be true of objects, or be changed about them.

    policy ── names the requests it is about, and its conditions or changes
      └ binding ── puts it into force, for some of these requests
          └ params ── objects of the policy's paramKind that set it, one after the other; none is one, too

Of a policy, its bindings and their params each combination is looked at on its own. Everything is read from the store
as it is, so a policy counts from the moment it is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from apiserver import errors
from apiserver.admission import View
from apiserver.admission.evaluating import Seen
from apiserver.admission.matching import EXEMPT, namespace_labels, selects, spoken
from apiserver.admission.questions import Question
from apiserver.kind import Kind, Object
from apiserver.kinds.mutatingadmissionpolicy import kind as MUTATING
from apiserver.kinds.mutatingadmissionpolicybinding import kind as MUTATING_BINDING
from apiserver.kinds.validatingadmissionpolicy import kind as VALIDATING
from apiserver.kinds.validatingadmissionpolicybinding import kind as VALIDATING_BINDING
from apiserver.objects.selectors import from_object

BINDINGS = {VALIDATING: VALIDATING_BINDING, MUTATING: MUTATING_BINDING}
NO_PARAMS = "no params found for policy binding with `Deny` parameterNotFoundAction"


class Observed(View, Protocol):
    """What tells of policies that come and go."""

    def observe(
        self, kinds: list[Kind], callback: Callable[[Kind, Object | None, Object | None], None]
    ) -> Callable[[], None]: ...


class Misconfigured(Exception):
    """A policy or a binding that cannot be asked: the text says why."""


@dataclass(frozen=True)
class Matter:
    """One combination that is to be looked at. `problem` says why it cannot be; then there may be no binding."""

    policy: Object
    binding: Object | None = None
    shape: Kind | None = None
    params: Object | None = None
    problem: str = ""

    def seen(self, view: View, question: Question) -> Seen:
        """What the policy's expressions see of a write."""
        found = Seen(view, question.for_kind(self.shape or question.kind), self.params)
        found.declare(self.policy["spec"].get("variables") or ())
        return found

    @property
    def fails_open(self) -> bool:
        return bool(self.policy["spec"].get("failurePolicy") == "Ignore")


class Policies:
    """Those that are stored, by name; a cluster without any pays a look at an empty table."""

    def __init__(self) -> None:
        self._stored: dict[Kind, dict[str, Object]] = {
            kind: {} for kind in (VALIDATING, VALIDATING_BINDING, MUTATING, MUTATING_BINDING)
        }

    def follow(self, view: Observed) -> Callable[[], None]:
        """Know the policies from now on; returns what ends it."""
        return view.observe(list(self._stored), self._changed)

    def _changed(self, kind: Kind, old: Object | None, new: Object | None) -> None:
        stored = self._stored[kind]
        if new is not None:
            stored[new["metadata"]["name"]] = new
        elif old is not None:
            stored.pop(old["metadata"]["name"], None)

    def any_of(self, kind: Kind) -> bool:
        """Whether any policy of a kind is in force."""
        return bool(self._stored[BINDINGS[kind]] and self._stored[kind])

    def matters(self, kind: Kind, view: View, question: Question) -> Iterator[Matter]:
        """All that policies of a kind have to look at, about a write."""
        if question.kind.name in EXEMPT:
            return
        bindings = self._stored[BINDINGS[kind]]
        for name, policy in sorted(self._stored[kind].items()):
            bound = [bindings[each] for each in sorted(bindings) if bindings[each]["spec"]["policyName"] == name]
            shape = _shape(policy["spec"]["matchConstraints"], view, question) if bound else None
            if shape is None:
                continue
            try:
                parameters = _param_kind(policy, view)
            except Misconfigured as error:
                yield Matter(policy, problem=f"failed to configure policy: {error}")
                continue
            for binding in bound:
                yield from _of_binding(policy, binding, shape, parameters, view, question)


def _of_binding(
    policy: Object, binding: Object, shape: Kind, parameters: Kind | None, view: View, question: Question
) -> Iterator[Matter]:
    resources = binding["spec"].get("matchResources")
    if resources is not None and _shape(resources, view, question, otherwise=question.kind) is None:
        return
    try:
        found = _params(parameters, binding["spec"].get("paramRef"), view, question)
    except Misconfigured as error:
        yield Matter(policy, binding, problem=f"failed to configure binding: {error}")
        return
    for params in found:
        yield Matter(policy, binding, shape, params)


def _shape(resources: Object, view: View, question: Question, otherwise: Kind | None = None) -> Kind | None:
    """The kind in whose shape a write is looked at, None where it is not; `otherwise`: where no rule says."""
    if not selects(resources, question, namespace_labels(view, question)):
        return None
    policy = resources.get("matchPolicy", "Equivalent")
    if spoken(resources.get("excludeResourceRules") or (), policy, view, question) is not None:
        return None
    rules = resources.get("resourceRules") or ()
    return spoken(rules, policy, view, question) if rules else otherwise


def _param_kind(policy: Object, view: View) -> Kind | None:
    said = policy["spec"].get("paramKind")
    if said is None:
        return None
    found = view.kinds.by_name(said["apiVersion"], said["kind"])
    if found is None:
        group, _, version = said["apiVersion"].rpartition("/")
        what = f"{group}/{version}, Kind={said['kind']}"
        raise Misconfigured(f"failed to find resource referenced by paramKind: '{what}'")
    return found


def _params(kind: Kind | None, reference: Object | None, view: View, question: Question) -> Sequence[Object | None]:
    if kind is None or reference is None:
        return [None]
    namespace = reference.get("namespace") or ""
    if namespace and not kind.namespaced:
        raise Misconfigured("paramRef.namespace must not be provided for a cluster-scoped `paramKind`")
    if kind.namespaced:
        namespace = namespace or question.metadata.get("namespace", "")
        if not namespace:
            raise Misconfigured(
                "cannot use namespaced paramRef in policy binding that matches cluster-scoped resources"
            )
    if reference.get("name"):
        record = view.find(kind, namespace, reference["name"])
        found = [record.object] if record is not None else []
    else:
        found = [each.object for each in view.list(kind, namespace, from_object(reference.get("selector") or {}))]
    if not found and reference.get("parameterNotFoundAction") == "Deny":
        raise Misconfigured(NO_PARAMS)
    return found


def denied(question: Question, because: str, causes: Sequence[str]) -> errors.Forbidden:
    """What the client is told whose write policies do not allow."""
    metadata = question.metadata
    name = metadata.get("name") or metadata.get("generateName") or "Unknown"
    error = errors.Forbidden(question.kind.resource, name, because)
    error.details = {**(error.details or {}), "causes": [{"message": text} for text in causes]}
    return error
