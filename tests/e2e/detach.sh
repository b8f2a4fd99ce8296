#!/usr/bin/env bash
# Starting in the foreground, in other shapes, after a crash; stopping by signal; state that was lost.
source "$(dirname "$0")/lib.sh"

wait_ready() { # file that the network writes to
  for _ in $(seq 600); do
    grep -q '"ready_ms"' "$1" && return 0
    sleep 0.05
  done
  echo "the network did not become ready"
  return 1
}

for signal in INT TERM; do
  ("$weft" up --json >"$scratch/out" 2>"$scratch/err"; echo $? >"$scratch/code") &
  wait_ready "$scratch/out"
  pid="$(json pid cat "$scratch/out")"
  expect 0 "committed +VALID" -- "$weft" invoke kv put signal "$signal"
  kill -"$signal" "$pid"
  wait
  same "exit code after SIG$signal" 0 "$(cat "$scratch/code")"
  same "standard error of a calm network" "" "$(cat "$scratch/err")"
done

# a crash leaves a socket and a lock behind; neither is in the way
"$weft" up --detach --json >"$scratch/out"
expect 0 "committed +VALID" -- "$weft" invoke kv put crash soon
kill -KILL "$(json pid cat "$scratch/out")"
for _ in $(seq 100); do "$weft" status >/dev/null 2>&1 || break; sleep 0.02; done
same "the socket after a crash" there "$([[ -S "$WEFT_DIR/weft.sock" ]] && echo there || echo gone)"
expect 0 "ready in" -- "$weft" up --detach
expect 0 "^soon$" -- "$weft" query kv get crash

# state that is lost is rebuilt from the blocks
hash="$(json commit_hash "$weft" channel info --json)"
expect 0 stopped -- "$weft" down
rm -rf "$WEFT_DIR/data/peer0.org1.example.com/mychannel/state"
expect 0 "ready in" -- "$weft" up --detach
expect 0 "^soon$" -- "$weft" query kv get crash --peer peer0.org1.example.com
same "commit hash of a rebuilt state" "$hash" "$(json commit_hash "$weft" channel info --json)"
expect 0 stopped -- "$weft" down

# other shapes
export WEFT_DIR="$scratch/wide"
expect 0 "ready in" -- "$weft" up --detach --orgs 3 --peers 2 --block-messages 5 --block-timeout 300ms --durability off --trust each
expect 0 "^100$" -- "$weft" query mycc query a --as User1@org3.example.com --peer peer1.org3.example.com
expect 0 "committed +VALID" -- "$weft" invoke kv put x y --as User1@org3.example.com
expect 0 "durability off, trust each" -- "$weft" status
expect 0 stopped -- "$weft" down

# a topology of one's own
export WEFT_DIR="$scratch/own"
sed -e 's/mychannel/orders/' "$scratch/wide/topology.yaml" >"$scratch/own.yaml"
expect 0 "ready in" -- "$weft" up --detach --topology "$scratch/own.yaml"
expect 0 "channel +orders" -- "$weft" channel info
expect 0 stopped -- "$weft" down
sed -e 's/solo/kafka/' -e 's/max_message_count: 5/max_message_count: none/' "$scratch/own.yaml" >"$scratch/bad.yaml"
expect 2 "bad.yaml:[0-9]+:[0-9]+: channels\[0\]\.ordering: 'kafka' is not offered" -- "$weft" up --topology "$scratch/bad.yaml" --dir "$scratch/bad"
expect 2 "bad.yaml:[0-9]+:[0-9]+: channels\[0\]\.batch\.max_message_count: must be a whole number" -- "$weft" up --topology "$scratch/bad.yaml" --dir "$scratch/bad"

# a policy that nobody here can satisfy is shown as a tree: who would sign, who is missing
export WEFT_DIR="$scratch/strict"
sed -e "s/name: kv/name: kv\n        policy: \"AND('Org1MSP.peer','Org2MSP.admin')\"/" "$scratch/own.yaml" >"$scratch/strict.yaml"
expect 0 "ready in" -- "$weft" up --detach --topology "$scratch/strict.yaml"
expect 1 "\[x\] Org1MSP.peer: CN=peer0.org1" -- "$weft" invoke kv put a b
expect 1 "\[ \] Org2MSP.admin: missing" -- "$weft" invoke kv put a b
expect 0 "committed +VALID" -- "$weft" invoke mycc invoke a b 1
expect 0 stopped -- "$weft" down

# a folder in which nothing can be written
mkdir -p "$scratch/full/weft.log"
expect 1 "cannot write .*/weft.log: Is a directory; its chain, log and socket" -- "$weft" up --detach --dir "$scratch/full"

# a socket that was taken away comes back
export WEFT_DIR="$scratch/own"
expect 0 "ready in" -- "$weft" up --detach
rm "$WEFT_DIR/weft.sock"
for _ in $(seq 100); do "$weft" status >/dev/null 2>&1 && break; sleep 0.05; done
expect 0 "committed +VALID" -- "$weft" invoke mycc invoke a b 1
same "mode of the new socket" 600 "$(stat -c %a "$WEFT_DIR/weft.sock")"
expect 0 "the socket in .* was taken away; there is a new one" -- cat "$WEFT_DIR/weft.log"
expect 1 "running in .* already \(process [0-9]+\)" -- "$weft" up --detach
# where it cannot come back, down finds the process by the lock
pid="$(json pid "$weft" status --json)"
kill -STOP "$pid"
expect 3 "process $pid is stopped; .kill -CONT $pid. lets it go on" -- "$weft" status
rm "$WEFT_DIR/weft.sock"
expect 3 "process $pid runs the network in .*does not answer" -- "$weft" status
("$weft" down >"$scratch/down" 2>&1; echo $? >"$scratch/code") &
kill -CONT "$pid"
wait
same "exit code of down" 0 "$(cat "$scratch/code")"
expect 0 "stopped" -- cat "$scratch/down"
expect 3 "no network answers" -- "$weft" status

# a folder that is taken away altogether stops its network
expect 0 "ready in" -- "$weft" up --detach
pid="$(json pid "$weft" status --json)"
rm -rf "$WEFT_DIR"
for _ in $(seq 200); do kill -0 "$pid" 2>/dev/null || break; sleep 0.05; done
same "a network whose folder is gone" gone "$(kill -0 "$pid" 2>/dev/null && echo there || echo gone)"
