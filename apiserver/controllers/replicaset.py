"""Keeps as many Pods of a template as its ReplicaSet asks for."""

from __future__ import annotations

from apiserver.controllers import _replicas
from apiserver.kinds.replicaset import kind as REPLICASET
from apiserver.reconcile.controller import Controller

NAME = "replicaset-controller"


def controller() -> Controller:
    return _replicas.controller(REPLICASET, NAME, counts_terminating=True)
