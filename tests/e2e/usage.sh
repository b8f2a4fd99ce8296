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
expect 2 "there are: up, node, down" -- "$weft" xyzzy
expect 2 "contract" -- "$weft" invoke
expect 2 "no log level 'bogus'; there are: off, error, warn, info, debug, trace" -- "$weft" log bogus
expect 2 "orgs" -- "$weft" up --orgs 0
expect 2 "durability" -- "$weft" up --durability maybe
expect 2 "no duration" -- "$weft" up --block-timeout soon
expect 2 "cannot read" -- "$weft" up --topology /nonexistent/topology.yaml
expect 2 "says everything" -- "$weft" up --topology x --orgs 3
expect 2 "transient needs|not expected|requires" -- "$weft" invoke kv put a b --nonsense
for verb in up down invoke query status block "block show" tx "tx show" channel "channel info" log chaos "chaos kill" "topology check" version bench "bench put"; do
  expect 0 "Example:" -- "$weft" $verb --help
done
expect 1 "cannot create|cannot make" -- "$weft" up --dir /proc/weft
long="$scratch/$(printf 'x%.0s' $(seq 90))"
expect 1 "too long for a socket" -- "$weft" up --dir "$long"

# what is printed and does not arrive is a failure
for words in version --help "up --help" "bench put --help"; do
  expect 1 "output is lost: No space left on device" -- bash -c "\"$weft\" $words >/dev/full"
done

# the bench's numbers
for rate in 0 inf nan -5 1e9 fast; do expect 2 "rate" -- "$weft" bench put --txs 1 --rate "$rate"; done
expect 2 "clients is from 1 to 4096" -- "$weft" bench put --clients 0
expect 2 "txs is from" -- "$weft" bench put --txs 0
expect 2 "value-bytes" -- "$weft" bench put --value-bytes 9999999
expect 2 "orgs" -- "$weft" bench put --orgs 0

# a network that one process should not hold
expect 2 "26 organizations with 16 peers each are 416 peers; one process takes at most 128" -- "$weft" up --orgs 26 --peers 16
same "lines of a bench's report that are log" 0 "$("$weft" bench put --txs 600 --clients 16 2>/dev/null | grep -c '\[info\]')"
expect 2 "416 peers" -- "$weft" bench put --orgs 26 --peers 16
