#!/usr/bin/env bash
# A first start that is killed at any moment: the next start completes it, and the contracts answer.
source "$(dirname "$0")/lib.sh"

rounds="${WEFT_CRASH_ROUNDS:-5}"
for ((round = 0; round < rounds; ++round)); do
  rm -rf "$WEFT_DIR"
  "$weft" up >/dev/null 2>&1 &
  network=$!
  sleep "0.$(printf %03d $((20 + round * 97 % 120)))" # chooses the moment; nothing waits for it
  kill -9 "$network" 2>/dev/null
  wait "$network" 2>/dev/null
  expect 0 "ready in" -- "$weft" up --detach
  expect 0 "^100" -- "$weft" query mycc query a
  expect 0 "stopped" -- "$weft" down
done
