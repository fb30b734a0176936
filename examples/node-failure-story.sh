#!/usr/bin/env bash
# A node falls silent. What happens to its Pods, and to those who talk to them; and how to empty a node in good order.
# Time stands still in this cluster and is moved by hand, so minutes pass at once.
set -euo pipefail
cd "$(dirname "$0")"
. lib/telling.sh

minictl() { command minictl --cluster node-story "$@"; }

ips() { minictl get endpointslices -l kubernetes.io/service-name=shop -o jsonpath='{range .items[*].endpoints[?(@.conditions.ready==true)]}{.addresses[0]}{"\n"}{end}'; }

how_many() { ips | grep -c . || true; }
until_endpoints() { eventually "$1" how_many; }

ready() { minictl get node "$1" -o jsonpath='{.status.conditions[?(@.type=="Ready")].status}'; }

minictl reset --yes >/dev/null 2>&1 || true
trap 'minictl down >/dev/null' EXIT

say "0. Three nodes, and a clock that stands still until we move it."
run minictl up --clock manual --nodes 3

say "1. Three Pods, one on each node, behind a Service."
run minictl apply -f three-replicas.yaml
run minictl expose deployment shop --port 80
until_endpoints 3
run minictl get pods -o wide

say "2. A node stops its heartbeats. At first nobody notices."
node=$(minictl get pods -l app=shop -o jsonpath='{.items[0].spec.nodeName}')
lost=$(minictl get pods -l app=shop -o jsonpath='{.items[0].metadata.name}')
run minictl simulate node-down "$node"
run minictl clock advance 30s
run minictl get nodes
check "the node is ready" True "$(ready "$node")"

say "3. After 50 seconds of silence the node is NotReady. The Service leaves its Pod out at once; the Pod itself stays."
run minictl clock advance 40s
run minictl get nodes
check "the node is ready" Unknown "$(ready "$node")"
until_endpoints 2
run minictl get pods -o wide
run minictl get node "$node" -o jsonpath='{range .spec.taints[*]}{.key}:{.effect}{"\n"}{end}'

say "4. The Pods bear with it for as long as they tolerate (here a minute); then another node takes over, with another IP."
run minictl clock advance 2m
until_endpoints 3
run minictl get pods -o wide
check "Pods that run elsewhere" 3 "$(minictl get pods -l app=shop --field-selector "spec.nodeName!=$node" -o name | grep -c .)"

say "5. The node comes back. What it still ran is ended now."
run minictl simulate node-up "$node"
for _ in $(seq 100); do
  if [ "$(ready "$node")" = True ] && [ -z "$(minictl get pod "$lost" --ignore-not-found -o name)" ]; then break; fi
  sleep 0.05
done
run minictl get nodes
check "Pods of the name $lost" "" "$(minictl get pod "$lost" --ignore-not-found -o name)"

say "6. In good order: drain a node, work on it, take it back."
other=$(minictl get pods -l app=shop -o jsonpath='{.items[0].spec.nodeName}')
run minictl drain "$other" --ignore-daemonsets
until_endpoints 3
run minictl get pods -o wide
check "Pods on $other" "" "$(minictl get pods -l app=shop --field-selector "spec.nodeName=$other" -o name)"
run minictl uncordon "$other"

say "The end. This cluster stops now; minictl --cluster node-story up would bring it back."
