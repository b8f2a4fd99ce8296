#!/usr/bin/env bash
# A disk that is full: nothing is acknowledged that was not written, status says which file and what to do, reads go on, and with room again the
# network goes on where it was. On a small file system in memory; where none may be mounted, the test says that it was skipped.
if [[ -z "${WEFT_MOUNTS:-}" ]]; then
  export WEFT_MOUNTS=own
  if [[ $EUID -eq 0 ]] && unshare -m true 2>/dev/null; then exec unshare -m "$0" "$@"; fi
  if unshare -rm true 2>/dev/null; then exec unshare -rm "$0" "$@"; fi
  echo "skipped: no file system may be mounted here"
  exit 77
fi
source "$(dirname "$0")/lib.sh"
mkdir "$WEFT_DIR"
if ! mount -t tmpfs -o size=48m weft-full-disk "$WEFT_DIR"; then
  trap - EXIT
  rm -rf "$scratch"
  echo "skipped: no file system may be mounted here"
  exit 77
fi
fill() { dd if=/dev/zero of="$WEFT_DIR/ballast" bs=64k status=none 2>/dev/null; }

expect 0 "ready in" -- "$weft" up --detach
pid="$(json pid "$weft" status --json)"
expect 0 "committed +VALID" -- "$weft" invoke kv put before 1
value="$(head -c 60000 /dev/zero | tr '\0' x)"

# a block needs room in the orderer's file first
for round in 1 2 3; do
  fill
  for i in $(seq 40); do
    "$weft" invoke kv put "big$round$i" "$value" >"$scratch/out" 2>&1 || break
  done
  expect 0 "No space left on device" -- cat "$scratch/out"
  expect 0 "No space left on device" -- "$weft" status
  expect 0 "blocks/.*free some space there" -- "$weft" status
  same "deaths without a cause" 0 "$("$weft" status --all | grep -c "unhandled_exception")"
  expect 0 "^1" -- "$weft" query kv get before
  same "process" "$pid" "$(json pid "$weft" status --json)"
  rm "$WEFT_DIR/ballast"
done

# with room again: a restart continues
expect 0 "stopped" -- "$weft" down
expect 0 "ready in" -- "$weft" up --detach
expect 0 "committed +VALID" -- "$weft" invoke kv put after 2
expect 0 "^1" -- "$weft" query kv get before
expect 0 "^2" -- "$weft" query kv get after --as User1@org2.example.com
same "heights of both peers" "$(json channels.0.peers.0.height "$weft" status --json)" "$(json channels.0.peers.1.height "$weft" status --json)"
expect 0 "stopped" -- "$weft" down
umount "$WEFT_DIR"
