#!/usr/bin/env bash
# Pods come and go, their data stays: claims, volumes, and a StatefulSet whose Pods find their own again.
# The volumes are simulated: they have a name, a size and an owner, and nothing can be written to them.
set -euo pipefail
cd "$(dirname "$0")"
. lib/telling.sh

minictl() { command minictl --cluster storage-story "$@"; }

minictl reset --yes >/dev/null 2>&1 || true
trap 'minictl down >/dev/null' EXIT

volume_of() { minictl get pvc "$1" -o jsonpath='{.spec.volumeName}'; }

say "1. A StorageClass says who makes volumes. This one names the simulated provisioner."
run minictl apply -f simulated-storage.yaml
run minictl get storageclass

say "2. A StatefulSet makes a claim for each of its Pods; each claim gets a volume of its own."
run minictl apply -f database-statefulset.yaml
run minictl rollout status statefulset/database --timeout=30s
run minictl get pods,pvc
run minictl get pv
first=$(volume_of data-database-0)

say "3. A Pod dies. The next one has its name, and with it the claim and the volume."
run minictl delete pod database-0
run minictl wait --for=create pod/database-0 --timeout=30s
run minictl wait --for=condition=Ready pod/database-0 --timeout=30s
check "the volume of database-0" "$first" "$(volume_of data-database-0)"
run minictl describe pvc data-database-0

say "4. Fewer Pods, but as many claims: nothing is lost while nobody uses it."
run minictl scale statefulset database --replicas=1
run minictl wait --for=delete pod/database-1 --timeout=30s
run minictl get pvc

say "5. A claim may grow, where its class allows it. It never shrinks."
run minictl patch pvc data-database-0 -p '{"spec":{"resources":{"requests":{"storage":"5Gi"}}}}'
run minictl wait pvc/data-database-0 --for=jsonpath='{.status.capacity.storage}'=5Gi --timeout=30s
run minictl get pvc data-database-0
printf '$ minictl patch pvc data-database-0 ... 1Gi\n'
if minictl patch pvc data-database-0 -p '{"spec":{"resources":{"requests":{"storage":"1Gi"}}}}'; then
  echo "the claim was made smaller" >&2
  exit 1
fi

say "6. Who deletes a claim means it: the class says Delete, so the volume goes, too."
run minictl delete statefulset database
run minictl delete pvc --all
run minictl wait --for=delete "pv/$first" --timeout=30s
run minictl get pv
check "volumes that are left" "" "$(minictl get pv -o name)"

say "The end."
