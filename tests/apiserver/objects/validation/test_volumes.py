from __future__ import annotations

from typing import Any

import pytest

from apiserver.objects.validation.volumes import Owner, validate_volumes

OWNER = Owner(True, "web")
CLAIM = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}


def sentences(*volumes: dict[str, Any]) -> list[str]:
    return [str(c) for c in validate_volumes("v", list(volumes), OWNER)[1]]


@pytest.mark.parametrize(
    "source",
    [
        {"emptyDir": {"sizeLimit": "1Gi"}},
        {"hostPath": {"path": "/var", "type": "Directory"}},
        {"secret": {"secretName": "s", "defaultMode": 0o400, "items": [{"key": "a", "path": "b/c"}]}},
        {"configMap": {"name": "c", "items": [{"key": "a", "path": "b"}]}},
        {"persistentVolumeClaim": {"claimName": "c"}},
        {"downwardAPI": {"items": [{"path": "l", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.labels"}}]}},
        {"projected": {"sources": [{"serviceAccountToken": {"path": "token", "expirationSeconds": 3607}}]}},
        {"csi": {"driver": "Csi.Example.com"}},
        {"ephemeral": {"volumeClaimTemplate": {"spec": CLAIM}}},
        {"image": {"reference": "a:1", "pullPolicy": "IfNotPresent"}},
        {"nfs": {"server": "s", "path": "/p"}},
        {"iscsi": {"targetPortal": "p", "iqn": "iqn.2024-01.com.example:a", "lun": 0}},
        {"azureDisk": {"diskName": "d", "diskURI": "https://x", "kind": "Shared", "cachingMode": "None"}},
    ],
)
def test_good_volumes(source: dict[str, Any]) -> None:
    volume = {"name": "a", **source}
    usable, causes = validate_volumes("v", [volume], OWNER)
    assert not causes
    assert usable == {"a": volume}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ({}, ["v[0]: Required value: must specify a volume type"]),
        ({"emptyDir": {}, "downwardAPI": {}, "cephfs": {}}, [
            "v[0].cephFS: Forbidden: may not specify more than 1 volume type",
            "v[0].downwarAPI: Forbidden: may not specify more than 1 volume type",
        ]),
        ({"hostPath": {"path": "/a/../b", "type": "Pipe"}}, [
            "v[0].hostPath.path: Invalid value: \"/a/../b\": must not contain '..'",
            'v[0].hostPath.type: Unsupported value: "Pipe": supported values: "", "BlockDevice", "CharDevice", '
            '"Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"',
        ]),
        ({"secret": {"defaultMode": 512}}, [
            "v[0].secret.secretName: Required value",
            "v[0].secret.defaultMode: Invalid value: 512: must be a number between 0 and 0777 (octal), both inclusive",
        ]),
        ({"configMap": {"name": "c", "items": [{"path": "/abs"}, {"key": "k", "path": "..x"}]}}, [
            "v[0].configMap.items[0].key: Required value",
            'v[0].configMap.items[0].path: Invalid value: "/abs": must be a relative path',
            "v[0].configMap.items[1].path: Invalid value: \"..x\": must not start with '..'",
        ]),
        ({"downwardAPI": {"items": [{"path": "a", "resourceFieldRef": {"resource": "limits.cpu", "divisor": "2"}}]}}, [
            "v[0].downwardAPI.resourceFieldRef.containerName: Required value",
            'v[0].downwardAPI.resourceFieldRef.divisor: Invalid value: "limits.cpu": '
            "only divisor's values 1m and 1 are supported with the cpu resource",
        ]),
        ({"projected": {"sources": [{"serviceAccountToken": {"expirationSeconds": 5, "path": "t"}}]}}, [
            "v[0].projected.sources[0].serviceAccountToken.expirationSeconds: Invalid value: 5: "
            "may not specify a duration less than 10 minutes",
        ]),
        ({"projected": {"sources": [
            {"secret": {"name": "a", "items": [{"key": "k", "path": "p"}]}},
            {"configMap": {"name": "b", "items": [{"key": "k", "path": "p"}]}},
        ]}}, ['v[0].projected: Invalid value: "b": conflicting duplicate paths']),
        ({"ephemeral": {"volumeClaimTemplate": {"spec": {"accessModes": ["Sometimes"]}}}}, [
            'v[0].ephemeral.volumeClaimTemplate.spec.accessModes: Unsupported value: "Sometimes": supported values: '
            '"ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"',
            "v[0].ephemeral.volumeClaimTemplate.spec.resources[storage]: Required value",
        ]),
        ({"gcePersistentDisk": {"partition": 300}}, [
            "v[0].persistentDisk.pdName: Required value",
            "v[0].persistentDisk.partition: Invalid value: 300: must be between 1 and 255, inclusive",
        ]),
        ({"scaleIO": {"gateway": "g", "volumeName": "v"}}, ["v[0].scaleIO.system: Required value"]),
        ({"iscsi": {"targetPortal": "p", "iqn": "nope"}}, [
            'v[0].iscsi.iqn: Invalid value: "nope": must be valid format starting with iqn, eui, or naa']),
        ({"flexVolume": {"driver": "d", "options": {"x.kubernetes.io/a": "b"}}}, [
            'v[0].flexVolume.options[x.kubernetes.io/a]: Invalid value: "x.kubernetes.io/a": '
            "kubernetes.io and k8s.io namespaces are reserved"]),
    ],
)  # fmt: skip
def test_bad_volumes(source: dict[str, Any], expected: list[str]) -> None:
    assert sentences({"name": "a", **source}) == expected


def test_names_are_unique_and_only_valid_volumes_can_be_mounted() -> None:
    volumes = [{"name": "a", "emptyDir": {}}, {"name": "a", "emptyDir": {}}, {"name": "b", "secret": {}}]
    usable, causes = validate_volumes("v", volumes, OWNER)
    assert list(usable) == ["a"]
    assert [str(c) for c in causes] == [
        'v[1].name: Duplicate value: "a"',
        "v[2].secret.secretName: Required value",
    ]


def test_a_claim_that_an_ephemeral_volume_makes_is_its_own() -> None:
    ephemeral = {"name": "scratch", "ephemeral": {"volumeClaimTemplate": {"spec": CLAIM}}}
    claim = {"name": "b", "persistentVolumeClaim": {"claimName": "web-scratch"}}
    assert sentences(ephemeral, claim) == [
        'v[1].persistentVolumeClaim.claimName: Invalid value: "web-scratch": '
        "must not reference a PVC that gets created for an ephemeral volume"
    ]


def test_an_image_volume_of_nothing() -> None:
    assert sentences({"name": "a", "image": {"pullPolicy": "X"}}) == [
        "v[0].image.reference: Required value",
        'v[0].image.pullPolicy: Unsupported value: "X": supported values: "Always", "IfNotPresent", "Never"',
    ]
