#!/usr/bin/env bash
# The command line itself: help, suggestions, exit codes.
source "$(dirname "$0")/lib.sh"

expect 0 "^weft [0-9]" -- "$weft" version
expect 0 "^weft [0-9]" -- "$weft" --version
expect 0 "weft up --detach" -- "$weft" --help
expect 2 "subcommand" -- "$weft"
expect 2 "did you mean 'status'" -- "$weft" stauts
expect 2 "did you mean 'invoke'" -- "$weft" inv
expect 2 "did you mean 'show'" -- "$weft" block sohw
expect 2 "there are: up, down" -- "$weft" xyzzy
expect 2 "contract" -- "$weft" invoke
expect 2 "orgs" -- "$weft" up --orgs 0
expect 2 "durability" -- "$weft" up --durability maybe
expect 2 "no duration" -- "$weft" up --block-timeout soon
expect 2 "cannot read" -- "$weft" up --topology /nonexistent/topology.yaml
expect 2 "says everything" -- "$weft" up --topology x --orgs 3
expect 2 "transient needs|not expected|requires" -- "$weft" invoke kv put a b --nonsense
for verb in up down invoke query status "block show" "tx show" "channel info" log "chaos kill" "topology check" version; do
  expect 0 "Example:" -- "$weft" $verb --help
done
expect 1 "cannot create|cannot make" -- "$weft" up --dir /proc/weft
long="$scratch/$(printf 'x%.0s' $(seq 90))"
expect 1 "too long for a socket" -- "$weft" up --dir "$long"
