"""Makes the PriorityClasses that every cluster has; nothing watches over them afterwards, as in Kubernetes."""

from __future__ import annotations

import contextlib

from apiserver.api import API
from apiserver.errors import AlreadyExists
from apiserver.kinds.priorityclass import kind as PRIORITYCLASS
from apiserver.objects.priorities import SYSTEM_CLASSES, system_class


async def bootstrap(api: API) -> None:
    for name in SYSTEM_CLASSES:
        if api.find(PRIORITYCLASS, "", name) is None:
            with contextlib.suppress(AlreadyExists):
                await api.create(PRIORITYCLASS, "", system_class(name), api.named("kube-apiserver"))
