"""The controller library: what stands between "something changed" and "make it so".

    api.observe --old, new--> mapper --keys--> WorkQueue --key--> reconcile(api, key) --writes--> api
                                                  ^                     |
                                                  +---- again later ----+

A controller is data (controller.Controller): which kinds it watches, how a change of one maps to keys, and a function
that makes one key right. It is level-triggered: `reconcile` is told which key, never what happened, and reads the
current state. Since the store is in this process, that state includes the controller's own last write, and no
"expectations" or caches are needed.

workqueue.py    each key once, never twice at the same time, later when it failed
controller.py   Controller and the Runner that runs a set of them
ownership.py    ownerReferences: who controls what, adoption and release, and writing only the difference
selecting.py    which selectors pick an object, by an index
dependents.py   what belongs to an owner, by an index
labelled.py     what carries some labels, by an index
services.py     Services and the Pods they select
events.py       Events, counted instead of repeated
"""

from apiserver.reconcile.controller import Controller, Mapper, Result, Runner
from apiserver.reconcile.workqueue import Key

__all__ = ["Controller", "Key", "Mapper", "Result", "Runner"]
