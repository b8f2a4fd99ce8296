#!/usr/bin/env bash
# Three orderers in one process: leaders, writers and at last the process die; no client hears of it, and all chains stay equal.
source "$(dirname "$0")/lib.sh"

# The orderer that leads, by any consenter's word.
leader() {
  local i name
  for _ in $(seq 100); do
    for i in 0 1 2; do
      name="$(json "channels.0.orderers.$i.raft.leader_name" "$weft" status --json)"
      if [ -n "$name" ]; then
        echo "$name"
        return
      fi
    done
  done
}

expect 0 "ready in" -- "$weft" up --detach --orderers 3
expect 0 "raft: orderer[0-2].example.com leads in term 1" -- "$weft" status
expect 0 "quorum 2 of 3" -- "$weft" status
expect 0 "VALID" -- "$weft" invoke mycc invoke a b 10

for i in 1 2 3 4 5; do
  first="$(leader)"
  expect 0 "killed" -- "$weft" chaos kill "$first/consenter/mychannel"
  expect 0 "VALID" -- "$weft" invoke mycc invoke a b 1
  expect 0 "VALID" -- "$weft" invoke mycc invoke a b 1
done
expect 0 "killed" -- "$weft" chaos kill "$(leader)/log_writer/mychannel"
expect 0 "VALID" -- "$weft" invoke mycc invoke a b 1
expect 0 "killed" -- "$weft" chaos kill "$(leader)/block_writer/mychannel"
expect 0 "VALID" -- "$weft" invoke mycc invoke a b 1
expect 0 "^78" -- "$weft" query mycc query a
grep -q "Raft leader changed: .* channel=mychannel node=" "$WEFT_DIR/weft.log" && echo "ok: the log tells of leaders" || { echo "FAILED: no word of leaders in the log"; failures=$((failures + 1)); }

# The process dies without a word; everything that was acknowledged is there.
pid="$(json pid "$weft" status --json)"
kill -9 "$pid"
while kill -0 "$pid" 2>/dev/null; do :; done
expect 0 "ready in" -- "$weft" up --detach
expect 0 "^78" -- "$weft" query mycc query a
expect 0 "VALID" -- "$weft" invoke mycc invoke a b 1
expect 0 "stopped" -- "$weft" down

# An orderer whose blocks are gone makes them anew from its log; one whose log is gone has lost its votes, and says so.
rm -rf "$WEFT_DIR"/data/orderer1.example.com/mychannel/{blocks,state}
expect 0 "ready in" -- "$weft" up --detach
expect 0 "VALID" -- "$weft" invoke mycc invoke a b 1
height="$(json channels.0.peers.0.height "$weft" status --json)"
for i in 0 1 2; do
  for _ in $(seq 100); do
    got="$(json "channels.0.orderers.$i.height" "$weft" status --json)"
    [ "$got" = "$height" ] && break
  done
  same "the height of orderer$i" "$height" "$got"
done
expect 0 "stopped" -- "$weft" down
rm -rf "$WEFT_DIR/data/orderer2.example.com/mychannel/raft"
expect 1 "the raft log is gone, and with it the votes" -- "$weft" up --detach
