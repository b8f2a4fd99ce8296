#!/usr/bin/env bash
# Folders that lost something: a network goes on correctly or refuses with advice; it never starts a second chain.
source "$(dirname "$0")/lib.sh"

expect 0 "ready in" -- "$weft" up --detach
for i in 1 2 3; do expect 0 "VALID" -- "$weft" invoke kv put "k$i" "v$i"; done
expect 0 "VALID" -- "$weft" invoke kv put found-nowhere-else 1
expect 0 "VALID" -- "$weft" invoke kv put k4 v4
expect 0 "stopped" -- "$weft" down
cp -r "$WEFT_DIR" "$scratch/kept"
fresh() { rm -rf "$WEFT_DIR"; cp -r "$scratch/kept" "$WEFT_DIR"; }

# A peer that lost everything fetches the chain from the orderer, on the first start.
for org in 1 2; do
  fresh
  rm -rf "$WEFT_DIR/data/peer0.org$org.example.com"
  expect 0 "ready in" -- "$weft" up --detach
  expect 0 "^v2" -- "$weft" query --as "User1@org$org.example.com" kv get k2
  expect 0 "stopped" -- "$weft" down
done

# State is rebuilt from block files.
fresh
rm -rf "$WEFT_DIR"/data/*/mychannel/state
expect 0 "ready in" -- "$weft" up --detach
expect 0 "^v3" -- "$weft" query kv get k3
expect 0 "stopped" -- "$weft" down

# An orderer that lost its blocks must not order them anew.
fresh
rm -rf "$WEFT_DIR/data/orderer0.example.com"
expect 1 "put its block files back" -- "$weft" up --detach

# Other identities than the channel knows could never commit anything.
fresh
rm -rf "$WEFT_DIR/crypto"
expect 1 "made with other identities" -- "$weft" up --detach

# A genesis block that was bent is named; without it the members' files give it back.
fresh
cp "$WEFT_DIR/channels/mychannel.block" "$scratch/genesis"
size="$(stat -c %s "$WEFT_DIR/channels/mychannel.block")"
for at in 200 $((size / 2)) $((size - 600)); do
  cp "$scratch/genesis" "$WEFT_DIR/channels/mychannel.block"
  printf '\xa5' | dd of="$WEFT_DIR/channels/mychannel.block" bs=1 seek="$at" conv=notrunc status=none
  expect 1 "channels/mychannel.block, the genesis block of channel mychannel, is damaged: .*or remove it" -- "$weft" up --detach
done
truncate -s 100 "$WEFT_DIR/channels/mychannel.block"
expect 1 "channels/mychannel.block, .* is damaged" -- "$weft" up --detach
rm "$WEFT_DIR/channels/mychannel.block"
expect 0 "genesis block taken from a member's block files" -- "$weft" up --detach
expect 0 "^v3" -- "$weft" query kv get k3
expect 0 "stopped" -- "$weft" down

# Reasons of invalid transactions follow from the blocks.
rm -rf "$WEFT_DIR"
expect 0 "ready in" -- "$weft" up --detach
loser="$("$weft" invoke mycc invoke a b 1 --race --json 2>/dev/null | json second.tx_id cat)"
why="$("$weft" tx show "$loser")"
expect 0 "stopped" -- "$weft" down
rm -rf "$WEFT_DIR"/data/peer0.org1.example.com/mychannel/state
expect 0 "ready in" -- "$weft" up --detach
same "what a rebuilt state says of a conflict" "$why" "$("$weft" tx show "$loser")"
expect 0 "stopped" -- "$weft" down

# A peer that needs a block which its orderer can no longer read: status says so while the start waits, then the start fails and says so too.
fresh
rm -rf "$WEFT_DIR/data/peer0.org2.example.com"
blocks="$(echo "$WEFT_DIR"/data/orderer0.example.com/mychannel/blocks/*)"
offset="$(grep -abo 'found-nowhere-else' "$blocks" | tail -n 1 | cut -d: -f1)"
printf '\xa5' | dd of="$blocks" bs=1 seek="$offset" conv=notrunc status=none
"$weft" up --json >"$scratch/out" 2>"$scratch/err" &
while kill -0 %1 2>/dev/null; do  # one answer has to say it all: the start may have given up before another
  "$weft" status >"$scratch/status" 2>/dev/null
  grep -q "does not advance" "$scratch/status" && break
done
expect 0 "peer0.org2.example.com does not advance: no block" -- cat "$scratch/status"
expect 0 "why +orderer0.example.com: 500" -- cat "$scratch/status"
expect 0 "what to do +stop the network and put the block files of orderer0.example.com back" -- cat "$scratch/status"
wait %1
same "exit code of a start that cannot succeed" 1 "$?"
expect 0 "peer0.org2.example.com gets no block .* of mychannel from orderer0.example.com: 500" -- cat "$scratch/err"
