"""Webhooks in a whole control plane: who is asked, what they change and refuse, what becomes of no answer."""

from __future__ import annotations

import base64
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from apiserver import certificates
from apiserver.admission.matching import selects, spoken
from apiserver.admission.questions import Question
from apiserver.admission.reviews import BadAnswer, Rejected, patch_of
from apiserver.call import Call
from apiserver.errors import APIError, Forbidden, InternalError, Invalid
from apiserver.kinds.configmap import kind as CONFIGMAP
from apiserver.kinds.node import kind as NODE
from tests.apiserver.harness import Harness

Object = dict[str, Any]
Answering = Callable[[Object], Object]

RULE = {"operations": ["*"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"], "scope": "*"}


class Webhook:
    """A program that answers AdmissionReviews over HTTPS; `requests` is what it was asked."""

    def __init__(self, folder: Path) -> None:
        credentials = certificates.Credentials(folder)
        certificates.ensure(credentials, datetime.now(UTC), "10.96.0.1", "cluster.local")
        self.authority = base64.b64encode(credentials.ca_pem().encode()).decode()
        self.requests: list[Object] = []
        self.answers: Answering = lambda request: {"allowed": True}
        self.status = 200
        webhook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                webhook.requests.append(review["request"])
                answer = {"uid": review["request"]["uid"], **webhook.answers(review["request"])}
                body = json.dumps({**review, "request": None, "response": answer}).encode()
                self.send_response(webhook.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(credentials.certificate, credentials.key)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def config(self) -> Object:
        return {"url": f"https://127.0.0.1:{self.server.server_port}/ask", "caBundle": self.authority}


@pytest.fixture
def webhook(tmp_path: Path) -> Iterator[Webhook]:
    found = Webhook(tmp_path)
    yield found
    found.server.shutdown()
    found.server.server_close()


def configuration(kind: str, config: Object, name: str = "ask.example.com", **more: Any) -> Object:
    asked = {
        "name": name, "clientConfig": config, "rules": [RULE], "sideEffects": "None", "admissionReviewVersions": ["v1"],
    }  # fmt: skip
    metadata = {"name": name.partition(".")[0]}
    webhooks = [{**asked, **more}]
    return {
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": f"{kind}WebhookConfiguration", "metadata": metadata,
        "webhooks": webhooks,
    }  # fmt: skip


def config_map(name: str = "cm", **data: str) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def adds(path: str, value: Any) -> Answering:
    patch = base64.b64encode(json.dumps([{"op": "add", "path": path, "value": value}]).encode()).decode()
    return lambda request: {"allowed": True, "patchType": "JSONPatch", "patch": patch}


async def test_what_a_webhook_is_told_and_what_its_refusal_says(webhook: Webhook) -> None:
    async with Harness() as h:
        await h.create(configuration("Validating", webhook.config))
        webhook.answers = lambda request: {"allowed": "bad" not in request["name"], "status": {"message": "it is bad"}}
        await h.create(config_map("good", a="b"))
        request = webhook.requests.pop()
        assert {key: request[key] for key in ("operation", "name", "namespace", "dryRun", "oldObject")} == {
            "operation": "CREATE", "name": "good", "namespace": "default", "dryRun": False, "oldObject": None,
        }  # fmt: skip
        assert request["kind"] == {"group": "", "version": "v1", "kind": "ConfigMap"}
        assert request["resource"] == {"group": "", "version": "v1", "resource": "configmaps"}
        assert request["object"]["data"] == {"a": "b"}
        assert request["userInfo"]["groups"] == ["system:masters"]
        with pytest.raises(APIError) as refused:
            await h.create(config_map("bad"))
        assert refused.value.message == 'admission webhook "ask.example.com" denied the request: it is bad'
        assert refused.value.code == 400
        await h.api.delete(CONFIGMAP, "default", "good")
        assert webhook.requests[-1]["operation"] == "DELETE"
        assert webhook.requests[-1]["oldObject"]["data"] == {"a": "b"}
        assert "bad" not in [o["metadata"]["name"] for o in h.list("ConfigMap")]


async def test_no_webhook_is_asked_about_webhooks(webhook: Webhook) -> None:
    async with Harness() as h:
        webhook.answers = lambda request: {"allowed": False}
        rule = {**RULE, "apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*"]}
        await h.create(configuration("Validating", webhook.config, rules=[rule]))
        for kind in ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"):
            await h.create(configuration(kind.removesuffix("WebhookConfiguration"), webhook.config, "b.example.com"))
            await h.api.delete(h.kind(kind), "", "b")


async def test_mutating_webhooks_change_objects_and_see_each_others_changes(webhook: Webhook) -> None:
    async with Harness() as h:
        await h.create(configuration("Mutating", webhook.config, "b.example.com", rules=[RULE]))
        await h.create(configuration("Mutating", webhook.config, "a.example.com", reinvocationPolicy="IfNeeded"))
        webhook.answers = lambda request: adds(f"/data/n{len(request['object']['data'])}", "x")(request)
        made = await h.create(config_map(a="b"))
        assert made["data"] == {"a": "b", "n1": "x", "n2": "x", "n3": "x"}
        assert "n1" not in str(made["metadata"].get("managedFields"))
        webhook.answers = adds("/metadata/labels", 7)
        with pytest.raises(InternalError):
            await h.create(config_map("odd", a="b"))


async def test_a_webhook_that_goes_is_asked_no_more(webhook: Webhook) -> None:
    async with Harness() as h:
        await h.create(configuration("Validating", webhook.config))
        webhook.answers = lambda request: {"allowed": False}
        with pytest.raises(Rejected, match=r'"ask\.example\.com" denied the request without explanation'):
            await h.create(config_map())
        await h.api.delete(h.kind("ValidatingWebhookConfiguration"), "", "ask")
        await h.create(config_map())


async def test_no_answer_is_a_refusal_unless_it_is_to_be_ignored(webhook: Webhook) -> None:
    async with Harness() as h:
        asked = 'failed calling webhook "ask.example.com": failed to call webhook: '
        stray = {"service": {"namespace": "default", "name": "none"}}
        await h.create(configuration("Validating", stray))
        with pytest.raises(InternalError) as failed:
            await h.create(config_map())
        at = 'Post "https://none.default.svc:443/?timeout=10s": service "none" not found'
        assert failed.value.message == f"Internal error occurred: {asked}{at}"
        kind = h.kind("ValidatingWebhookConfiguration")

        async def becomes(**more: Any) -> None:
            wanted = configuration("Validating", webhook.config, **more)["webhooks"]
            await h.api.modify(kind, "", "ask", lambda old: {**old, "webhooks": wanted})

        webhook.status = 500
        await becomes()
        with pytest.raises(InternalError, match="has prevented the request from succeeding"):
            await h.create(config_map())
        webhook.status = 200
        await becomes(clientConfig={**webhook.config, "caBundle": ""})
        with pytest.raises(InternalError, match="x509: certificate signed by unknown authority"):
            await h.create(config_map())
        await becomes(clientConfig={"url": "https://127.0.0.1:1/"})
        with pytest.raises(InternalError, match=r"dial tcp 127\.0\.0\.1:1: connect: connection refused"):
            await h.create(config_map())
        await becomes(clientConfig=stray, failurePolicy="Ignore")
        await h.create(config_map())


async def test_the_server_goes_on_while_a_webhook_thinks_and_does_not_wait_for_ever(webhook: Webhook) -> None:
    async with Harness() as h:
        thinking = threading.Event()

        def think(request: Object) -> Object:
            thinking.wait(5)
            return {"allowed": True}

        webhook.answers = think
        await h.create(configuration("Validating", webhook.config, timeoutSeconds=1))
        with pytest.raises(InternalError, match="context deadline exceeded"):
            await h.create(config_map())
        thinking.set()
        await h.create(config_map())


@pytest.mark.parametrize(
    ("more", "is_asked"),
    [
        ({}, True),
        ({"rules": [{**RULE, "operations": ["UPDATE", "DELETE"]}]}, False),
        ({"rules": [{**RULE, "apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*"]}]}, True),
        ({"rules": [{**RULE, "apiGroups": ["apps"]}]}, False),
        ({"rules": [{**RULE, "resources": ["configmaps/status"]}]}, False),
        ({"rules": [{**RULE, "resources": ["*/*"]}]}, True),
        ({"rules": [{**RULE, "scope": "Cluster"}]}, False),
        ({"objectSelector": {"matchLabels": {"a": "b"}}}, True),
        ({"objectSelector": {"matchLabels": {"a": "c"}}}, False),
        ({"namespaceSelector": {"matchExpressions": [{"key": "team", "operator": "Exists"}]}}, True),
        ({"namespaceSelector": {"matchExpressions": [{"key": "team", "operator": "DoesNotExist"}]}}, False),
    ],
)
async def test_rules_and_selectors_say_what_a_webhook_is_asked_about(more: Object, is_asked: bool) -> None:
    made = {"metadata": {"name": "a", "namespace": "default", "labels": {"a": "b"}}}
    question = Question("create", CONFIGMAP, made, None, Call())
    webhook = configuration("Validating", {}, **more)["webhooks"][0]
    async with Harness() as h:
        shape = spoken(webhook["rules"], "Exact", h.api, question)
    assert (shape == CONFIGMAP and selects(webhook, question, {"team": "x"})) is is_asked


def test_what_has_no_namespace_is_not_held_to_namespace_selectors() -> None:
    webhook = configuration("Validating", {}, namespaceSelector={"matchLabels": {"a": "b"}})["webhooks"][0]
    assert selects(webhook, Question("create", NODE, {"metadata": {"name": "n"}}, None, Call()), None)


@pytest.mark.parametrize(
    ("conditions", "is_asked"),
    [
        (["object.data.a == 'b'", "request.operation == 'CREATE' && oldObject == null"], True),
        (["object.data.a == 'c'"], False),
        (["object.data.none == 'c'", "request.userInfo.username == 'somebody else'"], False),
        (["authorizer.requestResource.check('create').allowed()"], True),
        (["namespaceObject.metadata.name == 'default'"], True),
    ],
)
async def test_match_conditions_say_more_of_what_a_webhook_is_asked_about(
    webhook: Webhook, conditions: list[str], is_asked: bool
) -> None:
    async with Harness() as h:
        stated = [{"name": f"c{n}", "expression": text} for n, text in enumerate(conditions)]
        await h.create(configuration("Validating", webhook.config, matchConditions=stated))
        await h.create(config_map(a="b"))
        assert len(webhook.requests) == is_asked


async def test_match_conditions_that_come_to_nothing_refuse_unless_failures_are_ignored(webhook: Webhook) -> None:
    async with Harness() as h:
        stated = [{"name": "c", "expression": "object.data.none == 'c'"}]
        await h.create(configuration("Validating", webhook.config, matchConditions=stated))
        with pytest.raises(Forbidden) as refused:
            await h.create(config_map(a="b"))
        assert refused.value.message == (
            "configmaps \"cm\" is forbidden: expression 'object.data.none == 'c'' resulted in error: no such key: none"
        )
        kind = h.kind("ValidatingWebhookConfiguration")
        await h.api.modify(
            kind, "", "ask", lambda old: {**old, "webhooks": [{**old["webhooks"][0], "failurePolicy": "Ignore"}]}
        )
        await h.create(config_map(a="b"))
        assert webhook.requests == []


async def test_a_rule_for_one_version_hears_of_all_in_the_shape_it_knows(webhook: Webhook) -> None:
    async with Harness() as h:
        rule = {**RULE, "apiGroups": ["autoscaling"], "apiVersions": ["v1"], "resources": ["horizontalpodautoscalers"]}
        await h.create(configuration("Mutating", webhook.config, "a.example.com", rules=[rule]))
        await h.create(configuration("Validating", webhook.config, "b.example.com", rules=[rule], matchPolicy="Exact"))
        webhook.answers = adds("/spec/targetCPUUtilizationPercentage", 70)
        target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
        made = await h.create(
            {
                "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "web"},
                "spec": {"maxReplicas": 3, "scaleTargetRef": target},
            }
        )  # fmt: skip
        metric = {"name": "cpu", "target": {"averageUtilization": 70, "type": "Utilization"}}
        assert made["spec"]["metrics"] == [{"resource": metric, "type": "Resource"}]
        (request,) = webhook.requests
        assert request["kind"]["version"] == "v1"
        assert request["requestKind"]["version"] == "v2"
        assert request["object"]["apiVersion"] == "autoscaling/v1"


async def test_a_webhook_is_not_asked_again_about_what_it_changed_last(webhook: Webhook) -> None:
    async with Harness() as h:
        for name in ("a", "b"):
            more = {"reinvocationPolicy": "IfNeeded"}
            await h.create(configuration("Mutating", {**webhook.config}, f"{name}.example.com", **more))
        webhook.answers = lambda request: adds(f"/data/n{len(request['object']['data'])}", "x")(request)
        made = await h.create(config_map(a="b"))
        assert sorted(made["data"]) == ["a", "n1", "n2", "n3"]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ([], "expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got /, Kind="),
        ({"response": {}}, "expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got /, Kind="),
        ({"response": None}, "webhook response was absent"),
        ({"response": {"uid": "2", "allowed": True}}, 'expected response.uid="1", got "2"'),
        (
            {"response": {"uid": "1", "allowed": True, "patch": "W10="}},
            "webhook returned response.patch but not response.patchType",
        ),
        (
            {"response": {"uid": "1", "allowed": True, "patchType": "JSONPatch"}},
            "webhook returned response.patchType but not response.patch",
        ),
        (
            {"response": {"uid": "1", "allowed": True, "patch": "W10=", "patchType": "Merge"}},
            'unsupported patch type "Merge"',
        ),
    ],
)
def test_answers_that_are_none(answer: Any, said: str) -> None:
    whole = {"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1"}
    if isinstance(answer, dict) and answer["response"] != {}:
        answer = {**whole, **answer}
    with pytest.raises(BadAnswer) as bad:
        patch_of({"name": "a.b.c", "admissionReviewVersions": ["v1"]}, answer, "1", Call(), may_patch=True)
    assert str(bad.value) == said


async def test_configurations_are_checked() -> None:
    async with Harness() as h:
        wrong = configuration(
            "Validating", {"url": "http://u@h/p?q=1#f"}, "short.name", sideEffects="Some", timeoutSeconds=31,
            rules=[{"operations": ["READ", "*"], "apiVersions": [""], "resources": ["*", "pods", "pods/*", "pods/a"]}],
            admissionReviewVersions=["v7"], failurePolicy="Maybe",
            matchConditions=[
                {"name": "a", "expression": ""}, {"name": "a", "expression": "object.x"},
                {"name": "-", "expression": "request.none == 1"},
            ],
        )  # fmt: skip
        with pytest.raises(Invalid) as refused:
            await h.create(wrong)
        form = "; desired format: https://host[/path]"
        assert [str(cause).removeprefix("webhooks[0].") for cause in refused.value.causes] == [
            'name: Invalid value: "short.name": should be a domain with at least three segments separated by dots',
            'rules[0].operations: Invalid value: ["READ","*"]: if \'*\' is present, must not specify other operations',
            'rules[0].operations[0]: Unsupported value: "READ": supported values: "*", "CONNECT", "CREATE", "DELETE", '
            '"UPDATE"',
            "rules[0].apiGroups: Required value",
            "rules[0].apiVersions[0]: Required value",
            "rules[0].resources[3]: Invalid value: \"pods/a\": if 'pods/*' is present, must not specify pods/a",
            'rules[0].resources: Invalid value: ["*","pods","pods/*","pods/a"]: if \'*\' is present, must not '
            "specify other resources without subresources",
            'failurePolicy: Unsupported value: "Maybe": supported values: "Fail", "Ignore"',
            'sideEffects: Unsupported value: "Some": supported values: "None", "NoneOnDryRun"',
            "timeoutSeconds: Invalid value: 31: the timeout value must be between 1 and 30 seconds",
            f"clientConfig.url: Invalid value: \"http\": 'https' is the only allowed URL scheme{form}",
            'clientConfig.url: Invalid value: "u": user information is not permitted in the URL',
            'clientConfig.url: Invalid value: "f": fragments are not permitted in the URL',
            'clientConfig.url: Invalid value: "q=1": query parameters are not permitted in the URL',
            "matchConditions[0].expression: Required value",
            'matchConditions[1].expression: Invalid value: "object.x": must evaluate to bool but got dyn',
            'matchConditions[1].name: Duplicate value: "a"',
            'matchConditions[2].expression: Invalid value: "request.none == 1": compilation failed: ERROR: '
            "<input>:1:8: undefined field 'none'\n | request.none == 1\n | .......^",
            "matchConditions[2].name: Invalid value: \"-\": name part must consist of alphanumeric characters, '-', "
            "'_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or "
            "'123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
            'admissionReviewVersions: Invalid value: ["v7"]: must include at least one of v1, v1beta1',
        ]
        with pytest.raises(Invalid) as refused:
            await h.create(configuration("Mutating", {"service": {"name": "b", "path": "a//B/"}}))
        told = [str(cause).removeprefix("webhooks[0].clientConfig.service.") for cause in refused.value.causes]
        assert told[:3] == [
            "name: Required value",  # the namespace is missing, in fact
            "path: Invalid value: \"a//B/\": must start with a '/'",
            'path: Invalid value: "a//B/": segment[0] may not be empty',
        ]
        assert told[3].startswith('path: Invalid value: "a//B/": segment[1] may not be empty')
        assert told[4].startswith('path: Invalid value: "a//B/": segment[2]: a lowercase RFC 1123 subdomain must')
        made = await h.create(configuration("Mutating", {"service": {"namespace": "a", "name": "b"}}))
        asked = made["webhooks"][0]
        assert asked["clientConfig"] == {"service": {"namespace": "a", "name": "b", "port": 443}}
        found = {key: asked[key] for key in ("failurePolicy", "matchPolicy", "reinvocationPolicy", "timeoutSeconds")}
        assert found == {
            "failurePolicy": "Fail", "matchPolicy": "Equivalent", "reinvocationPolicy": "Never", "timeoutSeconds": 10,
        }  # fmt: skip
        assert asked["namespaceSelector"] == asked["objectSelector"] == {}
