from __future__ import annotations

import copy
from typing import Any

import pytest

from apiserver.kinds.pod import kind
from apiserver.objects.validation.podupdate import validate_ephemeral_update

from .pipeline import created, refusals, update_refusals

CHANGEABLE = (
    "spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,"
    "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing "
    "tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)\n"
)
SPREAD = {
    "maxSkew": 1,
    "topologyKey": "zone",
    "whenUnsatisfiable": "DoNotSchedule",
    "labelSelector": {
        "matchLabels": {"app": "web"},
        "matchExpressions": [{"key": "app", "operator": "In", "values": ["web"]}],
    },
}
MAIN = {"name": "main", "image": "nginx"}


def pod(*containers: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "web"}, "spec": {"containers": list(containers) or [MAIN], **copy.deepcopy(spec)}}


def stored(*containers: dict[str, Any], **spec: Any) -> dict[str, Any]:
    made = created(kind, pod(*containers, **spec))
    made["metadata"]["resourceVersion"] = "7"
    return made


def main(**fields: Any) -> dict[str, Any]:
    return {**MAIN, **fields}


PAGES, ALL_PAGES = {"hugepages-2Mi": "2Mi", "memory": "1536Mi"}, {"hugepages-2Mi": "6Mi"}


@pytest.mark.parametrize(
    ("given", "requests", "limits"),
    [
        ({"requests": {"cpu": "4"}}, {"cpu": "4", "memory": "1536Mi", **ALL_PAGES}, ALL_PAGES),
        ({"limits": {"cpu": "4"}}, {"cpu": "4", "memory": "1536Mi", **ALL_PAGES}, {"cpu": "4", **ALL_PAGES}),
        ({"requests": {"hugepages-2Mi": "8Mi"}}, {"hugepages-2Mi": "8Mi"}, None),
        ({}, None, None),
    ],
)
def test_what_a_pod_says_as_a_whole_is_completed(
    given: dict[str, Any], requests: dict[str, str] | None, limits: dict[str, str] | None
) -> None:
    containers = main(resources={"limits": PAGES}), main(name="b", resources={"limits": {"hugepages-2Mi": "4Mi"}})
    resources = created(kind, pod(*containers, resources=given))["spec"]["resources"]
    assert (resources.get("requests"), resources.get("limits")) == (requests, limits)


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("nginx", "Always"),
        ("nginx:latest", "Always"),
        ("nginx:1.27", "IfNotPresent"),
        ("localhost:5000/a/b", "Always"),
        ("localhost:5000/a/b:2", "IfNotPresent"),
        (f"nginx@sha256:{'0' * 64}", "IfNotPresent"),
        ("Not An Image", "IfNotPresent"),
    ],
)
def test_pull_policy_follows_the_tag(image: str, policy: str) -> None:
    assert created(kind, pod(main(image=image)))["spec"]["containers"][0]["imagePullPolicy"] == policy


def test_defaults_that_depend_on_other_fields() -> None:
    made = created(
        kind,
        pod(
            main(ports=[{"containerPort": 80}], resources={"limits": {"cpu": "1"}, "requests": {"memory": "1Gi"}}),
            hostNetwork=True,
            serviceAccount="robot",
            volumes=[{"name": "scratch"}],
        ),
    )["spec"]
    assert made["serviceAccountName"] == "robot"
    assert made["volumes"] == [{"name": "scratch", "emptyDir": {}}]
    assert made["containers"][0]["ports"][0]["hostPort"] == 80
    assert made["containers"][0]["resources"]["requests"] == {"memory": "1Gi", "cpu": "1"}
    assert made["enableServiceLinks"] is True


@pytest.mark.parametrize(
    ("containers", "expected"),
    [
        ([main()], "BestEffort"),
        ([main(resources={"requests": {"cpu": "0"}})], "BestEffort"),
        ([main(resources={"limits": {"memory": "1Gi"}})], "Burstable"),
        ([main(resources={"limits": {"cpu": "1", "memory": "1Gi"}})], "Guaranteed"),
        ([main(resources={"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "1"}})], "Guaranteed"),
        ([main(resources={"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "500m"}})], "Burstable"),
        ([main(resources={"limits": {"cpu": "1", "memory": "1Gi"}}), main(name="b")], "Burstable"),
    ],
)
def test_quality_of_service(containers: list[dict[str, Any]], expected: str) -> None:
    assert created(kind, pod(*containers))["status"] == {"phase": "Pending", "qosClass": expected}


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (pod(), []),
        ({"spec": {}}, ["spec.containers: Required value"]),
        (pod({"name": "A"}), [
            "spec.containers[0].name: Invalid value: \"A\": a lowercase RFC 1123 label must consist of lower case "
            "alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  "
            "or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
            "spec.containers[0].image: Required value",
        ]),
        (pod(main(), main()), ['spec.containers[1].name: Duplicate value: "main"']),
        (pod(main(image=" nginx")), [
            'spec.containers[0].image: Invalid value: " nginx": must not have leading or trailing whitespace']),
        (pod(main(ports=[{"containerPort": 70000}, {"containerPort": 80, "protocol": "HTTP"}, {}])), [
            "spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive",
            'spec.containers[0].ports[1].protocol: Unsupported value: "HTTP": supported values: "SCTP", "TCP", "UDP"',
            "spec.containers[0].ports[2].containerPort: Required value",
        ]),
        (pod(main(ports=[{"containerPort": 1, "hostPort": 9}, {"containerPort": 2, "hostPort": 9}])), [
            'spec.containers[0].ports[1].hostPort: Duplicate value: "TCP//9"']),
        (pod(main(volumeMounts=[{"name": "data", "mountPath": "/a"}, {"name": "data", "mountPath": "/a"}])), [
            'spec.containers[0].volumeMounts[0].name: Not found: "data"',
            'spec.containers[0].volumeMounts[1].name: Not found: "data"',
            'spec.containers[0].volumeMounts[1].mountPath: Invalid value: "/a": must be unique',
        ]),
        (pod(main(env=[{"name": "A=B"}, {"name": "C", "value": "x", "valueFrom": {"fieldRef": {"fieldPath": "a"}}}])), [
            'spec.containers[0].env[0].name: Invalid value: "A=B": a valid environment variable name must consist only '
            "of printable ASCII characters other than '='",
            'spec.containers[0].env[1].valueFrom.fieldRef.fieldPath: Invalid value: "a": error converting fieldPath: '
            "field label not supported: a",
            'spec.containers[0].env[1].valueFrom: Invalid value: "": may not be specified when `value` is not empty',
        ]),
        (pod(main(env=[{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "status.phase"}}}])), [
            'spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Unsupported value: "status.phase": supported '
            'values: "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", '
            '"spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"']),
        (pod(main(envFrom=[{"prefix": "P_"}])), [
            'spec.containers[0].envFrom: Invalid value: "": must specify one of: `configMapRef` or `secretRef`']),
        (pod(main(livenessProbe={"successThreshold": 2, "exec": {"command": ["a"]}, "tcpSocket": {"port": 80}})), [
            "spec.containers[0].livenessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type",
            "spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1",
        ]),
        (pod(main(readinessProbe={"terminationGracePeriodSeconds": 5})), [
            "spec.containers[0].readinessProbe: Required value: must specify a handler type",
            "spec.containers[0].readinessProbe.terminationGracePeriodSeconds: Invalid value: 5: "
            "must not be set for readinessProbes",
        ]),
        (pod(main(lifecycle={"preStop": {"sleep": {"seconds": 31}}})), [
            "spec.containers[0].lifecycle.preStop.sleep: Invalid value: 31: "
            "must be non-negative and less than terminationGracePeriodSeconds (30)"]),
        (pod(main(resources={"requests": {"memory": "256Mi"}, "limits": {"memory": "128Mi", "gpu": "1"}})), [
            'spec.containers[0].resources.limits[gpu]: Invalid value: "gpu": '
            "must be a standard resource type or fully qualified",
            'spec.containers[0].resources.limits[gpu]: Invalid value: "gpu": '
            "must be a standard resource for containers",
            'spec.containers[0].resources.requests[gpu]: Invalid value: "gpu": '
            "must be a standard resource type or fully qualified",
            'spec.containers[0].resources.requests[gpu]: Invalid value: "gpu": '
            "must be a standard resource for containers",
            'spec.containers[0].resources.requests: Invalid value: "256Mi": '
            "must be less than or equal to memory limit of 128Mi",
        ]),
        (pod(main(resources={"requests": {"example.com/gpu": "1500m"}, "limits": {"example.com/gpu": "2"}})), [
            'spec.containers[0].resources.requests[example.com/gpu]: Invalid value: "1500m": must be an integer',
            'spec.containers[0].resources.requests: Invalid value: "1500m": '
            "must be equal to example.com/gpu limit of 2",
        ]),
        (pod(main(securityContext={"runAsUser": -1, "allowPrivilegeEscalation": False, "privileged": True})), [
            "spec.containers[0].securityContext.runAsUser: Invalid value: -1: "
            "must be between 0 and 4294967295, inclusive",
            'spec.containers[0].securityContext: Invalid value: {"Capabilities":null,"Privileged":true,'
            '"SELinuxOptions":null,"WindowsOptions":null,"RunAsUser":-1,"RunAsGroup":null,"RunAsNonRoot":null,'
            '"ReadOnlyRootFilesystem":null,"AllowPrivilegeEscalation":false,"ProcMount":null,"SeccompProfile":null,'
            '"AppArmorProfile":null}: cannot set `allowPrivilegeEscalation` to false and `privileged` to true',
        ]),
        (pod(initContainers=[main(name="i", lifecycle={}), main(name="s", restartPolicy="Always", livenessProbe={})]), [
            "spec.initContainers[0].lifecycle: Forbidden: may not be set for init containers without "
            "restartPolicy=Always",
            "spec.initContainers[1].livenessProbe: Required value: must specify a handler type",
        ]),
        (pod(restartPolicy="Sometimes", dnsPolicy="None", nodeSelector={"a": "b c"}), [
            'spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"',
            "spec.nodeSelector: Invalid value: \"b c\": a valid label must be an empty string or consist of "
            "alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. "
            "'MyValue',  or 'my_value',  or '12345', regex used for validation is "
            "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
            "spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None",
        ]),
        (pod(tolerations=[{"operator": "Equal", "effect": "NoSchedule", "tolerationSeconds": 1}]), [
            'spec.tolerations[0].operator: Invalid value: "Equal": operator must be Exists when `key` is empty, which '
            'means "match all values and all keys"',
            "spec.tolerations[0].effect: Invalid value: \"NoSchedule\": "
            "effect must be 'NoExecute' when `tolerationSeconds` is set",
        ]),
        (pod(topologySpreadConstraints=[{"maxSkew": 0, "topologyKey": "zone", "whenUnsatisfiable": "Maybe"}]), [
            "spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero",
            'spec.topologySpreadConstraints[0].whenUnsatisfiable: Unsupported value: "Maybe": supported values: '
            '"DoNotSchedule", "ScheduleAnyway"',
        ]),
        (pod(topologySpreadConstraints=[SPREAD | {"matchLabelKeys": ["app", "a b"]}]), [
            "spec.topologySpreadConstraints[0].matchLabelKeys[1]: Invalid value: \"a b\": name part must consist of "
            "alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. "
            "'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
            "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
            'spec.topologySpreadConstraints[0][0]: Invalid value: "app": '
            "exists in both matchLabelKeys and labelSelector",
        ]),
        (pod(affinity={"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {}}}), [
            "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: "
            "Required value: must have at least one node selector term"]),
        (pod(activeDeadlineSeconds=0, hostname="a.b", hostAliases=[{"ip": "1.2.3"}], os={"name": "plan9"}), [
            "spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive",
            'spec.hostname: Invalid value: "a.b": must not contain dots',
            'spec.hostAliases[0].ip: Invalid value: "1.2.3": '
            "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)",
            'spec.os: Unsupported value: "plan9": supported values: "linux", "windows"',
        ]),
        (pod(resourceClaims=[{"name": "gpu"}], securityContext={"seccompProfile": {"localhostProfile": "p"}}), [
            'spec.resourceClaims[0]: Invalid value: {"Name":"gpu","ResourceClaimName":null,'
            '"ResourceClaimTemplateName":null}: must specify one of: `resourceClaimName`, `resourceClaimTemplateName`',
            "spec.securityContext.seccompProfile.type: Required value: type is required when seccompProfile is set",
            'spec.securityContext.seccompProfile.localhostProfile: Invalid value: {"Type":"","LocalhostProfile":"p"}: '
            "can only be set when seccomp type is Localhost",
        ]),
        (pod(ephemeralContainers=[main(name="debug")]), [
            "spec.ephemeralContainers: Forbidden: cannot be set on create"]),
        (pod(schedulingGates=[{"name": "a"}], nodeName="n"), [
            "spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared"]),
    ],
)  # fmt: skip
def test_refusals(spec: dict[str, Any], expected: list[str]) -> None:
    assert refusals(kind, spec) == expected


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (pod(), pod(main(image="nginx:2", imagePullPolicy="Always")), []),
        (pod(), pod(main(image="", imagePullPolicy="Always")), ["spec.containers[0].image: Required value"]),
        (pod(), pod(main(), main(name="b")), [
            "spec.containers: Forbidden: pod updates may not add or remove containers"]),
        (pod(), pod(activeDeadlineSeconds=60), []),
        (pod(activeDeadlineSeconds=60), pod(activeDeadlineSeconds=90), [
            "spec.activeDeadlineSeconds: Invalid value: 90: must be less than or equal to previous value"]),
        (pod(activeDeadlineSeconds=60), pod(), [
            "spec.activeDeadlineSeconds: Invalid value: null: must not update from a positive integer to nil value"]),
        (pod(), pod(tolerations=[{"key": "a", "operator": "Exists"}]), []),
        (pod(tolerations=[{"key": "a", "operator": "Exists"}]), pod(), [
            "spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds"]),
        (pod(schedulingGates=[{"name": "a"}, {"name": "b"}]), pod(schedulingGates=[{"name": "b"}]), []),
        (pod(schedulingGates=[{"name": "a"}]), pod(schedulingGates=[{"name": "a"}, {"name": "b"}]), [
            "spec.schedulingGates[1].name: Forbidden: only deletion is allowed, but found new scheduling gate 'b'"]),
        (pod(schedulingGates=[{"name": "a"}]), pod(schedulingGates=[{"name": "a"}], nodeSelector={"a": "b"}), []),
        (pod(schedulingGates=[{"name": "a"}], nodeSelector={"a": "b"}), pod(schedulingGates=[{"name": "a"}]), [
            "spec.nodeSelector: Invalid value: null: "
            "only additions to spec.nodeSelector are allowed (no mutations or deletions)"]),
        (pod(terminationGracePeriodSeconds=-1), pod(terminationGracePeriodSeconds=1), []),
    ],
)  # fmt: skip
def test_what_may_change(before: dict[str, Any], after: dict[str, Any], expected: list[str]) -> None:
    old = created(kind, before)
    new = copy.deepcopy(after)
    new["status"] = old["status"]
    assert update_refusals(kind, new, old) == expected


def test_a_forbidden_change_is_shown_as_a_difference_of_all_fields() -> None:
    (text,) = update_refusals(kind, pod(hostname="a<b"), stored())
    assert text == CHANGEABLE + (
        "@@ -64,7 +64,7 @@\n"
        '     "SELinuxChangePolicy": null\n'
        "   },\n"
        '   "ImagePullSecrets": null,\n'
        '-  "Hostname": "",\n'
        '+  "Hostname": "a\\u003cb",\n'
        '   "Subdomain": "",\n'
        '   "SetHostnameAsFQDN": null,\n'
        '   "Affinity": null,\n'
    )


def test_ephemeral_containers_are_only_added() -> None:
    old = stored()
    old["spec"]["ephemeralContainers"] = [main(name="a"), main(name="b")]
    new = copy.deepcopy(old)
    new["spec"]["ephemeralContainers"] = [main(name="c"), main(name="b", stdin=True)]
    first, second = (str(cause) for cause in validate_ephemeral_update(new, old))
    assert first == 'spec.ephemeralContainers: Forbidden: existing ephemeral containers "a" may not be removed\n'
    assert '"b" may not be changed\n@@ ' in second
    assert '\n-  "Stdin": false,\n+  "Stdin": true,\n' in second


def test_what_a_status_may_not_say() -> None:
    ended = {"name": "main", "state": {"terminated": {"exitCode": 0}}}
    old = stored(restartPolicy="Never")
    old["status"]["containerStatuses"] = [ended]
    new = copy.deepcopy(old)
    new["status"] |= {
        "qosClass": "Guaranteed",
        "containerStatuses": [{"name": "main", "state": {"running": {}}}],
        "podIPs": [{"ip": "10.0.0.1"}, {"ip": "10.0.0.2"}],
        "hostIPs": [{"ip": "10.1.0.1"}],
    }
    assert [str(c) for c in kind.validate_status(new, old)] == [
        'status.qosClass: Invalid value: "Guaranteed": field is immutable',
        "status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state",
        'status.podIPs: Invalid value: [{"ip":"10.0.0.1"},{"ip":"10.0.0.2"}]: '
        "may specify no more than one IP for each IP family",
        'status.hostIPs[0].ip: Invalid value: "10.1.0.1": must be equal to `hostIP`',
    ]


def test_the_older_address_field_counts() -> None:
    new = {"metadata": {"ownerReferences": []}, "status": {"podIP": "10.0.0.1", "hostIP": "10.1.0.1"}}
    kind.prepare_status(new, {"metadata": {}})
    assert new["status"]["podIPs"] == [{"ip": "10.0.0.1"}]
    assert new["status"]["hostIPs"] == [{"ip": "10.1.0.1"}]
    assert "ownerReferences" not in new["metadata"]


def test_generation_counts_what_users_change() -> None:
    old = stored()
    bound = copy.deepcopy(old)
    bound["spec"]["nodeName"] = "node-1"
    changed = copy.deepcopy(bound)
    changed["spec"]["containers"][0]["image"] = "nginx:2"
    assert not kind.is_new_generation(bound, old)
    assert kind.is_new_generation(changed, bound)


@pytest.mark.parametrize(
    ("spec", "phase", "requested", "seconds"),
    [
        ({"nodeName": "n"}, "Running", None, 30),
        ({"nodeName": "n"}, "Running", 5, 5),
        ({"nodeName": "n"}, "Running", 0, 0),
        ({"nodeName": "n", "terminationGracePeriodSeconds": -5}, "Running", None, 1),
        ({"nodeName": "n"}, "Succeeded", None, 0),
        ({}, "Pending", None, 0),
    ],
)
def test_grace(spec: dict[str, Any], phase: str, requested: int | None, seconds: int) -> None:
    running = stored(**spec)
    running["status"]["phase"] = phase
    assert kind.grace_seconds(running, requested) == seconds


@pytest.mark.parametrize(
    ("given", "warning"),
    [
        (pod(nodeSelector={"beta.kubernetes.io/os": "linux"}),
         'spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead'),
        (pod(main(env=[{"name": "A", "value": "1"}, {"name": "A", "value": "2"}])),
         'spec.containers[0].env[1]: hides previous definition of "A", which may be dropped when using apply'),
        (pod(main(env=[{"name": "A", "value": "1"}, {"name": "A", "value": "$(A)2"}])), None),
        (pod(main(ports=[{"containerPort": 80}, {"containerPort": 80}])),
         "spec.containers[0].ports[1]: duplicate port definition with spec.containers[0].ports[0]"),
        (pod(main(resources={"limits": {"memory": "100m"}})),
         'spec.containers[0].resources.limits[memory]: fractional byte value "100m" is invalid, must be an integer'),
        (pod(terminationGracePeriodSeconds=-1),
         "spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1"),
        (pod(hostAliases=[{"ip": "1.1.1.1"}, {"ip": "1.1.1.1"}]),
         'spec.hostAliases[1].ip: duplicate ip "1.1.1.1"'),
        (pod(volumes=[{"name": "a", "gitRepo": {"repository": "r"}}]),
         "spec.volumes[0].gitRepo: deprecated in v1.11, and disabled by default in v1.33+"),
    ],
)  # fmt: skip
def test_warnings(given: dict[str, Any], warning: str | None) -> None:
    made = created(kind, given)
    found = [text for text in kind.warnings(made, None) if ".requests" not in text]
    assert found == ([warning] if warning else [])
    assert kind.warnings(made, made) == []


def test_field_selectors() -> None:
    read = {path: reader(stored(hostNetwork=True)) for path, reader in kind.selectable.items()}
    assert read == {
        "spec.nodeName": "",
        "spec.restartPolicy": "Always",
        "spec.schedulerName": "default-scheduler",
        "spec.serviceAccountName": "",
        "spec.hostNetwork": "true",
        "status.phase": "Pending",
        "status.podIP": "",
        "status.nominatedNodeName": "",
    }


def test_annotations_that_were_fields_before_there_were_fields() -> None:
    old_seccomp, old_apparmor = "seccomp.security.alpha.kubernetes.io", "container.apparmor.security.beta.kubernetes.io"
    given = pod(
        main(securityContext={"appArmorProfile": {"type": "RuntimeDefault"}, "seccompProfile": {"type": "Unconfined"}})
    )
    given["metadata"]["annotations"] = {
        f"{old_apparmor}/main": "docker/default", f"container.{old_seccomp}/main": "docker/default",
        f"{old_seccomp}/pod": 'a"b',
    }  # fmt: skip
    assert refusals(kind, given) == [
        f'metadata.annotations.{old_seccomp}/pod: Invalid value: "a\\"b": must be a valid seccomp profile',
        f'metadata.annotations[{old_apparmor}/main]: Invalid value: "docker/default": '
        'invalid AppArmor profile name: "docker/default"',
        "spec.containers[0].securityContext.seccompProfile.type: Forbidden: seccomp type in annotation and field must "
        "match",
        "spec.containers[0].securityContext.appArmorProfile.type: Forbidden: apparmor type in annotation and field "
        "must match",
    ]


def test_what_a_windows_pod_cannot_have_is_told_in_kubernetes_order() -> None:
    shared = {"hostIPC": True, "hostUsers": True, "shareProcessNamespace": False}
    context = {"runAsUser": 1, "fsGroup": 1, "appArmorProfile": {"type": "Unconfined"}}
    container = main(securityContext={"privileged": False, "capabilities": {}})
    given = pod(container, os={"name": "windows"}, securityContext=context, **shared)
    assert refusals(kind, given) == [
        f"spec.{field}: Forbidden: cannot be set for a windows pod"
        for field in (
            "securityContext.appArmorProfile", "hostUsers", "hostIPC", "securityContext.fsGroup",
            "shareProcessNamespace", "securityContext.runAsUser", "containers[0].securityContext.capabilities",
            "containers[0].securityContext.privileged",
        )
    ]  # fmt: skip
