#!/usr/bin/env bash
# A network whose socket gets noise, lies, floods and connections that stop half-way: it answers everybody else, and forgets them.
source "$(dirname "$0")/lib.sh"
hostile="$(dirname "$weft")/weft_e2e_hostile"
socket="$WEFT_DIR/weft.sock"
descriptors() { ls "/proc/$pid/fd" | wc -l; }

expect 0 "ready in" -- "$weft" up --detach
expect 0 "committed +VALID" -- "$weft" invoke kv put before 1
pid="$(json pid "$weft" status --json)"
before="$(descriptors)"

expect 0 "a request bent at every byte" -- "$hostile" "$socket" throw
expect 0 "committed +VALID" -- "$weft" invoke kv put thrown 2

# 300 connections that stop half-way, while others go on as if nothing were
mkfifo "$scratch/release"
"$hostile" "$socket" hold 300 <"$scratch/release" >"$scratch/held" &
exec 3>"$scratch/release"
for _ in $(seq 600); do grep -q held "$scratch/held" && break; sleep 0.05; done
same "connections" held "$(cat "$scratch/held")"
for i in 1 2 3 4 5; do expect 0 "committed +VALID" -- "$weft" invoke kv put held "$i"; done
expect 0 "^5" -- "$weft" query --as User1@org2.example.com kv get held
expect 0 "a request bent at every byte" -- "$hostile" "$socket" throw
exec 3>&-
wait

# all of them are forgotten, and nobody died of them
for _ in $(seq 600); do (($(descriptors) <= before + 8)) && break; sleep 0.05; done
same "connections that are left behind" none "$(now="$(descriptors)"; ((now <= before + 8)) && echo none || echo "$now, before $before")"
same "open calls" 1 "$(json open_calls "$weft" status --json)"
same "process" "$pid" "$(json pid "$weft" status --json)"
same "roles that died" 0 "$("$weft" status --all --json | grep -o '"restarts":[1-9]' | wc -l)"
expect 0 "^2" -- "$weft" query kv get thrown
expect 0 "stopped" -- "$weft" down

# more connections than descriptors: some are kept back for the ledgers, and when the crowd is gone everybody gets in again
expect 0 "ready in" -- bash -c "ulimit -n 512; exec \"$weft\" up --detach"
pid="$(json pid "$weft" status --json)"
"$hostile" "$socket" hold 700 <"$scratch/release" >"$scratch/held" &
exec 3>"$scratch/release"
for _ in $(seq 600); do grep -q held "$scratch/held" && break; sleep 0.05; done
same "connections" held "$(cat "$scratch/held")"
for _ in $(seq 600); do grep -q "clients are turned away" "$WEFT_DIR/weft.log" && break; sleep 0.05; done
same "descriptors that are left for ledgers" enough "$(now="$(descriptors)"; ((now <= 512 - 100)) && echo enough || echo "$now are in use")"
exec 3>&-
wait
for _ in $(seq 600); do (($(descriptors) <= 250)) && break; sleep 0.05; done
expect 0 "process $pid" -- "$weft" status
expect 0 "committed +VALID" -- "$weft" invoke kv put after 3
expect 0 "stopped" -- "$weft" down
