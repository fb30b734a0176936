"""Every kind the server has built in; one file declares one Kind.

The order is that of discovery: core first, and of two kinds with one plural the stored one before its other face.
"""

from __future__ import annotations

from apiserver.kind import Kind
from apiserver.kinds import (
    autoscaling_v1,
    binding,
    configmap,
    controllerrevision,
    cronjob,
    daemonset,
    deployment,
    endpoints,
    endpointslice,
    event,
    events_event,
    horizontalpodautoscaler,
    job,
    lease,
    limitrange,
    namespace,
    node,
    pod,
    poddisruptionbudget,
    priorityclass,
    replicaset,
    replicationcontroller,
    resourcequota,
    runtimeclass,
    secret,
    service,
    serviceaccount,
    statefulset,
)

BUILTIN: tuple[Kind, ...] = (
    binding.kind,
    configmap.kind,
    endpoints.kind,
    event.kind,
    limitrange.kind,
    namespace.kind,
    node.kind,
    pod.kind,
    resourcequota.kind,
    replicationcontroller.kind,
    secret.kind,
    serviceaccount.kind,
    service.kind,
    controllerrevision.kind,
    daemonset.kind,
    deployment.kind,
    replicaset.kind,
    statefulset.kind,
    horizontalpodautoscaler.kind,
    autoscaling_v1.kind,
    cronjob.kind,
    job.kind,
    poddisruptionbudget.kind,
    priorityclass.kind,
    lease.kind,
    runtimeclass.kind,
    endpointslice.kind,
    events_event.kind,
)
