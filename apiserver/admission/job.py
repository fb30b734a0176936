"""Marks the Pods of each new Job with its uid, and has the Job select exactly those; unless it chooses by itself."""

from __future__ import annotations

from apiserver.admission import Plugin, Verb, View
from apiserver.call import Call
from apiserver.kind import Kind, Object
from apiserver.kinds.job import kind as JOB
from apiserver.objects.validation.job import CONTROLLER_UID, generated_labels


class JobAdmission(Plugin):
    kinds = (JOB,)

    def admit(self, view: View, verb: Verb, kind: Kind, new: Object | None, old: Object | None, call: Call) -> None:
        if new is None or verb != "create":
            return
        metadata, spec = new["metadata"], new["spec"]
        own = metadata.get("labels")
        template = spec["template"].setdefault("metadata", {})
        is_taken_over = own is not None and own == template.get("labels")
        if not spec.get("manualSelector"):
            template["labels"] = {**generated_labels(metadata), **(template.get("labels") or {})}
            selected = spec.setdefault("selector", {}).setdefault("matchLabels", {})
            selected.setdefault(CONTROLLER_UID, metadata["uid"])
        if template.get("labels") and (not own or is_taken_over):
            metadata["labels"] = dict(template["labels"])
