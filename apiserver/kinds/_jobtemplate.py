"""What Jobs and the templates of CronJobs are filled in with alike."""

from __future__ import annotations

from apiserver.kind import Object
from apiserver.objects.poddefaults import default_template


def default_job_template(spec: Object) -> None:
    default_template(spec.setdefault("template", {}))
    for rule in (spec.get("podFailurePolicy") or {}).get("rules") or ():
        for pattern in rule.get("onPodConditions") or ():
            if not pattern.get("status"):
                pattern["status"] = "True"
