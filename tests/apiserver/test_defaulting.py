"""Plain defaults, given and wanted."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from apiserver.objects.defaulting import apply_defaults
from schemas import load

Object = dict[str, Any]

CONTAINER = {
    "resources": {},
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
}
POD_SPEC = {
    "dnsPolicy": "ClusterFirst",
    "restartPolicy": "Always",
    "schedulerName": "default-scheduler",
    "securityContext": {},
    "terminationGracePeriodSeconds": 30,
}
PROBE = {"failureThreshold": 3, "periodSeconds": 10, "successThreshold": 1, "timeoutSeconds": 1}

CASES: list[tuple[str, str, Object, Object]] = [
    (
        "v1",
        "Pod",
        {"spec": {"containers": [{"name": "a", "ports": [{"containerPort": 80}]}]}},
        {
            "metadata": {},
            "spec": {
                "containers": [{"name": "a", "ports": [{"containerPort": 80, "protocol": "TCP"}], **CONTAINER}],
                **POD_SPEC,
            },
            "status": {},
        },
    ),
    (
        "v1",
        "Pod",
        {"spec": {"containers": [{"name": "a", "livenessProbe": {"httpGet": {"port": 80}, "periodSeconds": 5}}]}},
        {
            "metadata": {},
            "spec": {
                "containers": [
                    {
                        "name": "a",
                        "livenessProbe": {
                            "httpGet": {"path": "/", "port": 80, "scheme": "HTTP"},
                            **PROBE,
                            "periodSeconds": 5,
                        },
                        **CONTAINER,
                    }
                ],
                **POD_SPEC,
            },
            "status": {},
        },
    ),
    (
        "v1",
        "Service",
        {"spec": {"ports": [{"port": 80}, {"port": 53, "protocol": "UDP"}]}},
        {
            "metadata": {},
            "spec": {
                "ports": [{"port": 80, "protocol": "TCP"}, {"port": 53, "protocol": "UDP"}],
                "sessionAffinity": "None",
                "type": "ClusterIP",
            },
            "status": {"loadBalancer": {}},
        },
    ),
    (
        "discovery.k8s.io/v1",
        "EndpointSlice",
        {"addressType": "IPv4", "endpoints": [], "ports": [{"port": 80}]},
        {
            "metadata": {},
            "addressType": "IPv4",
            "endpoints": None,
            "ports": [{"name": "", "port": 80, "protocol": "TCP"}],
        },
    ),
    ("v1", "Secret", {"data": {"a": "YQ=="}}, {"metadata": {}, "data": {"a": "YQ=="}, "type": "Opaque"}),
    ("v1", "ConfigMap", {"metadata": {"name": "a"}}, {"metadata": {"name": "a"}}),
    ("v1", "ServiceAccount", {"imagePullSecrets": [{}]}, {"metadata": {}, "imagePullSecrets": [{}]}),
]


@pytest.mark.parametrize(("group_version", "kind", "given", "wanted"), CASES)
def test_defaults(group_version: str, kind: str, given: Object, wanted: Object) -> None:
    schema = load(group_version, kind)
    apply_defaults(schema, given)
    assert given == wanted
    again = copy.deepcopy(given)
    apply_defaults(schema, again)
    assert again == given, "defaults are complete after the first time"


def test_what_is_set_stays() -> None:
    object: Object = {"spec": {"replicas": 0, "selector": {}, "template": {"spec": {"dnsPolicy": "None"}}}}
    apply_defaults(load("apps/v1", "Deployment"), object)
    assert object["spec"]["replicas"] == 0
    assert object["spec"]["template"]["spec"]["dnsPolicy"] == "None"
    assert object["spec"]["strategy"] == {"type": "RollingUpdate"}
    assert object["spec"]["progressDeadlineSeconds"] == 600


def test_empty_structs_are_not_shared_between_objects() -> None:
    first: Object = {}
    second: Object = {}
    for object in (first, second):
        apply_defaults(load("v1", "Pod"), object)
    first["status"]["phase"] = "Pending"
    assert second["status"] == {}


def test_conditions_show_times_that_were_never_set() -> None:
    object: Object = {"status": {"conditions": [{"type": "Ready", "status": "True"}]}}
    apply_defaults(load("v1", "Pod"), object)
    assert object["status"]["conditions"] == [
        {"type": "Ready", "status": "True", "lastProbeTime": None, "lastTransitionTime": None}
    ]
