"""Keeps as many Pods of a template as its ReplicationController asks for."""

from __future__ import annotations

from apiserver.controllers import _replicas
from apiserver.kinds.replicationcontroller import kind as REPLICATIONCONTROLLER
from apiserver.reconcile.controller import Controller

NAME = "replication-controller"


def controller() -> Controller:
    return _replicas.controller(REPLICATIONCONTROLLER, NAME, counts_terminating=False)
