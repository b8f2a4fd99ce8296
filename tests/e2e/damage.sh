#!/usr/bin/env bash
# Folders that lost something: a network goes on correctly or refuses with advice; it never starts a second chain.
source "$(dirname "$0")/lib.sh"

expect 0 "ready in" -- "$weft" up --detach
for i in 1 2 3; do expect 0 "VALID" -- "$weft" invoke kv put "k$i" "v$i"; done
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
