"""PersistentVolume, PersistentVolumeClaim, StorageClass, VolumeAttributesClass, VolumeAttachment, CSIDriver, CSINode,
CSIStorageCapacity and PodTemplate: what they refuse, fill in and show."""

from __future__ import annotations

from typing import Any

import pytest

from apiserver.kinds import (
    csidriver,
    csinode,
    csistoragecapacity,
    persistentvolume,
    persistentvolumeclaim,
    podtemplate,
    storageclass,
    volumeattachment,
    volumeattributesclass,
)

from .pipeline import cells, created, refusals, update_refusals

Object = dict[str, Any]
STAMP = "2026-01-01T00:00:00Z"


def volume(**spec: Any) -> Object:
    base = {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/tmp/a"}}
    kept = {key: value for key, value in {**base, **spec}.items() if value is not None}
    return {"metadata": {"name": "v", "creationTimestamp": STAMP}, "spec": kept}


def claim(status: Object | None = None, **spec: Any) -> Object:
    base = {"resources": {"requests": {"storage": "1Gi"}}, "accessModes": ["ReadWriteOnce"]}
    made: Object = {"metadata": {"name": "c"}, "spec": {**base, **spec}}
    return {**made, "status": status} if status else made


CSI = {"driver": "csi.example.com", "volumeHandle": "h"}
MODES = '"ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"'


@pytest.mark.parametrize(
    ("spec", "messages"),
    [
        ({"accessModes": None}, ["spec.accessModes: Required value"]),
        (
            {"accessModes": ["Often"]},
            [f'spec.accessModes: Unsupported value: "Often": supported values: {MODES}'],
        ),
        (
            {"accessModes": ["ReadWriteOncePod", "ReadOnlyMany"]},
            ["spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes"],
        ),
        (
            {"capacity": None},
            [
                "spec.capacity: Required value",
                'spec.capacity: Unsupported value: null: supported values: "storage"',
            ],
        ),
        ({"capacity": {"storage": "0"}}, ['spec.capacity[storage]: Invalid value: "0": must be greater than zero']),
        (
            {"persistentVolumeReclaimPolicy": "Keep"},
            [
                'spec.persistentVolumeReclaimPolicy: Unsupported value: "Keep": '
                'supported values: "Delete", "Recycle", "Retain"'
            ],
        ),
        ({"hostPath": None}, ["spec: Required value: must specify a volume type"]),
        ({"nfs": {"server": "s", "path": "/"}}, ["spec.nfs: Forbidden: may not specify more than 1 volume type"]),
        (
            {"hostPath": {"path": "/"}, "persistentVolumeReclaimPolicy": "Recycle"},
            ["spec.persistentVolumeReclaimPolicy: Forbidden: may not be 'recycle' for a hostPath mount of '/'"],
        ),
        (
            {"hostPath": None, "local": {"path": "/mnt/a"}},
            ["spec.nodeAffinity: Required value: Local volume requires node affinity"],
        ),
        (
            {"nodeAffinity": {}},
            ["spec.nodeAffinity.required: Required value: must specify required node constraints"],
        ),
        ({"hostPath": None, "csi": {"driver": "d"}}, ["spec.csi.volumeHandle: Required value"]),
        (
            {"hostPath": None, "csi": {**CSI, "nodePublishSecretRef": {"name": "s"}}},
            ["spec.csi.nodePublishSecretRef.namespace: Required value"],
        ),
        (
            {"volumeAttributesClassName": "gold"},
            ["spec.csi: Required value: has to be specified when using volumeAttributesClassName"],
        ),
        (
            {"volumeMode": "Tape"},
            ['spec.volumeMode: Unsupported value: "Tape": supported values: "Block", "Filesystem"'],
        ),
    ],
)
def test_volumes_that_are_refused(spec: Object, messages: list[str]) -> None:
    assert refusals(persistentvolume.kind, volume(**spec)) == messages


def test_a_new_volume_is_pending_and_retained() -> None:
    made = created(persistentvolume.kind, volume())
    assert made["status"] == {"phase": "Pending", "lastPhaseTransitionTime": STAMP}
    assert made["spec"]["persistentVolumeReclaimPolicy"] == "Retain"
    assert made["spec"]["volumeMode"] == "Filesystem"


def test_what_a_volume_is_may_not_change() -> None:
    old = created(persistentvolume.kind, volume())
    (message,) = update_refusals(persistentvolume.kind, volume(hostPath={"path": "/tmp/b"}), old)
    assert message.splitlines() == [
        "spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation",
        "@@ -2,7 +2,7 @@",
        '   "GCEPersistentDisk": null,',
        '   "AWSElasticBlockStore": null,',
        '   "HostPath": {',
        '-    "Path": "/tmp/a",',
        '+    "Path": "/tmp/b",',
        '     "Type": ""',
        "   },",
        '   "Glusterfs": null,',
    ]
    assert update_refusals(persistentvolume.kind, volume(capacity={"storage": "2Gi"}), old) == []


def test_a_row_of_volumes() -> None:
    made = created(persistentvolume.kind, volume(claimRef={"namespace": "a", "name": "b"}, storageClassName="s"))
    row = cells(persistentvolume.kind, made)
    assert [row[name] for name in ("Capacity", "Access Modes", "Reclaim Policy", "Status", "Claim")] == [
        "1Gi", "RWO", "Retain", "Pending", "a/b",
    ]  # fmt: skip
    assert (row["StorageClass"], row["VolumeAttributesClass"], row["VolumeMode"]) == ("s", "<unset>", "Filesystem")
    made["metadata"]["deletionTimestamp"] = STAMP
    assert cells(persistentvolume.kind, made)["Status"] == "Terminating"


def test_volumes_in_ways_that_end() -> None:
    made = created(persistentvolume.kind, volume(persistentVolumeReclaimPolicy="Recycle"))
    made["metadata"]["annotations"] = {"volume.beta.kubernetes.io/storage-class": "s"}
    assert persistentvolume.kind.warnings(made, None) == [
        "metadata.annotations[volume.beta.kubernetes.io/storage-class]: deprecated since v1.8; "
        'use "storageClassName" attribute instead',
        "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. "
        "Instead, the recommended approach is to use dynamic provisioning.",
    ]


@pytest.mark.parametrize(
    ("spec", "messages"),
    [
        ({"accessModes": []}, ["spec.accessModes: Required value: at least 1 access mode is required"]),
        ({"resources": {}}, ["spec.resources[storage]: Required value"]),
        (
            {"resources": {"requests": {"storage": "-1"}}},
            ['spec.resources[storage]: Invalid value: "-1": must be greater than zero'],
        ),
        (
            {"dataSource": {"kind": "Snapshot", "name": "s"}},
            [
                "spec.dataSource: Invalid value: \"Snapshot\": must be 'PersistentVolumeClaim' "
                "when referencing the default apiGroup",
                "spec.dataSourceRef: Invalid value: \"Snapshot\": must be 'PersistentVolumeClaim' "
                "when referencing the default apiGroup",
            ],
        ),
        (
            {
                "dataSource": {"kind": "PersistentVolumeClaim", "name": "s"},
                "dataSourceRef": {"kind": "PersistentVolumeClaim", "name": "t"},
            },
            ['spec: Invalid value: "spec.dataSource": must match dataSourceRef'],
        ),
    ],
)
def test_claims_that_are_refused(spec: Object, messages: list[str]) -> None:
    assert refusals(persistentvolumeclaim.kind, claim(**spec)) == messages


def test_a_new_claim_is_pending() -> None:
    made = created(persistentvolumeclaim.kind, claim())
    assert (made["status"], made["spec"]["volumeMode"]) == ({"phase": "Pending"}, "Filesystem")


def test_both_sources_of_a_claim_say_the_same() -> None:
    source = {"kind": "PersistentVolumeClaim", "name": "s"}
    assert created(persistentvolumeclaim.kind, claim(dataSource=source))["spec"]["dataSourceRef"] == source
    assert created(persistentvolumeclaim.kind, claim(dataSourceRef=source))["spec"]["dataSource"] == source
    elsewhere = {**source, "namespace": "other"}
    assert "dataSource" not in created(persistentvolumeclaim.kind, claim(dataSourceRef=elsewhere))["spec"]


BOUND = {"phase": "Bound", "capacity": {"storage": "1Gi"}}


def sized(size: str, **spec: Any) -> Object:
    return claim(BOUND, resources={"requests": {"storage": size}}, **spec)


def test_a_bound_claim_may_only_grow() -> None:
    old = created(persistentvolumeclaim.kind, sized("2Gi"))
    assert update_refusals(persistentvolumeclaim.kind, sized("3Gi"), old) == []
    assert update_refusals(persistentvolumeclaim.kind, sized("1536Mi"), old) == []
    assert update_refusals(persistentvolumeclaim.kind, sized("1Gi"), old) == [
        "spec.resources.requests.storage: Forbidden: field can not be less than status.capacity"
    ]


def test_the_rest_of_a_claim_is_for_ever() -> None:
    old = created(persistentvolumeclaim.kind, claim(storageClassName="a"))
    (message,) = update_refusals(persistentvolumeclaim.kind, claim(storageClassName="b"), old)
    assert message.splitlines() == [
        "spec: Forbidden: spec is immutable after creation except resources.requests and "
        "volumeAttributesClassName for bound claims",
        "@@ -10,7 +10,7 @@",
        "     }",
        "   },",
        '   "VolumeName": "",',
        '-  "StorageClassName": "a",',
        '+  "StorageClassName": "b",',
        '   "VolumeMode": "Filesystem",',
        '   "DataSource": null,',
        '   "DataSourceRef": null,',
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {"volumeName": "v"}),
        ({}, {"storageClassName": "late"}),
        ({"volumeAttributesClassName": "a"}, {"volumeAttributesClassName": "b"}),
    ],
)
def test_what_a_claim_may_be_given_later(before: Object, after: Object) -> None:
    old = created(persistentvolumeclaim.kind, claim(**before))
    assert update_refusals(persistentvolumeclaim.kind, claim(**after), old) == []


def test_attributes_may_change_and_not_vanish() -> None:
    old = created(persistentvolumeclaim.kind, claim(volumeAttributesClassName="a"))
    at = "spec.volumeAttributesClassName: Forbidden: update from non-nil value to"
    assert update_refusals(persistentvolumeclaim.kind, claim(), old) == [f"{at} nil is forbidden"]
    emptied = claim(volumeAttributesClassName="")
    assert update_refusals(persistentvolumeclaim.kind, emptied, old) == [f"{at} an empty string is forbidden"]


def test_the_status_of_a_claim() -> None:
    status = {"capacity": {"storage": "-1"}, "allocatedResourceStatuses": {"cpu": "Slow"}}
    assert [str(cause) for cause in persistentvolumeclaim.kind.validate_status(claim(status), claim())] == [
        'status.capacity[storage]: Invalid value: "-1": must be greater than or equal to 0',
        'status.allocatedResourceStatus: Unsupported value: "cpu": supported values: "storage"',
        'status.allocatedResourceStatus: Unsupported value: "cpu": supported values: "ControllerResizeInProgress", '
        '"ControllerResizeInfeasible", "NodeResizeInProgress", "NodeResizeInfeasible", "NodeResizePending"',
    ]


def test_a_row_of_claims() -> None:
    row = cells(persistentvolumeclaim.kind, created(persistentvolumeclaim.kind, claim(storageClassName="s")))
    names = ("Status", "Volume", "Capacity", "Access Modes", "StorageClass", "VolumeAttributesClass")
    assert [row[name] for name in names] == ["Pending", "", "", "", "s", "<unset>"]
    status = {"phase": "Bound", "capacity": {"storage": "2Gi"}, "accessModes": ["ReadOnlyMany", "ReadWriteOnce"]}
    row = cells(persistentvolumeclaim.kind, claim(status, volumeName="v"))
    assert [row[name] for name in names] == ["Bound", "v", "2Gi", "RWO,ROX", "", "<unset>"]


def test_storage_classes() -> None:
    made = created(storageclass.kind, {"provisioner": "example.com/disks"})
    assert (made["reclaimPolicy"], made["volumeBindingMode"]) == ("Delete", "Immediate")
    made["metadata"]["annotations"] = {"storageclass.kubernetes.io/is-default-class": "true"}
    row = cells(storageclass.kind, made)
    assert (row["Name"], row["AllowVolumeExpansion"]) == ("x (default)", False)
    changed = {**made, "provisioner": "other", "parameters": {"a": "b"}, "volumeBindingMode": "WaitForFirstConsumer"}
    assert update_refusals(storageclass.kind, {**changed, "reclaimPolicy": "Retain"}, made) == [
        "parameters: Forbidden: updates to parameters are forbidden.",
        "provisioner: Forbidden: updates to provisioner are forbidden.",
        "reclaimPolicy: Forbidden: updates to reclaimPolicy are forbidden.",
        'volumeBindingMode: Invalid value: "WaitForFirstConsumer": field is immutable',
    ]


@pytest.mark.parametrize(
    ("object", "message"),
    [
        ({}, "provisioner: Required value"),
        (
            {"provisioner": "p", "reclaimPolicy": "Recycle"},
            'reclaimPolicy: Unsupported value: "Recycle": supported values: "Delete", "Retain"',
        ),
        (
            {"provisioner": "p", "volumeBindingMode": "Never"},
            'volumeBindingMode: Unsupported value: "Never": supported values: "Immediate", "WaitForFirstConsumer"',
        ),
        (
            {"provisioner": "p", "allowedTopologies": [{"matchLabelExpressions": [{"key": "zone"}]}]},
            "allowedTopologies[0].matchLabelExpressions[0].values: Required value",
        ),
    ],
)
def test_storage_classes_that_are_refused(object: Object, message: str) -> None:
    assert refusals(storageclass.kind, object) == [message]


def test_volume_attributes_classes() -> None:
    assert refusals(volumeattributesclass.kind, {"driverName": "d"}) == [
        "parameters: Required value: must contain at least one key/value pair"
    ]
    old = created(volumeattributesclass.kind, {"driverName": "d", "parameters": {"iops": "1"}})
    assert update_refusals(volumeattributesclass.kind, {"driverName": "e", "parameters": {}}, old) == [
        "driverName: Forbidden: updates to driverName are forbidden.",
        "parameters: Forbidden: updates to parameters are forbidden.",
    ]


def test_csi_drivers() -> None:
    made = created(csidriver.kind, {"spec": {"tokenRequests": [{"audience": "a"}, {"audience": "b"}]}})
    row = cells(csidriver.kind, made)
    assert [row[c] for c in ("AttachRequired", "PodInfoOnMount", "StorageCapacity", "RequiresRepublish")] == [
        True, False, False, False,
    ]  # fmt: skip
    assert (row["TokenRequests"], row["Modes"]) == ("a,b", "Persistent")
    spec = {"fsGroupPolicy": "Some", "tokenRequests": [{"expirationSeconds": 5}], "volumeLifecycleModes": ["Once"]}
    assert refusals(csidriver.kind, {"spec": spec}) == [
        'spec.fsGroupPolicy: Unsupported value: "Some": supported values: "File", "None", "ReadWriteOnceWithFSType"',
        "spec.tokenRequests[0].expirationSeconds: Invalid value: 5: may not specify a duration less than 10 minutes",
        'spec.volumeLifecycleModes: Unsupported value: "Once": supported values: "Persistent", "Ephemeral"',
    ]
    assert refusals(csidriver.kind, {"spec": {"serviceAccountTokenInSecrets": False}}) == [
        "spec.serviceAccountTokenInSecrets: Invalid value: false: serviceAccountTokenInSecrets is set but no "
        "tokenRequests are specified"
    ]
    assert update_refusals(csidriver.kind, {"spec": {"attachRequired": False}}, made) == [
        "spec.attachedRequired: Invalid value: false: field is immutable"
    ]


def test_csi_nodes() -> None:
    driver = {"name": "d.example.com", "nodeID": "n", "allocatable": {"count": 3}}
    old = created(csinode.kind, {"spec": {"drivers": [driver]}})
    assert cells(csinode.kind, old)["Drivers"] == 1
    assert cells(csinode.kind, created(csinode.kind, {"spec": {}}))["Drivers"] == 0
    assert refusals(csinode.kind, {"spec": {"drivers": [driver, {**driver, "nodeID": ""}]}}) == [
        "spec.drivers[1].nodeID: Required value",
        'spec.drivers[1].name: Duplicate value: "d.example.com"',
    ]
    assert refusals(csinode.kind, {"spec": {"drivers": [{**driver, "topologyKeys": ["zone", "-"]}]}})[0].startswith(
        'spec.drivers[0]: Invalid value: ["zone","-"]: name part must consist of'
    )
    assert update_refusals(csinode.kind, {"spec": {"drivers": [{**driver, "allocatable": {"count": 4}}]}}, old) == []
    assert len(update_refusals(csinode.kind, {"spec": {"drivers": [{**driver, "nodeID": "m"}]}}, old)) == 1


def test_storage_capacities() -> None:
    assert refusals(csistoragecapacity.kind, {"storageClassName": "s", "capacity": "-1Gi"}) == [
        'capacity: Invalid value: "-1Gi": must be greater than or equal to 0'
    ]
    old = created(csistoragecapacity.kind, {"storageClassName": "s"})
    assert update_refusals(csistoragecapacity.kind, {"storageClassName": "t"}, old) == [
        'storageClassName: Invalid value: "t": field is immutable'
    ]


def test_volume_attachments() -> None:
    spec = {"attacher": "a.example.com", "nodeName": "node-1", "source": {"persistentVolumeName": "v"}}
    made = created(volumeattachment.kind, {"spec": spec})
    row = cells(volumeattachment.kind, made)
    assert [row[c] for c in ("Attacher", "PV", "Node", "Attached")] == ["a.example.com", "v", "node-1", False]
    assert refusals(volumeattachment.kind, {"spec": {**spec, "source": {}}}) == [
        "spec.source: Required value: must specify exactly one of inlineVolumeSpec and persistentVolumeName"
    ]
    inline = {"inlineVolumeSpec": {"accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/a"}}}
    assert refusals(volumeattachment.kind, {"spec": {**spec, "source": inline}}) == [
        "spec.source.inlineVolumeSpec.csi: Required value: has to be specified in the context of inline volumes"
    ]
    assert len(update_refusals(volumeattachment.kind, {"spec": {**spec, "nodeName": "node-2"}}, made)) == 1


def test_pod_templates() -> None:
    pod = {"containers": [{"name": "a", "image": "nginx"}, {"name": "b", "image": "redis"}]}
    made = created(podtemplate.kind, {"template": {"metadata": {"labels": {"app": "web"}}, "spec": pod}})
    row = cells(podtemplate.kind, made)
    assert [row[c] for c in ("Containers", "Images", "Pod Labels")] == ["a,b", "nginx,redis", "app=web"]
    assert made["template"]["spec"]["restartPolicy"] == "Always"
    assert refusals(podtemplate.kind, {"template": {"spec": {}}}) == ["template.spec.containers: Required value"]
