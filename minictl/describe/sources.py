"""What each kind of volume is called in a description, and the fields of it that are shown there."""

from collections.abc import Mapping
from typing import Any

from minictl.describe.text import NONE, UNSET

Fields = Mapping[str, Any]
# (label, path in the volume's source, what an absent value reads as)
Row = tuple[str, str, object]

# volume source: (what it is, its rows), for all whose rows are their fields one by one
OF_PODS: dict[str, tuple[str, tuple[Row, ...]]] = {
    "hostPath": (
        "HostPath (bare host directory volume)",
        (("Path", "path", ""), ("HostPathType", "type", NONE)),
    ),
    "gcePersistentDisk": (
        "GCEPersistentDisk (a Persistent Disk resource in Google Compute Engine)",
        (
            ("PDName", "pdName", ""),
            ("FSType", "fsType", ""),
            ("Partition", "partition", 0),
            ("ReadOnly", "readOnly", False),
        ),
    ),
    "awsElasticBlockStore": (
        "AWSElasticBlockStore (a Persistent Disk resource in AWS)",
        (
            ("VolumeID", "volumeID", ""),
            ("FSType", "fsType", ""),
            ("Partition", "partition", 0),
            ("ReadOnly", "readOnly", False),
        ),
    ),
    "gitRepo": (
        "GitRepo (a volume that is pulled from git when the pod is created)",
        (("Repository", "repository", ""), ("Revision", "revision", "")),
    ),
    "secret": (
        "Secret (a volume populated by a Secret)",
        (("SecretName", "secretName", ""), ("Optional", "optional", False)),
    ),
    "configMap": (
        "ConfigMap (a volume populated by a ConfigMap)",
        (("Name", "name", ""), ("Optional", "optional", False)),
    ),
    "nfs": (
        "NFS (an NFS mount that lasts the lifetime of a pod)",
        (("Server", "server", ""), ("Path", "path", ""), ("ReadOnly", "readOnly", False)),
    ),
    "persistentVolumeClaim": (
        "PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)",
        (("ClaimName", "claimName", ""), ("ReadOnly", "readOnly", False)),
    ),
    "image": (
        "Image (a container image or OCI artifact)",
        (("Reference", "reference", ""), ("PullPolicy", "pullPolicy", "")),
    ),
    "azureFile": (
        "AzureFile (an Azure File Service mount on the host and bind mount to the pod)",
        (("SecretName", "secretName", ""), ("ShareName", "shareName", ""), ("ReadOnly", "readOnly", False)),
    ),
    "flocker": (
        "Flocker (a Flocker volume mounted by the Flocker agent)",
        (("DatasetName", "datasetName", ""), ("DatasetUUID", "datasetUUID", "")),
    ),
    "portworxVolume": (
        "PortworxVolume (a Portworx Volume resource)",
        (("VolumeID", "volumeID", ""),),
    ),
    "vsphereVolume": (
        "vSphereVolume (a Persistent Disk resource in vSphere)",
        (("VolumePath", "volumePath", ""), ("FSType", "fsType", ""), ("StoragePolicyName", "storagePolicyName", "")),
    ),
    "glusterfs": (
        "Glusterfs (a Glusterfs mount on the host that shares a pod's lifetime)",
        (("EndpointsName", "endpoints", ""), ("Path", "path", ""), ("ReadOnly", "readOnly", False)),
    ),
    "cephfs": (
        "CephFS (a CephFS mount on the host that shares a pod's lifetime)",
        (
            ("Monitors", "monitors", []),
            ("Path", "path", ""),
            ("User", "user", ""),
            ("SecretFile", "secretFile", ""),
            ("SecretRef", "secretRef", ""),
            ("ReadOnly", "readOnly", False),
        ),
    ),
    "rbd": (
        "RBD (a Rados Block Device mount on the host that shares a pod's lifetime)",
        (
            ("CephMonitors", "monitors", []),
            ("RBDImage", "image", ""),
            ("FSType", "fsType", ""),
            ("RBDPool", "pool", ""),
            ("RadosUser", "user", ""),
            ("Keyring", "keyring", ""),
            ("SecretRef", "secretRef", ""),
            ("ReadOnly", "readOnly", False),
        ),
    ),
    "cinder": (
        "Cinder (a Persistent Disk resource in OpenStack)",
        (
            ("VolumeID", "volumeID", ""),
            ("FSType", "fsType", ""),
            ("ReadOnly", "readOnly", False),
            ("SecretRef", "secretRef", ""),
        ),
    ),
    "azureDisk": (
        "AzureDisk (an Azure Data Disk mount on the host and bind mount to the pod)",
        (
            ("DiskName", "diskName", ""),
            ("DiskURI", "diskURI", ""),
            ("Kind", "kind", ""),
            ("FSType", "fsType", ""),
            ("CachingMode", "cachingMode", ""),
            ("ReadOnly", "readOnly", False),
        ),
    ),
    "scaleIO": (
        "ScaleIO (a persistent volume backed by a block device in ScaleIO)",
        (
            ("Gateway", "gateway", ""),
            ("System", "system", ""),
            ("Protection Domain", "protectionDomain", ""),
            ("Storage Pool", "storagePool", ""),
            ("Storage Mode", "storageMode", ""),
            ("VolumeName", "volumeName", ""),
            ("FSType", "fsType", ""),
            ("ReadOnly", "readOnly", False),
        ),
    ),
    "storageos": (
        "StorageOS (a StorageOS Persistent Disk resource)",
        (
            ("VolumeName", "volumeName", ""),
            ("VolumeNamespace", "volumeNamespace", ""),
            ("FSType", "fsType", ""),
            ("ReadOnly", "readOnly", False),
        ),
    ),
    "flexVolume": (
        "FlexVolume (a generic volume resource that is provisioned/attached using an exec based plugin)",
        (
            ("Driver", "driver", ""),
            ("FSType", "fsType", ""),
            ("SecretRef", "secretRef", ""),
            ("ReadOnly", "readOnly", False),
            ("Options", "options", {}),
        ),
    ),
    "photonPersistentDisk": (
        "PhotonPersistentDisk (a Persistent Disk resource in photon platform)",
        (("PdID", "pdID", ""), ("FSType", "fsType", "")),
    ),
    "quobyte": (
        "Quobyte (a Quobyte mount on the host that shares a pod's lifetime)",
        (("Registry", "registry", ""), ("Volume", "volume", ""), ("ReadOnly", "readOnly", False)),
    ),
}


# The same for volumes of the whole cluster, where they differ.
_DIFFERENT: dict[str, tuple[str, tuple[Row, ...]]] = {
    "local": ("LocalVolume (a persistent volume backed by local storage on a node)", (("Path", "path", ""),)),
    "glusterfs": (
        OF_PODS["glusterfs"][0],
        (
            ("EndpointsName", "endpoints", ""),
            ("EndpointsNamespace", "endpointsNamespace", UNSET),
            ("Path", "path", ""),
            ("ReadOnly", "readOnly", False),
        ),
    ),
    "azureFile": (
        OF_PODS["azureFile"][0],
        (
            ("SecretName", "secretName", ""),
            ("SecretNamespace", "secretNamespace", ""),
            ("ShareName", "shareName", ""),
            ("ReadOnly", "readOnly", False),
        ),
    ),
    "scaleIO": (
        OF_PODS["scaleIO"][0],
        (
            *OF_PODS["scaleIO"][1][:6],
            ("SecretName", "secretName", ""),
            ("SecretNamespace", "secretNamespace", ""),
            *OF_PODS["scaleIO"][1][6:],
        ),
    ),
}
OF_THE_CLUSTER = {**OF_PODS, **_DIFFERENT}
