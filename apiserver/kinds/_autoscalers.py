"""What the two faces of HorizontalPodAutoscaler share."""

from __future__ import annotations

from apiserver.kind import AGE, NAME, Column
from apiserver.objects.autoscalercolumns import least, most, reference, replicas, targets

COLUMNS = (
    NAME,
    Column("Reference", reference),
    Column("Targets", targets),
    Column("MinPods", least),
    Column("MaxPods", most),
    Column("Replicas", replicas),
    AGE,
)
