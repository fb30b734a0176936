"""Nothing is created that would use more than the ResourceQuotas of its namespace allow.

What is used is summed up from the stored objects each time, plus what is on its way to the disk: so two creates at once
cannot both have the last of it. A charge ends when its object can be seen, or was not stored, or is gone again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from apiserver import errors
from apiserver.admission import Plugin, Verb, View
from apiserver.call import Call
from apiserver.clock import Clock
from apiserver.kind import Kind, Object
from apiserver.kinds.resourcequota import kind as RESOURCEQUOTA
from apiserver.objects import quotas
from apiserver.objects.podresources import Amounts

IGNORED = frozenset(("events", "events.events.k8s.io"))
"""What controllers say is not held against anybody."""
CHARGED_ON_UPDATE = frozenset((quotas.PODS, quotas.SERVICES, quotas.CLAIMS))
"""Kinds whose objects can come to use more; others only count."""
REMEMBERED = 10_000
"""Stored objects whose usage is remembered; beyond, all are forgotten at once."""


@dataclass(frozen=True)
class _Charge:
    """An object on its way to the disk; `replaces` is the version of the one it replaces, "" for a new one."""

    kind: Kind
    object: Object
    replaces: str
    more: Amounts


class QuotaAdmission(Plugin):
    """Asked about everything."""

    kinds = None

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._charges: dict[str, _Charge] = {}
        """By the uid of the object."""
        self._usages: dict[tuple[str, str], Amounts] = {}
        """By uid and version of the object."""

    def commit(self, view: View, verb: Verb, kind: Kind, new: Object, old: Object | None, call: Call) -> None:
        """Raises Forbidden when a quota would be exceeded, or when a Pod does not say what a quota wants to know."""
        namespace, resource = new["metadata"].get("namespace", ""), str(kind.resource)
        if not namespace or (old is not None and (resource not in CHARGED_ON_UPDATE or new["spec"] == old["spec"])):
            return
        found = view.list(RESOURCEQUOTA, namespace)
        if not found or resource in IGNORED:
            return
        now = self._clock.now()
        wanted = quotas.usage(resource, new, now)
        more = quotas.grown(wanted, quotas.usage(resource, old, now) if old is not None else {})
        for record in found:
            refusal = self._refusal(view, kind, record.object, new, old, wanted if old is None else more, now)
            if refusal:
                raise errors.Forbidden(kind.resource, new["metadata"]["name"], refusal)
        if more and not call.dry_run:
            version = old["metadata"]["resourceVersion"] if old is not None else ""
            self._charges[new["metadata"]["uid"]] = _Charge(kind, new, version, more)

    def released(self, kind: Kind, gone: Object, kept: Object | None) -> None:
        charge = self._charges.get(gone["metadata"]["uid"])
        if charge is not None and (kept is None or charge.object is gone):
            del self._charges[gone["metadata"]["uid"]]

    def _refusal(
        self, view: View, kind: Kind, quota: Object, new: Object, old: Object | None, more: Amounts, now: datetime
    ) -> str:
        """What one quota has against it, "" if nothing."""
        name, resource = quota["metadata"]["name"], str(kind.resource)
        hard = {n: amount for n, amount in quotas.hard_of(quota).items() if quotas.used_by(n) == resource}
        if not hard or not quotas.counts(quota, resource, new):
            return ""
        if resource == quotas.PODS and old is None and (silent := quotas.unsaid(new, hard)):
            return f"failed quota: {name}: must specify {silent}"
        asked = {n: amount for n, amount in more.items() if n in hard and amount}
        if not asked:
            return ""
        used = self._used(view, kind, quota, asked, now)
        over = [n for n in sorted(asked) if used[n] + asked[n] > hard[n]]
        if not over:
            return ""
        shown = (",".join(f"{n}={amounts[n]}" for n in over) for amounts in (asked, used, hard))
        return "exceeded quota: {}, requested: {}, used: {}, limited: {}".format(name, *shown)

    def _used(self, view: View, kind: Kind, quota: Object, names: Amounts, now: datetime) -> Amounts:
        """What a quota counts of the stored objects of a kind and of those on their way."""
        namespace, resource = quota["metadata"]["namespace"], str(kind.resource)
        stored = [r.object for r in view.list(kind, namespace) if quotas.counts(quota, resource, r.object)]
        usages = [self._usage(resource, object, now) for object in stored]
        usages += [
            charge.more
            for charge in self._under_way(view, namespace)
            if str(charge.kind.resource) == resource and quotas.counts(quota, resource, charge.object)
        ]
        return quotas.sum_up(usages, names)

    def _usage(self, resource: str, object: Object, now: datetime) -> Amounts:
        metadata = object["metadata"]
        if "deletionTimestamp" in metadata:  # whether it still counts depends on the time
            return quotas.usage(resource, object, now)
        version = metadata["uid"], metadata["resourceVersion"]
        known = self._usages.get(version)
        if known is None:
            if len(self._usages) >= REMEMBERED:
                self._usages.clear()
            known = self._usages[version] = quotas.usage(resource, object, now)
        return known

    def _under_way(self, view: View, namespace: str) -> list[_Charge]:
        """The charges of a namespace that are not among its stored objects yet; the others are dropped."""
        pending = []
        for uid, charge in list(self._charges.items()):
            metadata = charge.object["metadata"]
            if metadata["namespace"] != namespace:
                continue
            record = view.find(charge.kind, namespace, metadata["name"])
            stored = record.object["metadata"] if record is not None else {"uid": "", "resourceVersion": ""}
            if (stored["uid"] == uid and stored["resourceVersion"] == charge.replaces) or (
                stored["uid"] != uid and not charge.replaces
            ):
                pending.append(charge)
            else:
                del self._charges[uid]
        return pending
