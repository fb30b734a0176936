#!/usr/bin/env bash
# Why Services exist: Pods come and go and take their addresses with them; a Service stays.
# Runs from start to end by itself, on minictl's local cluster (which starts by itself, too).
set -euo pipefail
cd "$(dirname "$0")"
. lib/telling.sh

ips() { minictl get endpoints backend-service -o jsonpath='{range .subsets[*].addresses[*]}{.ip}{"\n"}{end}' 2>/dev/null; }

how_many() { ips | grep -c . || true; }
until_endpoints() { eventually "$1" how_many; }

run minictl delete pod,service -l 'app in (backend, quarantined)' --ignore-not-found
minictl delete service backend-service broken-service --ignore-not-found >/dev/null

say "1. Every Pod gets an IP address of its own when it starts."
run minictl apply -f backend-pods.yaml
run minictl wait --for=condition=Ready pod -l app=backend --timeout=30s
run minictl get pods -l app=backend -o wide

say "2. A Service gives them one address. It finds them by their label, not by their names."
run minictl apply -f backend-service.yaml
until_endpoints 3
run minictl get service backend-service
run minictl get endpoints backend-service
address=$(minictl get service backend-service -o jsonpath='{.spec.clusterIP}')

say "   Its file names no type: ClusterIP is the default, and it works only inside the cluster." \
    "   There it is known as backend-service, and in full as backend-service.default.svc.cluster.local."
run minictl get service backend-service -o jsonpath='{.spec.type}{"\n"}'
check "the default type" ClusterIP "$(minictl get service backend-service -o jsonpath='{.spec.type}')"

say "3. A Pod dies. Its replacement has another IP; the endpoints follow, the Service's address does not change."
old=$(minictl get pod backend-1 -o jsonpath='{.status.podIP}')
run minictl delete pod backend-1
until_endpoints 2
run minictl get endpoints backend-service
run minictl apply -f backend-pods.yaml
run minictl wait --for=condition=Ready pod/backend-1 --timeout=30s
until_endpoints 3
new=$(minictl get pod backend-1 -o jsonpath='{.status.podIP}')
echo "backend-1 had $old and now has $new"
test "$old" != "$new"
run minictl get endpoints backend-service
check "the address of the Service" "$address" "$(minictl get service backend-service -o jsonpath='{.spec.clusterIP}')"

say "4. Only ready Pods are endpoints. (An annotation makes the simulated Pod fail its readiness check.)"
run minictl annotate pod backend-2 minictl.dev/simulate=Unready
until_endpoints 2
run minictl get pods -l app=backend
run minictl get endpoints backend-service
run minictl annotate pod backend-2 minictl.dev/simulate-
until_endpoints 3
run minictl get endpoints backend-service

say "5. The label decides. A Pod that loses it leaves the Service and lives on; a Pod that gains it joins."
run minictl label pod backend-3 app=quarantined --overwrite
until_endpoints 2
run minictl get endpoints backend-service
run minictl label pod backend-3 app=backend --overwrite
until_endpoints 3
run minictl get endpoints backend-service

say "6. Port 80 of the Service leads to targetPort 8080 of the Pods."
run minictl describe service backend-service

say "7. A manifest that cannot be is refused, with the path of the field, and nothing is stored."
printf '$ minictl apply -f broken-service.yaml\n'
if minictl apply -f broken-service.yaml; then
  echo "the broken manifest was accepted" >&2
  exit 1
fi
check "services named broken-service" "" "$(minictl get service broken-service --ignore-not-found -o name)"

say "The end. The cluster is still there: look around with minictl get all, stop it with minictl down."
