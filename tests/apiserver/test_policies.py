"""Admission policies in a whole control plane: what they refuse, warn of and change, and where they count."""

from __future__ import annotations

from typing import Any

import pytest

from apiserver.call import Call
from apiserver.errors import APIError, Forbidden, Invalid
from apiserver.kinds.configmap import kind as CONFIGMAP
from tests.apiserver.harness import Harness

Object = dict[str, Any]

RULE = {"operations": ["CREATE", "UPDATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"]}
DEPLOYMENTS = {**RULE, "apiGroups": ["apps"], "resources": ["deployments"]}


def policy(kind: str, name: str = "p", rule: Object = RULE, **spec: Any) -> Object:
    return {
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": f"{kind}AdmissionPolicy", "metadata": {"name": name},
        "spec": {"matchConstraints": {"resourceRules": [rule]}, **spec},
    }  # fmt: skip


def checking(*validations: str | Object, **spec: Any) -> Object:
    stated = [{"expression": one} if isinstance(one, str) else one for one in validations]
    return policy("Validating", validations=stated, **spec)


def changing(*mutations: str, patch: str = "ApplyConfiguration", **spec: Any) -> Object:
    field = {"ApplyConfiguration": "applyConfiguration", "JSONPatch": "jsonPatch"}[patch]
    stated = [{"patchType": patch, field: {"expression": text}} for text in mutations]
    return policy("Mutating", **{"reinvocationPolicy": "Never", "mutations": stated, **spec})


def binding(kind: str = "Validating", name: str = "b", to: str = "p", **spec: Any) -> Object:
    actions = {"validationActions": ["Deny"]} if kind == "Validating" else {}
    return {
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": f"{kind}AdmissionPolicyBinding",
        "metadata": {"name": name}, "spec": {"policyName": to, **actions, **spec},
    }  # fmt: skip


def config_map(name: str = "cm", **data: str) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


async def refusal(h: Harness, object: Object) -> APIError:
    with pytest.raises(APIError) as refused:
        await h.create(object)
    return refused.value


DENIED = "ValidatingAdmissionPolicy 'p' with binding 'b' denied request:"


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("ValidatingAdmissionPolicy", {"observedGeneration": 1, "typeChecking": {}}),
        ("MutatingAdmissionPolicy", None),
        ("ValidatingAdmissionPolicyBinding", None),
        ("MutatingAdmissionPolicyBinding", None),
    ],
)
async def test_only_policies_that_judge_have_a_status(name: str, kept: Object | None) -> None:
    made = {
        "ValidatingAdmissionPolicy": checking("true"), "ValidatingAdmissionPolicyBinding": binding(),
        "MutatingAdmissionPolicy": changing("Object{}"), "MutatingAdmissionPolicyBinding": binding("Mutating"),
    }[name]  # fmt: skip
    async with Harness() as h:
        await h.create({**made, "status": {"observedGeneration": 7}} if kept else made)
        await h.settle()
        assert h.get(name, made["metadata"]["name"]).get("status") == kept


async def test_a_policy_counts_where_a_binding_puts_it_into_force() -> None:
    async with Harness() as h:
        await h.create(checking("object.data.a == 'b'"))
        await h.create(config_map("early", a="c"))
        await h.create(binding(matchResources={"namespaceSelector": {"matchLabels": {"team": "x"}}}))
        await h.create(config_map("elsewhere", a="c"))
        await h.api.modify(
            h.kind("Namespace"), "", "default", lambda n: {**n, "metadata": {**n["metadata"], "labels": {"team": "x"}}}
        )
        error = await refusal(h, config_map(a="c"))
        said = f"{DENIED} failed expression: object.data.a == 'b'"
        assert error.status() == {
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": f'configmaps "cm" is forbidden: {said}', "reason": "Invalid", "code": 422,
            "details": {"name": "cm", "kind": "configmaps", "causes": [{"message": said}]},
        }  # fmt: skip
        await h.create(config_map(a="b"))
        await h.api.delete(h.kind("ValidatingAdmissionPolicy"), "", "p")
        await h.create(config_map("late", a="c"))


async def test_what_is_said_of_a_condition_that_does_not_hold() -> None:
    async with Harness() as h:
        await h.create(
            checking(
                {"expression": "object.data.a != '1'", "message": " not one ", "reason": "Forbidden"},
                {"expression": "object.data.a != '2'", "messageExpression": "'not ' + variables.twice"},
                {"expression": "variables.bad == 'x' || object.data.a == '3'"},
                variables=[
                    {"name": "twice", "expression": "object.data.a + object.data.a"},
                    {"name": "bad", "expression": "object.data.none"},
                ],
            )
        )
        await h.create(binding())
        forbidden = await refusal(h, config_map(a="1"))
        assert (forbidden.code, forbidden.reason) == (403, "Forbidden")
        assert forbidden.message.endswith("denied request: not one")
        assert (await refusal(h, config_map(a="2"))).message.endswith("denied request: not 22")
        assert (await refusal(h, config_map(a="3"))).message.endswith(
            "denied request: expression 'variables.bad == 'x' || object.data.a == '3'' resulted in error: composited "
            'variable "bad" fails to evaluate: no such key: none'
        )


async def test_policies_may_warn_and_may_fail_open() -> None:
    async with Harness() as h:
        await h.create(checking("object.data.a == 'b'", "object.data.none == 'x'", failurePolicy="Ignore"))
        await h.create(binding(validationActions=["Warn", "Audit"]))
        call = Call()
        await h.api.create(CONFIGMAP, "default", config_map(a="c"), call)
        said = "failed expression: object.data.a == 'b'"
        assert call.warnings == [f"Validation failed for ValidatingAdmissionPolicy 'p' with binding 'b': {said}"]


async def test_what_is_excluded_or_does_not_meet_the_conditions_is_let_pass() -> None:
    async with Harness() as h:
        matching = {"resourceRules": [RULE], "excludeResourceRules": [{**RULE, "resourceNames": ["free"]}]}
        condition = {"name": "c", "expression": "request.name != 'released'"}
        await h.create(checking("false", matchConstraints=matching, matchConditions=[condition]))
        await h.create(binding())
        await h.create(config_map("free"))
        await h.create(config_map("released"))
        await refusal(h, config_map("bound"))


async def test_params_set_a_policy() -> None:
    async with Harness() as h:
        await h.create(checking("object.data.n == params.data.n", paramKind={"apiVersion": "v1", "kind": "ConfigMap"}))
        await h.create(binding(paramRef={"name": "limits", "namespace": "kube-system"}))
        assert (await refusal(h, config_map(n="1"))).message.endswith(
            "denied request: failed to configure binding: no params found for policy binding with `Deny` "
            "parameterNotFoundAction"
        )
        await h.api.delete(h.kind("ValidatingAdmissionPolicyBinding"), "", "b")
        limits = config_map("limits", n="1")
        limits["metadata"]["labels"] = {"is": "limit"}
        await h.create(limits, "kube-system")
        selector = {"matchLabels": {"is": "limit"}}
        await h.create(binding(paramRef={"selector": selector, "namespace": "kube-system"}))
        await h.create(config_map("good", n="1"))
        assert "failed expression" in (await refusal(h, config_map("bad", n="2"))).message


async def test_a_paramkind_that_nobody_knows_refuses() -> None:
    async with Harness() as h:
        await h.create(checking("true", paramKind={"apiVersion": "example.com/v1", "kind": "Limit"}))
        await h.create(binding())
        assert (await refusal(h, config_map())).message.endswith(
            "ValidatingAdmissionPolicy 'p' denied request: failed to configure policy: failed to find resource "
            "referenced by paramKind: 'example.com/v1, Kind=Limit'"
        )


async def test_policies_ask_who_may_do_what() -> None:
    async with Harness() as h:
        await h.create(checking("authorizer.group('apps').resource('deployments').check('delete').allowed()"))
        await h.create(binding())
        await h.create(config_map())
        with pytest.raises(APIError):
            await h.api.create(CONFIGMAP, "default", config_map("other"), Call(user="eve", groups=()))


async def test_policies_of_policies_are_not_asked_for() -> None:
    async with Harness() as h:
        everything = {**RULE, "apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*"]}
        await h.create(checking("false", matchConstraints={"resourceRules": [everything]}))
        await h.create(binding())
        await h.create(binding(name="other"))


SIDECAR = """Object{
  metadata: Object.metadata{labels: {'made': 'by-policy'}},
  spec: Object.spec{template: Object.spec.template{spec: Object.spec.template.spec{
    containers: [Object.spec.template.spec.containers.item{name: 'side', image: 'mesh:' + object.spec.replicas}]}}}}"""


def deployment() -> Object:
    pod = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "main", "image": "web"}]}}
    spec = {"replicas": 2, "selector": {"matchLabels": {"a": "b"}}, "template": pod}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec}


async def test_a_change_is_merged_as_apply_merges() -> None:
    async with Harness() as h:
        text = SIDECAR.replace("object.spec.replicas", "string(object.spec.replicas)")
        await h.create(changing(text, rule=DEPLOYMENTS))
        await h.create(binding("Mutating"))
        made = await h.create(deployment())
        containers = made["spec"]["template"]["spec"]["containers"]
        assert [(c["name"], c["image"], c["imagePullPolicy"]) for c in containers] == [
            ("main", "web", "Always"), ("side", "mesh:2", "IfNotPresent"),
        ]  # fmt: skip
        assert made["metadata"]["labels"] == {"made": "by-policy"}
        assert "side" not in str(made["metadata"].get("managedFields"))


async def test_changes_follow_one_another() -> None:
    async with Harness() as h:
        await h.create(
            changing(
                "[JSONPatch{op: 'test', path: '/data/a', value: 'b'}, "
                "JSONPatch{op: 'add', path: '/data/' + jsonpatch.escapeKey('c'), value: 'd'}]",
                "[JSONPatch{op: 'test', path: '/data/a', value: 'x'}, JSONPatch{op: 'remove', path: '/data/a'}]",
                "has(object.data.c) ? [JSONPatch{op: 'add', path: '/data/e', value: 'f'}] : []",
                patch="JSONPatch",
            )
        )
        await h.create(binding("Mutating"))
        assert (await h.create(config_map(a="b")))["data"] == {"a": "b", "c": "d", "e": "f"}


async def test_a_policy_is_asked_again_when_others_changed_the_object_after_it() -> None:
    async with Harness() as h:
        count = "Object{data: {'seen-' + string(object.data.size()): ''}}"
        for name, more in (("a", {"reinvocationPolicy": "IfNeeded"}), ("b", {})):
            await h.create({**changing(count, **more), "metadata": {"name": name}})
            await h.create(binding("Mutating", name=name, to=name))
        assert sorted((await h.create(config_map(x="")))["data"]) == ["seen-1", "seen-2", "seen-3", "x"]


@pytest.mark.parametrize(
    ("text", "patch", "said"),
    [
        ("[JSONPatch{op: 'remove', path: '/data/none'}]", "JSONPatch", "JSONPath: "),
        ("Object{data: {'a': object.data.none}}", "ApplyConfiguration", "resulted in error: no such key: none"),
        (
            "Object{colour: 'red'}",
            "ApplyConfiguration",
            "error applying patch: failed to convert patch object to typed",
        ),
    ],
)
async def test_a_change_that_cannot_be_made_refuses_unless_failures_are_ignored(
    text: str, patch: str, said: str
) -> None:
    async with Harness() as h:
        await h.create(changing(text, patch=patch))
        await h.create(binding("Mutating"))
        error = await refusal(h, config_map(a="b"))
        assert isinstance(error, Forbidden)
        assert error.reason == "Invalid"
        assert error.message.startswith("policy 'p' with binding 'b' denied request: ")
        assert said in error.message
        await h.api.delete(h.kind("MutatingAdmissionPolicy"), "", "p")
        await h.create(changing(text, patch=patch, failurePolicy="Ignore"))
        await h.create(config_map(a="b"))


async def test_what_is_set_as_a_whole_is_not_to_be_changed_in_part() -> None:
    async with Harness() as h:
        await h.create(
            changing(
                "Object{spec: Object.spec{selector: Object.spec.selector{matchLabels: {'a': 'b'}}}}", rule=DEPLOYMENTS
            )
        )
        await h.create(binding("Mutating"))
        error = await refusal(h, deployment())
        assert error.message.endswith(
            "error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: "
            ".spec.selector"
        )


async def test_policies_are_checked() -> None:
    async with Harness() as h:
        wrong = checking(
            {"expression": "object.x", "message": "a\nb", "reason": "Because"},
            {"expression": " ", "messageExpression": "1"},
            failurePolicy="Maybe", paramKind={"apiVersion": "a/b/c"}, matchConstraints={},
            variables=[{"name": "for", "expression": "1 +"}],
            auditAnnotations=[{"key": "k", "valueExpression": "1"}],
        )  # fmt: skip
        with pytest.raises(Invalid) as refused:
            await h.create(wrong)
        assert [str(cause).removeprefix("spec.").partition("\n")[0] for cause in refused.value.causes] == [
            'failurePolicy: Unsupported value: "Maybe": supported values: "Fail", "Ignore"',
            'paramKind.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c',
            "paramKind.kind: Required value",
            "matchConstraints.resourceRules: Required value",
            'variables[0].name: Invalid value: "for": name is not a valid CEL identifier',
            'variables[0].expression: Invalid value: "1 +": compilation failed: ERROR: <input>:1:4: Syntax error: '
            "mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, "
            "NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}",
            'validations[0].message: Invalid value: "a\\nb": message must not contain line breaks',
            'validations[0].reason: Unsupported value: "Because": supported values: "Forbidden", "Invalid", '
            '"RequestEntityTooLarge"',
            "validations[1].expression: Required value: expression is not specified",
            'validations[1].messageExpression: Invalid value: "1": must evaluate to string but got int',
            'auditAnnotations[0].valueExpression: Invalid value: "1": must evaluate to one of [string null_type] but '
            "got int",
        ]
        wrong = changing("Object{", patch="JSONPatch", reinvocationPolicy="Often")
        with pytest.raises(Invalid) as refused:
            await h.create(wrong)
        assert [cause.field for cause in refused.value.causes] == [
            "spec.mutations[0].jsonPatch.expression", "spec.reinvocationPolicy",
        ]  # fmt: skip
        with pytest.raises(Invalid) as refused:
            await h.create(binding(to="", validationActions=["Deny", "Warn", "Deny"], paramRef={"name": "a"}))
        assert [cause.field for cause in refused.value.causes] == [
            "spec.policyName", "spec.validationActions[2]", "spec.validationActions",
        ]  # fmt: skip
        made = await h.create(binding(matchResources={}))
        assert made["spec"]["matchResources"] == {
            "matchPolicy": "Equivalent", "namespaceSelector": {}, "objectSelector": {},
        }  # fmt: skip


async def test_what_a_policy_changes_is_new_and_said_in_one_way() -> None:
    twice = {"patchType": "JSONPatch", "applyConfiguration": {"expression": "Object{}"}}
    blank = {"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": " "}}
    deletes = {**RULE, "operations": ["CREATE", "DELETE"]}
    only = 'resourceRules.operations: Unsupported value: "DELETE": supported values: "*", "CONNECT", "CREATE", "UPDATE"'
    async with Harness() as h:
        error = await refusal(h, changing(rule=deletes, mutations=[twice, blank], reinvocationPolicy="Often"))
        assert [str(cause).removeprefix("spec.") for cause in error.causes] == [
            f"matchConstraints.{only}",
            "mutations[0].jsonPatch: Required value: must be specified when patchType is JSONPatch",
            'mutations[0].applyConfiguration: Invalid value: "{applyConfiguration}": must not be specified when '
            "patchType is JSONPatch",
            "mutations[1].applyConfiguration.expression: Required value",
            'reinvocationPolicy: Unsupported value: "Often": supported values: "Never", "IfNeeded"',
        ]
        error = await refusal(h, binding("Mutating", matchResources={"resourceRules": [deletes]}))
        assert [str(cause) for cause in error.causes] == [f"spec.matchResources.{only}"]
