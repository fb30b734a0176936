#!/usr/bin/env bash
# A Deployment keeps its Pods alive, changes how many there are, and replaces them step by step, forth and back.
# Whoever talks to them by their Service notices none of it.
set -euo pipefail
cd "$(dirname "$0")"
. lib/telling.sh

minictl() { command minictl --cluster deployment-story "$@"; }

how_many() {
  minictl get endpointslices -l kubernetes.io/service-name=web \
    -o jsonpath='{range .items[*].endpoints[?(@.conditions.ready==true)]}{.addresses[0]}{"\n"}{end}' | grep -c . || true
}

until_endpoints() { eventually "$1" how_many; }

images() { minictl get pods -l app=web -o jsonpath='{range .items[*]}{.spec.containers[0].image}{"\n"}{end}' | sort -u; }
revision() { minictl get deployment web -o jsonpath='{.metadata.annotations.deployment\.kubernetes\.io/revision}'; }

minictl reset --yes >/dev/null 2>&1 || true
trap 'minictl down >/dev/null' EXIT

say "1. A Deployment makes a ReplicaSet, and that makes the Pods. Each owns what it made."
run minictl apply -f web-deployment.yaml
run minictl rollout status deployment/web --timeout=30s
run minictl get deployment,replicaset,pod
run minictl expose deployment web --port 80 --target-port 8080
until_endpoints 4
address=$(minictl get service web -o jsonpath='{.spec.clusterIP}')

say "2. A Pod is deleted. Nobody asks for a new one, and there is one: four are wanted, three were there."
lost=$(minictl get pods -l app=web -o jsonpath='{.items[0].metadata.name}')
run minictl delete pod "$lost"
run minictl rollout status deployment/web --timeout=30s
run minictl get pods -l app=web
check "Pods named $lost" "" "$(minictl get pod "$lost" --ignore-not-found -o name)"
until_endpoints 4

say "3. More of them, and fewer: only a number changes, so there is no new revision."
run minictl scale deployment web --replicas 6
run minictl rollout status deployment/web --timeout=30s
until_endpoints 6
run minictl scale deployment web --replicas 4
until_endpoints 4
run minictl get deployment web
check "the revision" 1 "$(revision)"

say "4. A new image: a second ReplicaSet grows while the first one shrinks, never fewer than three ready, never more than five."
run minictl set image deployment/web web=example/web:2.0
run minictl annotate deployment web kubernetes.io/change-cause='the second version'
run minictl rollout status deployment/web --timeout=30s
run minictl get replicasets
check "the images that run" example/web:2.0 "$(images)"

say "5. The old ReplicaSet stays, with no Pods: it is the history."
run minictl rollout history deployment/web
run minictl rollout history deployment/web --revision=1

say "   So the way back is an update like any other, and gets a number of its own."
run minictl rollout undo deployment/web
run minictl rollout status deployment/web --timeout=30s
run minictl rollout history deployment/web
check "the images that run" example/web:1.0 "$(images)"
check "the revision" 3 "$(revision)"

say "6. Several changes, one update: pause, change what there is to change, resume."
run minictl rollout pause deployment/web
run minictl set image deployment/web web=example/web:3.0
run minictl set env deployment/web COLOR=green
check "the images that run" example/web:1.0 "$(images)"
run minictl get deployment web
run minictl rollout resume deployment/web
run minictl rollout status deployment/web --timeout=30s
check "the images that run" example/web:3.0 "$(images)"
check "the revision" 4 "$(revision)"

say "7. All Pods were replaced, more than once. The Service is where it was, and leads to those that are there now."
until_endpoints 4
run minictl get service web
check "the address of the Service" "$address" "$(minictl get service web -o jsonpath='{.spec.clusterIP}')"

say "8. What owns goes, and what is owned goes with it. (The Service is nobody's: it stays.)"
run minictl delete deployment web --cascade=foreground
check "Pods that are left" "" "$(minictl get pods -l app=web -o name)"
until_endpoints 0

say "The end. This cluster stops now; minictl --cluster deployment-story up would bring it back."
