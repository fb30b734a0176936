#!/usr/bin/env bash
# Jobs run Pods to their end: one after another, side by side, again when they fail, and every hour.
# Time stands still in this cluster and is moved by hand, so an hour takes a second, and the same things happen each time.
set -euo pipefail
cd "$(dirname "$0")"
. lib/telling.sh

minictl() { command minictl --cluster job-story "$@"; }

until_says() { eventually "$1" minictl get "$2" -o jsonpath="$3"; }

minictl reset --yes >/dev/null 2>&1 || true
trap 'minictl down >/dev/null' EXIT

say "0. A cluster whose clock stands still until we move it."
run minictl up --clock manual

say "1. A Job runs a Pod until it has succeeded. The command says how long that takes: the simulated node believes it."
run minictl create job hello --image=busybox:1.36 -- sh -c 'echo hello; sleep 10'
until_says 1 job/hello '{.status.active}'
run minictl get job,pod
run minictl clock advance 10s
run minictl wait --for=condition=complete job/hello --timeout=10s
run minictl get job,pod
check "Pods that succeeded" 1 "$(minictl get job hello -o jsonpath='{.status.succeeded}')"

say "2. Five shards, two at a time. Each Pod knows its index; the Job remembers which are done."
run minictl apply -f indexed-job.yaml
until_says 2 job/shards '{.status.active}'
run minictl clock advance 20s
run minictl get job shards -o jsonpath='{.status.completedIndexes}{"\n"}'
check "the shards that are done" 0,1 "$(minictl get job shards -o jsonpath='{.status.completedIndexes}')"
run minictl clock advance 40s
run minictl get job shards
check "the shards that are done" 0-4 "$(minictl get job shards -o jsonpath='{.status.completedIndexes}')"

say "3. A Pod that fails is replaced, after 10 seconds, then after 20, until the Job has had enough."
run minictl apply -f failing-job.yaml
until_says 1 job/stubborn '{.status.active}'
run minictl clock advance 5s
run minictl get pods -l job-name=stubborn
run minictl clock advance 1m
run minictl get pods -l job-name=stubborn
run minictl get job stubborn
check "failed Pods" 3 "$(minictl get job stubborn -o jsonpath='{.status.failed}')"
run minictl describe job stubborn

say "4. A Job that has ended stays to be looked at, for an hour, because it says so."
run minictl clock advance 1h
check "Jobs named stubborn" "" "$(minictl get job stubborn --ignore-not-found -o name)"

say "5. A CronJob makes a Job every hour, and keeps the last two."
run minictl apply -f hourly-cronjob.yaml
run minictl clock advance 3h
run minictl get cronjob,job
check "Jobs that are kept" 2 "$(minictl get jobs -o name | grep -c hourly)"

say "   Nobody has to wait for the hour: a Job can be made from the CronJob by hand."
run minictl create job at-once --from=cronjob/hourly
until_says 1 job/at-once '{.status.active}'
run minictl clock advance 90s
run minictl get job at-once

say "The end. This cluster stops now; minictl --cluster job-story up would bring it back."
