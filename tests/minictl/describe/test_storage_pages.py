"""Volumes, claims, their classes, and routes as pages of text, as kubectl writes them."""

from datetime import UTC, datetime
from textwrap import dedent
from typing import Any

import pytest

from minictl.describe import describe

Object = dict[str, Any]
META = {"name": "web", "namespace": "d", "uid": "u", "creationTimestamp": "2026-01-01T11:00:00Z"}


class Cluster:
    """Lists by plural name, single objects by (plural, name)."""

    now = datetime(2026, 1, 1, 12, tzinfo=UTC)

    def __init__(self, objects: dict[tuple[str, str], Object], lists: dict[str, list[Object]]) -> None:
        self.objects, self.lists = objects, lists

    def get(self, group_version: str, plural: str, namespace: str, name: str) -> Object:
        if (plural, name) not in self.objects:
            raise LookupError(f'{plural} "{name}" not found')
        return self.objects[plural, name]

    def list(self, group_version: str, plural: str, namespace: str, labels: str = "", fields: str = "") -> Any:
        return self.lists.get(plural)


def page(group_version: str, kind: str, subject: Object, service: Object | None = None, **lists: list[Object]) -> str:
    whole = {"apiVersion": group_version, "kind": kind, "metadata": META, **subject}
    objects = {("services", "web"): service} if service else {}
    return describe(Cluster(objects, lists), whole, show_events=False)


@pytest.fixture(autouse=True)
def _utc(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


CSI = {"csi": {"driver": "d.example.com", "volumeHandle": "h", "volumeAttributes": {"b": "1", "a": "2"}}}


def test_a_volume() -> None:
    zone = {"key": "zone", "operator": "In", "values": ["a", "b"]}
    there = {"key": "rack", "operator": "Exists"}
    spec = {
        **CSI, "capacity": {"storage": "5Gi"}, "accessModes": ["ReadOnlyMany", "ReadWriteOnce"], "volumeMode": "Block",
        "storageClassName": "fast", "persistentVolumeReclaimPolicy": "Delete",
        "claimRef": {"namespace": "d", "name": "data"},
        "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [zone, there]}]}},
    }  # fmt: skip
    assert page("v1", "PersistentVolume", {"spec": spec, "status": {"phase": "Failed", "message": "no"}}) == dedent("""\
        Name:              web
        Labels:            <none>
        Annotations:       <none>
        Finalizers:        []
        StorageClass:      fast
        Status:            Failed
        Claim:             d/data
        Reclaim Policy:    Delete
        Access Modes:      RWO,ROX
        VolumeMode:        Block
        Capacity:          5Gi
        Node Affinity:     \n\
          Required Terms:  \n\
            Term 0:        zone in [a, b]
                           rack exists
        Message:           no
        Source:
            Type:              CSI (a Container Storage Interface (CSI) volume source)
            Driver:            d.example.com
            FSType:            \n\
            VolumeHandle:      h
            ReadOnly:          false
            VolumeAttributes:      a=2
                                   b=1
        """)


@pytest.mark.parametrize(
    ("source", "rows"),
    [
        ({"hostPath": {"path": "/d", "type": ""}}, ["Path: /d", "HostPathType:"]),
        ({"local": {"path": "/d"}}, ["Path: /d"]),
        ({"fc": {"targetWWNs": ["a", "b"]}}, ["TargetWWNs: a, b", "LUN: <none>"]),
        (
            {"iscsi": {"iqn": "i", "secretRef": {"name": "s"}}},
            ["SecretRef: &SecretReference{Name:s,Namespace:,}", "Portals: []", "InitiatorName: <none>"],
        ),
        ({"cephfs": {"monitors": ["a", "b"]}}, ["Monitors: [a b]", "SecretRef: nil"]),
        ({"azureFile": {"shareName": "s"}}, ["SecretNamespace:", "ShareName: s"]),
        ({"quobyte": {"volume": "v"}}, ["Registry:", "Volume: v"]),
        ({"nobody": {"volume": "v"}}, ["<unknown>"]),
    ],
)
def test_what_a_volume_stands_for(source: Object, rows: list[str]) -> None:
    text = page("v1", "PersistentVolume", {"spec": source, "status": {}}).partition("Source:\n")[2]
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert set(rows) <= set(lines)


def pod(name: str, claim: str, uid: str = "") -> Object:
    volumes = [{"name": "x", "persistentVolumeClaim": {"claimName": claim}}, {"name": "y", "emptyDir": {}}]
    return {"metadata": {"name": name, "uid": uid or name}, "spec": {"volumes": volumes}}


def test_a_claim() -> None:
    grows = {"type": "Resizing", "status": "True", "lastTransitionTime": "2026-01-01T11:00:00Z"}
    subject = {
        "metadata": {**META, "finalizers": ["a", "b"], "ownerReferences": [{"kind": "Pod", "uid": "maker"}]},
        "spec": {"volumeName": "v", "volumeMode": "Filesystem", "dataSource": {"kind": "Snap", "name": "s"}},
        "status": {"phase": "Bound", "capacity": {"storage": "5Gi"}, "conditions": [grows]},
    }
    pods = [pod("b", "web"), pod("a", "web"), pod("c", "other"), pod("d", "other", "maker")]
    assert page("v1", "PersistentVolumeClaim", subject, pods=pods) == dedent("""\
        Name:          web
        Namespace:     d
        StorageClass:  \n\
        Status:        Bound
        Volume:        v
        Labels:        <none>
        Annotations:   <none>
        Finalizers:    [a b]
        Capacity:      5Gi
        Access Modes:  \n\
        VolumeMode:    Filesystem
        DataSource:
          Kind:   Snap
          Name:   s
        Used By:  a
                  b
                  d
        Conditions:
          Type       Status  LastProbeTime                     LastTransitionTime                Reason  Message
          ----       ------  -----------------                 ------------------                ------  -------
          Resizing   True    Mon, 01 Jan 0001 00:00:00 +0000   Thu, 01 Jan 2026 11:00:00 +0000           \n\
        """)


def test_a_claim_without_a_volume_has_no_size_yet_and_one_that_goes_says_for_how_long() -> None:
    going = {**META, "deletionTimestamp": "2026-01-01T11:58:00Z"}
    text = page("v1", "PersistentVolumeClaim", {"metadata": going, "spec": {}, "status": {"phase": "Pending"}})
    assert "Status:        Terminating (lasts 2m)\n" in text
    assert "Capacity:      \n" in text


def test_a_storage_class() -> None:
    annotations = {"storageclass.kubernetes.io/is-default-class": "true"}
    subject = {
        "metadata": {"name": "fast", "annotations": annotations}, "provisioner": "example.com/x",
        "parameters": {"b": "1", "a": "2"}, "mountOptions": ["ro"], "reclaimPolicy": "Delete",
        "allowedTopologies": [{"matchLabelExpressions": [{"key": "zone", "values": ["a", "b"]}]}],
    }  # fmt: skip
    assert page("storage.k8s.io/v1", "StorageClass", subject) == dedent("""\
        Name:                  fast
        IsDefaultClass:        Yes
        Annotations:           storageclass.kubernetes.io/is-default-class=true
        Provisioner:           example.com/x
        Parameters:            a=2,b=1
        AllowVolumeExpansion:  <unset>
        MountOptions:
          ro
        ReclaimPolicy:      Delete
        AllowedTopologies:  \n\
          Term 0:           zone in [a, b]
        """)


def test_an_ingress_shows_the_endpoints_behind_it() -> None:
    def leads(path: str, service: str, **port: Any) -> Object:
        return {"path": path, "backend": {"service": {"name": service, "port": port}}}

    resource = {"path": "/r", "backend": {"resource": {"kind": "B", "name": "n"}}}
    spec = {
        "tls": [{"hosts": ["a.com", "b.com"], "secretName": "s"}, {"hosts": ["c.com"]}],
        "rules": [
            {"host": "a.com", "http": {"paths": [leads("/", "web", name="http"), leads("/x", "gone", number=1)]}},
            {"http": {"paths": [resource]}},
            {"host": "nothing.com"},
        ],
    }
    service = {"spec": {"ports": [{"name": "http", "port": 80}]}}
    slices = [{"ports": [{"name": "http", "port": 8080}], "endpoints": [{"addresses": ["10.0.0.1"]}]}]
    status = {"loadBalancer": {"ingress": [{"ip": "9.9.9.9"}, {"hostname": "lb"}]}}
    text = page("networking.k8s.io/v1", "Ingress", {"spec": spec, "status": status}, service, endpointslices=slices)
    assert text == dedent("""\
        Name:             web
        Labels:           <none>
        Namespace:        d
        Address:          9.9.9.9,lb
        Ingress Class:    <none>
        Default backend:  <default>
        TLS:
          s terminates a.com,b.com
          SNI routes c.com
        Rules:
          Host        Path  Backends
          ----        ----  --------
          a.com       \n\
                      /    web:http (10.0.0.1:8080)
                      /x   gone:1 (<error: services "gone" not found>)
          *           \n\
                      /r   APIGroup: <none>, Kind: B, Name: n
        Annotations:  <none>
        """)


def test_an_ingress_without_rules_leads_everything_to_its_default() -> None:
    spec = {"defaultBackend": {"service": {"name": "gone", "port": {"number": 80}}}}
    text = page("networking.k8s.io/v1", "Ingress", {"spec": spec})
    assert '  *           *     gone:80 (<error: services "gone" not found>)\n' in text


def test_an_ingress_class() -> None:
    spec = {"controller": "example.com/c", "parameters": {"apiGroup": "k.io", "kind": "P", "name": "n"}}
    text = page("networking.k8s.io/v1", "IngressClass", {"spec": spec})
    assert text.endswith(
        "Controller:   example.com/c\nParameters:\n  APIGroup:  k.io\n  Kind:      P\n  Name:      n\n"
    )


def test_a_network_policy() -> None:
    frontend = {"matchLabels": {"role": "frontend"}}
    peers = [
        {"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16", "10.2.0.0/16"]}},
        {"namespaceSelector": {}, "podSelector": frontend},
    ]
    ports = [{"protocol": "TCP", "port": 6379}, {"protocol": "UDP", "port": 100, "endPort": 200}, {"protocol": "UDP"}]
    spec = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"], "ingress": [{"from": peers, "ports": ports}, {}]}
    assert page("networking.k8s.io/v1", "NetworkPolicy", {"spec": spec}) == dedent("""\
        Name:         web
        Namespace:    d
        Created on:   2026-01-01 11:00:00 +0000 UTC
        Labels:       <none>
        Annotations:  <none>
        Spec:
          PodSelector:     <none> (Allowing the specific traffic to all pods in this namespace)
          Allowing ingress traffic:
            To Port: 6379/TCP
            To Port Range: 100-200/UDP
            To Port: <nil>/UDP
            From:
              IPBlock:
                CIDR: 10.0.0.0/8
                Except: 10.1.0.0/16, 10.2.0.0/16
            From:
              NamespaceSelector: <none>
              PodSelector: role=frontend
            ----------
            To Port: <any> (traffic allowed to all ports)
            From: <any> (traffic not restricted by source)
          Allowing egress traffic:
            <none> (Selected pods are isolated for egress connectivity)
          Policy Types: Ingress, Egress
        """)


def test_what_a_network_policy_does_not_affect() -> None:
    spec = {"podSelector": {"matchLabels": {"a": "b"}}, "policyTypes": ["Egress"], "egress": [{}]}
    text = page("networking.k8s.io/v1", "NetworkPolicy", {"spec": spec})
    assert "  PodSelector:     a=b\n  Not affecting ingress traffic\n" in text
    assert "    To: <any> (traffic not restricted by destination)\n" in text


def test_classes_of_attributes_and_the_drivers_of_a_node() -> None:
    subject = {"driverName": "d", "parameters": {"iops": "9"}}
    assert page("storage.k8s.io/v1", "VolumeAttributesClass", subject).endswith(
        "DriverName:   d\nParameters:   iops=9\n"
    )
    driver = {"name": "d", "nodeID": "n", "topologyKeys": ["a", "b"], "allocatable": {"count": 3}}
    text = page("storage.k8s.io/v1", "CSINode", {"spec": {"drivers": [driver]}})
    assert "    d:\n      Node ID:  n\n      Allocatables:\n        Count:        3\n" in text
    assert "      Topology Keys:  [a b]\n" in text
