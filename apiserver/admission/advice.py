"""What users have others decide about objects: policies in CEL first, then webhooks."""

from __future__ import annotations

from collections.abc import Callable

from apiserver.admission import View, mutatingpolicies, validatingpolicies
from apiserver.admission.policies import Observed, Policies
from apiserver.admission.questions import Question
from apiserver.admission.webhooks import Webhooks
from apiserver.kinds.mutatingadmissionpolicy import kind as MUTATING
from apiserver.kinds.validatingadmissionpolicy import kind as VALIDATING


class Advice:
    """Asked about every write; a cluster without policies and webhooks pays a look at empty tables."""

    def __init__(self) -> None:
        self._policies = Policies()
        self._webhooks = Webhooks()

    def follow(self, view: Observed) -> Callable[[], None]:
        """Know from now on who is to be asked; returns what ends it."""
        stops = [self._policies.follow(view), self._webhooks.follow(view)]

        def stop() -> None:
            for each in stops:
                each()

        return stop

    async def change(self, view: View, question: Question) -> bool:
        """Have an object changed, in place; whether it was. Raises what is refused."""
        changed = self._policies.any_of(MUTATING) and mutatingpolicies.change(self._policies, view, question)
        if self._webhooks.mutating:
            changed = await self._webhooks.change(view, question) or changed
        return changed

    async def judge(self, view: View, question: Question) -> None:
        """Raises what is refused."""
        if self._policies.any_of(VALIDATING):
            validatingpolicies.judge(self._policies, view, question)
        if self._webhooks.validating:
            await self._webhooks.judge(view, question)
