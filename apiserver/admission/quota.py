"""Nothing is created that would use more than the ResourceQuotas of its namespace allow.

What is used is summed up from the stored objects, plus what is on its way to the disk (a charge): so two creates at
once cannot both have the last of it. A charge ends when its object can be seen, or was not stored, or is gone again.
The sum is made anew only after something was stored; until then each charge is added to it.
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


@dataclass
class _Tally:
    """What of a quota is used at a moment: (revision of the store, version of the quota, time in seconds)."""

    moment: tuple[int, str, int]
    used: Amounts


class QuotaAdmission(Plugin):
    """Asked about everything."""

    kinds = None

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._charges: dict[str, _Charge] = {}
        """By the uid of the object."""
        self._tallies: dict[tuple[str, str], _Tally] = {}
        """By the uid of the quota and the resource."""
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
        counting = [r.object for r in found if quotas.counts(r.object, resource, new)]
        for quota in counting:
            refusal = self._refusal(view, kind, quota, new, old, more, now)
            if refusal:
                raise errors.Forbidden(kind.resource, new["metadata"]["name"], refusal)
        if more and not call.dry_run:
            version = old["metadata"]["resourceVersion"] if old is not None else ""
            self._charges[new["metadata"]["uid"]] = _Charge(kind, new, version, more)
            for quota in counting:
                tally = self._tallies.get((quota["metadata"]["uid"], resource))
                if tally is not None:
                    tally.used = quotas.sum_up((tally.used, more), tally.used)

    def released(self, kind: Kind, gone: Object, kept: Object | None) -> None:
        charge = self._charges.get(gone["metadata"]["uid"])
        if charge is not None and (kept is None or charge.object is gone):
            del self._charges[gone["metadata"]["uid"]]
            self._tallies.clear()

    def _refusal(
        self, view: View, kind: Kind, quota: Object, new: Object, old: Object | None, more: Amounts, now: datetime
    ) -> str:
        """What one quota has against it, "" if nothing."""
        name, resource = quota["metadata"]["name"], str(kind.resource)
        hard = {n: amount for n, amount in quotas.hard_of(quota).items() if quotas.used_by(n) == resource}
        if resource == quotas.PODS and old is None and (silent := quotas.unsaid(new, hard)):
            return f"failed quota: {name}: must specify {silent}"
        asked = {n: amount for n, amount in more.items() if n in hard and amount}
        if not asked:
            return ""
        used = self._used(view, kind, quota, hard, now)
        over = [n for n in sorted(asked) if used[n] + asked[n] > hard[n]]
        if not over:
            return ""
        shown = (",".join(f"{n}={amounts[n]}" for n in over) for amounts in (asked, used, hard))
        return "exceeded quota: {}, requested: {}, used: {}, limited: {}".format(name, *shown)

    def _used(self, view: View, kind: Kind, quota: Object, names: Amounts, now: datetime) -> Amounts:
        """What a quota counts of the stored objects of a kind and of those on their way."""
        metadata, resource = quota["metadata"], str(kind.resource)
        moment = (view.revision, metadata["resourceVersion"], int(now.timestamp()))
        tally = self._tallies.get((metadata["uid"], resource))
        if tally is None or tally.moment != moment:
            if len(self._tallies) >= REMEMBERED:
                self._tallies.clear()
            usages = self._usages_of(view, kind, quota, now)
            tally = self._tallies[metadata["uid"], resource] = _Tally(moment, quotas.sum_up(usages, names))
        return tally.used

    def _usages_of(self, view: View, kind: Kind, quota: Object, now: datetime) -> list[Amounts]:
        namespace, resource = quota["metadata"]["namespace"], str(kind.resource)
        charges = [c for c in self._under_way(view, namespace) if str(c.kind.resource) == resource]
        records = view.list(kind, namespace)
        if resource not in CHARGED_ON_UPDATE:  # they only count, and so each as much as the other
            return [quotas.usage(resource, r.object, now) for r in records] + [c.more for c in charges]
        stored = [r.object for r in records if quotas.counts(quota, resource, r.object)]
        usages = [self._usage(resource, object, now) for object in stored]
        return usages + [c.more for c in charges if quotas.counts(quota, resource, c.object)]

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
