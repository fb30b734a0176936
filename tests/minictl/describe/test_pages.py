"""Objects as pages of text, against what kubectl writes about the same objects."""

from datetime import UTC, datetime
from textwrap import dedent
from typing import Any

import pytest

from minictl.describe import describe

Object = dict[str, Any]
NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Cluster:
    """Holds lists by plural name; knows no single objects."""

    def __init__(self, **lists: list[Object]) -> None:
        self.lists = lists
        self.now = NOW

    def get(self, group_version: str, plural: str, namespace: str, name: str) -> Object:
        raise LookupError(f'{plural}.coordination.k8s.io "{name}" not found')

    def list(self, group_version: str, plural: str, namespace: str, labels: str = "", fields: str = "") -> Any:
        return self.lists.get(plural)


@pytest.fixture(autouse=True)
def _utc(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


def page(subject: Object, show_events: bool = True, **lists: list[Object]) -> str:
    return describe(Cluster(**lists), subject, show_events)


META = {"name": "web", "namespace": "d", "uid": "u", "creationTimestamp": "2026-01-01T11:00:00Z"}


def test_a_service_with_its_ready_endpoints() -> None:
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {**META, "labels": {"b": "2", "a": "1"}},
        "spec": {
            "type": "NodePort", "selector": {"app": "web"}, "ipFamilyPolicy": "SingleStack", "ipFamilies": ["IPv4"],
            "clusterIP": "10.96.0.7", "clusterIPs": ["10.96.0.7"], "sessionAffinity": "None",
            "ports": [{"name": "http", "port": 80, "targetPort": "web", "protocol": "TCP", "nodePort": 30080}],
        },
    }  # fmt: skip
    endpoints = [{"addresses": [f"10.244.0.{n}"], "conditions": {"ready": n != 2}} for n in range(1, 6)]
    slices = [{"ports": [{"name": "http", "port": 8080}], "endpoints": endpoints}]
    assert page(service, show_events=False, endpointslices=slices) == dedent("""\
        Name:              web
        Namespace:         d
        Labels:            a=1
                           b=2
        Annotations:       <none>
        Selector:          app=web
        Type:              NodePort
        IP Family Policy:  SingleStack
        IP Families:       IPv4
        IP:                10.96.0.7
        IPs:               10.96.0.7
        Port:              http  80/TCP
        TargetPort:        web/TCP
        NodePort:          http  30080/TCP
        Endpoints:         10.244.0.1:8080,10.244.0.3:8080,10.244.0.4:8080 + 1 more...
        Session Affinity:  None
        """)


def test_events_are_sorted_counted_and_aligned_by_themselves() -> None:
    def event(reason: str, minute: int, **more: Any) -> Object:
        stamp = f"2026-01-01T11:{minute}:00Z"
        source = {"component": "kubelet"}
        fields = {"type": "Normal", "reason": reason, "firstTimestamp": stamp, "lastTimestamp": stamp, "source": source}
        return {**fields, "message": "did it\n", **more}

    events = [
        event("Late", 59, count=3, firstTimestamp="2026-01-01T11:30:00Z"),
        event("Early", 58, involvedObject={"fieldPath": "spec.containers{c}"}),
    ]
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": META}
    assert page(account).endswith("Image pull secrets:  <none>\nEvents:              <none>\n")
    assert page(account, events=events).split("Events:\n")[1] == (
        "  Type    Reason  Age                From     Message\n"
        "  ----    ------  ----               ----     -------\n"
        "  Normal  Early   2m                 kubelet  spec.containers{c}: did it\n"
        "  Normal  Late    60s (x3 over 30m)  kubelet  did it\n"
    )


def test_a_pod_with_probes_variables_mounts_and_states() -> None:
    container = {
        "name": "c", "image": "nginx", "command": ["sh", "-c"], "args": ["a\nb"],
        "ports": [{"containerPort": 80, "protocol": "TCP"}],
        "resources": {"limits": {"cpu": "1000m"}},
        "livenessProbe": {"httpGet": {"path": "/live", "port": "http", "scheme": "HTTP"}, "periodSeconds": 3},
        "env": [
            {"name": "A", "value": "1"},
            {"name": "CPUS", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}},
            {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k", "optional": True}}},
            {"name": "ME", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}},
        ],
        "volumeMounts": [{"name": "v", "mountPath": "/z"}, {"name": "v", "mountPath": "/a", "readOnly": True}],
    }  # fmt: skip
    status = {
        "phase": "Running", "podIP": "10.0.0.1", "podIPs": [{"ip": "10.0.0.1"}], "qosClass": "Burstable",
        "conditions": [{"type": "Ready", "status": "False"}],
        "containerStatuses": [
            {"name": "c", "ready": False, "restartCount": 2, "state": {"waiting": {"reason": "CrashLoopBackOff"}},
             "lastState": {"terminated": {"exitCode": 1, "reason": "Error"}}},
        ],
    }  # fmt: skip
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": META,
        "spec": {"containers": [container], "volumes": [{"name": "v", "emptyDir": {}}]},
        "status": status,
    }
    text = page(pod, show_events=False)
    for lines in (
        "    Command:\n      sh\n      -c\n    Args:\n      a\n      b\n",
        "    State:          Waiting\n      Reason:       CrashLoopBackOff\n    Last State:     Terminated\n",
        "    Limits:\n      cpu:     1\n",
        "http-get http://:http/live delay=0s timeout=0s period=3s #success=0 #failure=0\n",
        "      CPUS:  1 (limits.cpu)\n      KEY:   <set to the key 'k' in secret 's'>  Optional: true\n"
        "      ME:    web (v1:metadata.name)\n",
        "    Mounts:\n      /a from v (ro)\n      /z from v (rw)\n",
        "Conditions:\n  Type    Status\n  Ready   False \nVolumes:\n  v:\n    Type:        EmptyDir (",
    ):
        assert lines in text


def test_a_node_adds_up_what_its_pods_take() -> None:
    node = {
        "apiVersion": "v1", "kind": "Node",
        "metadata": {"name": "n", "labels": {"node-role.kubernetes.io/worker": ""}},
        "spec": {}, "status": {"allocatable": {"cpu": "2", "memory": "1Gi"}},
    }  # fmt: skip
    pods = [
        {
            "metadata": {"namespace": "d", "name": f"p{n}", "creationTimestamp": "2026-01-01T11:59:00Z"},
            "spec": {"containers": [{"resources": {"requests": {"cpu": "250m", "memory": "64Mi"}}}]},
        }
        for n in range(2)
    ]
    text = page(node, show_events=False, pods=pods)
    assert "Roles:              worker\n" in text
    assert 'Lease:              Failed to get lease: leases.coordination.k8s.io "n" not found\n' in text
    assert (
        "  d                           p0      250m (12%)    0 (0%)      64Mi (6%)        0 (0%)         60s\n" in text
    )
    assert (
        "  cpu                500m (25%)  0 (0%)\n  memory             128Mi (12%)  0 (0%)\n".replace(
            "500m (25%)  ", "500m (25%)   "
        )
        in text
    )


def test_a_secret_hides_what_it_holds() -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": META, "type": "Opaque", "data": {"k": "YWJj"}}
    assert page(secret).endswith("\nType:  Opaque\n\nData\n====\nk:  3 bytes\n")


def test_any_other_kind_field_by_field() -> None:
    boat = {
        "apiVersion": "x.io/v1", "kind": "Boat", "metadata": META,
        "spec": {"sails": 2, "crew": [{"name": "a"}, "b"], "afloat": True},
    }  # fmt: skip
    assert page(boat, show_events=False) == dedent("""\
        Name:         web
        Namespace:    d
        Labels:       <none>
        Annotations:  <none>
        API Version:  x.io/v1
        Kind:         Boat
        Metadata:
          Creation Timestamp:  2026-01-01T11:00:00Z
          UID:                 u
        Spec:
          Afloat:  true
          Crew:
            Name:  a
            b
          Sails:  2
        """)


def test_a_namespace_tells_of_quotas_only_where_there_can_be_any() -> None:
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "d"}, "status": {"phase": "Active"}}
    assert page(namespace) == "Name:         d\nLabels:       <none>\nAnnotations:  <none>\nStatus:       Active\n"
    quota = {"metadata": {"name": "q"}, "status": {"hard": {"pods": "2"}, "used": {"pods": "1"}}}
    assert page(namespace, resourcequotas=[quota], limitranges=[]).endswith(
        "\nResource Quotas\n  Name:     q\n  Resource  Used  Hard\n  --------  ---   ---\n  pods      1     2\n"
        "\nNo LimitRange resource.\n"
    )


def test_a_range_of_addresses_and_an_address() -> None:
    ready = {"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T11:00:00Z", "message": "m"}
    range_ = {
        "apiVersion": "networking.k8s.io/v1", "kind": "ServiceCIDR", "metadata": {"name": "kubernetes"},
        "spec": {"cidrs": ["10.96.0.0/16", "fd00::/112"]}, "status": {"conditions": [ready]},
    }  # fmt: skip
    assert page(range_) == dedent("""\
        Name:         kubernetes
        Labels:       <none>
        Annotations:  <none>
        CIDRs:        10.96.0.0/16, fd00::/112
        Status:
        Conditions:
          Type   Status  LastTransitionTime               Reason  Message
          ----   ------  ------------------               ------  -------
          Ready  True    Thu, 01 Jan 2026 11:00:00 +0000          m
        Events:  <none>
    """)
    address = {
        "apiVersion": "networking.k8s.io/v1", "kind": "IPAddress", "metadata": {"name": "10.96.0.7"},
        "spec": {"parentRef": {"resource": "services", "namespace": "d", "name": "web"}},
    }  # fmt: skip
    assert page(address) == dedent("""\
        Name:         10.96.0.7
        Labels:       <none>
        Annotations:  <none>
        Parent Reference:
          Group:
          Resource:   services
          Namespace:  d
          Name:       web
        Events:       <none>
    """).replace("Group:\n", "Group:      \n")
