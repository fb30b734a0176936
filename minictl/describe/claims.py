"""What claims and volumes have in common where they are described."""

from datetime import datetime

from minictl.describe import Fields
from minictl.describe.text import Page, age
from minictl.texts.gotext import plain

_BETA_CLASS = "volume.beta.kubernetes.io/storage-class"
_SHORT_MODES = {
    "ReadWriteOnce": "RWO",
    "ReadOnlyMany": "ROX",
    "ReadWriteMany": "RWX",
    "ReadWriteOncePod": "RWOP",
}


def storage_class(subject: Fields) -> str:
    """The class of a claim or a volume, which may stand in an annotation."""
    annotations = (subject.get("metadata") or {}).get("annotations") or {}
    return str(annotations.get(_BETA_CLASS, (subject.get("spec") or {}).get("storageClassName", "")))


def access_modes(holder: Fields) -> str:
    given = holder.get("accessModes") or ()
    return ",".join(short for mode, short in _SHORT_MODES.items() if mode in given)


def status(subject: Fields, now: datetime) -> str:
    """Its phase, or for how long it has been on its way out."""
    going = (subject.get("metadata") or {}).get("deletionTimestamp")
    return f"Terminating (lasts {age(going, now)})" if going else str((subject.get("status") or {}).get("phase", ""))


def finalizers(meta: Fields) -> str:
    return plain(meta.get("finalizers") or [])


def data_source(page: Page, source: Fields) -> None:
    """What a claim's volume begins with."""
    page.line("DataSource:")
    if source.get("apiGroup") is not None:
        page.field("APIGroup", source["apiGroup"], 1)
    page.field("Kind", source.get("kind", ""), 1)
    page.field("Name", source.get("name", ""), 1)
