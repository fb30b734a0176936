#!/usr/bin/env bash
# The Pods of a StatefulSet have names that stay, a DNS name and a disk each, and come and go in order.
set -euo pipefail
cd "$(dirname "$0")"
. lib/telling.sh

minictl() { command minictl --cluster statefulset-story "$@"; }

until_says() { eventually "$1" minictl get "$2" -o jsonpath="$3"; }

field() { minictl get "$1" -o jsonpath="$2"; }

minictl reset --yes >/dev/null 2>&1 || true
trap 'minictl down >/dev/null' EXIT

say "1. Three Pods with numbers for names. Each is made when the one before it is ready."
run minictl apply -f stateful-store.yaml
run minictl rollout status statefulset/store --timeout=30s
run minictl get pods -l app=store -o wide
run minictl get events --field-selector involvedObject.name=store,reason=SuccessfulCreate
check "the Pods" "pod/store-0 pod/store-1 pod/store-2" "$(minictl get pods -l app=store -o name | xargs)"

say "2. A headless Service names each of them: store-0 is store-0.store.default.svc.cluster.local."
run minictl get service store
run minictl get endpointslices -l kubernetes.io/service-name=store \
  -o 'jsonpath={range .items[*].endpoints[*]}{.hostname}{" "}{.addresses[0]}{"\n"}{end}'
check "its host name" store-1 "$(field pod/store-1 '{.spec.hostname}')"
check "its domain" store "$(field pod/store-1 '{.spec.subdomain}')"

say "3. Each Pod has a claim of its own, named after it, and the claim has a volume."
run minictl get persistentvolumeclaims
disk=$(field persistentvolumeclaim/data-store-1 '{.spec.volumeName}')

say "4. A Pod dies and comes back: another Pod and maybe another address, but the same name and the same disk."
old=$(field pod/store-1 '{.metadata.uid}')
run minictl delete pod store-1
run minictl rollout status statefulset/store --timeout=30s
run minictl get pods -l app=store
new=$(field pod/store-1 '{.metadata.uid}')
echo "store-1 was $old and is $new"
test "$old" != "$new"
check "the volume of store-1" "$disk" "$(field persistentvolumeclaim/data-store-1 '{.spec.volumeName}')"
check "the claim it uses" data-store-1 "$(field pod/store-1 '{.spec.volumes[?(@.name=="data")].persistentVolumeClaim.claimName}')"

say "5. A new image goes from the last Pod to the first. With a partition only those from that number on get it."
run minictl patch statefulset store -p '{"spec":{"updateStrategy":{"rollingUpdate":{"partition":2}}}}'
run minictl set image statefulset/store store=example/store:2.0
until_says "example/store:2.0 True" pod/store-2 '{.spec.containers[0].image} {.status.conditions[?(@.type=="Ready")].status}'
run minictl get pods -l app=store -o custom-columns=NAME:.metadata.name,IMAGE:.spec.containers[0].image
check "the image of store-1" example/store:1.0 "$(field pod/store-1 '{.spec.containers[0].image}')"
run minictl patch statefulset store -p '{"spec":{"updateStrategy":{"rollingUpdate":{"partition":0}}}}'
run minictl rollout status statefulset/store --timeout=30s
check "the image of store-0" example/store:2.0 "$(field pod/store-0 '{.spec.containers[0].image}')"

say "6. Fewer: the highest number goes first. Its disk stays, so it finds its data when it comes back."
run minictl scale statefulset store --replicas 1
until_says 1 statefulset/store '{.status.replicas}'
run minictl get pods -l app=store
run minictl get persistentvolumeclaims
check "the volume of store-1" "$disk" "$(field persistentvolumeclaim/data-store-1 '{.spec.volumeName}')"
run minictl scale statefulset store --replicas 3
run minictl rollout status statefulset/store --timeout=30s
check "the volume of store-1" "$disk" "$(field persistentvolumeclaim/data-store-1 '{.spec.volumeName}')"

say "The end. This cluster stops now; minictl --cluster statefulset-story up would bring it back."
