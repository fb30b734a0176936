"""Where a Pod may run, and where it best should: the scheduler's decisions as pure code, without API, clock or I/O.

pods.py       PodInfo: what a Pod asks for, read once          resources.py   requests as plain integers
cluster.py    NodeInfo, Cluster: nodes and what they carry, kept up to date change by change
labels.py     node selectors, taints and tolerations
filters.py    which nodes can take a Pod, and why the others cannot
affinity.py   Pods that want to be near, or far from, other Pods
spreading.py  topologySpreadConstraints
storage.py    where the volumes of a Pod are, or could be made
scoring.py    which of the possible nodes is best
preemption.py which Pods would have to go
messages.py   the sentence that says why a Pod is still Pending
"""
