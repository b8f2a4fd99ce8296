#!/usr/bin/env bash
# Contracts of one's own as processes: what the network starts, keeps, replaces and ends. The contract here speaks no protocol; those that do are in tests/interop.
source "$(dirname "$0")/lib.sh"

"$weft" up --detach --dir "$WEFT_DIR" >/dev/null || exit 1

expect 2 'say which contract: the PATH' -- "$weft" chaincode deploy
expect 2 'A contract is given as the folder of a Node contract' -- "$weft" chaincode deploy "$scratch/nowhere"
expect 2 'address .localhost. must be host:port' -- "$weft" chaincode deploy --address localhost --name cc
expect 2 '--name NAME says what' -- "$weft" chaincode deploy --address localhost:9999
expect 2 "invalid chaincode name 'a b'" -- "$weft" chaincode deploy --address localhost:9999 --name 'a b'
expect 2 '--policy: ' -- "$weft" chaincode deploy --address localhost:9999 --name cc --policy "OR('Org1MSP.pear')"
echo '[{"name":"secrets","policy":"OR('"'Org1MSP.member'"')"}]' >"$scratch/collections.json"
expect 1 'private data collections .* \(secrets\) are not there yet' -- "$weft" chaincode deploy --address localhost:9999 --name cc --collections "$scratch/collections.json"
mkdir "$scratch/bare" && echo '{"name":"bare"}' >"$scratch/bare/package.json"
expect 2 'run `npm install` there first' -- "$weft" chaincode deploy "$scratch/bare"

printf 'no package' | gzip >"$scratch/junk.tar.gz"
expect 2 'junk.tar.gz: ' -- "$weft" chaincode deploy "$scratch/junk.tar.gz"
expect 2 'is a package: .dev. watches' -- "$weft" chaincode dev "$scratch/junk.tar.gz"

# One that dies at once: its own words are the error, and nothing is left of it.
printf '#!/bin/sh\necho "I am $CHAINCODE_ID" >&2\nexit 3\n' >"$scratch/crash" && chmod +x "$scratch/crash"
expect 1 'exited with 3; it said last:' -- "$weft" chaincode deploy "$scratch/crash"
expect 1 'I am crash_1.0:[0-9a-f]{64}' -- "$weft" chaincode deploy "$scratch/crash"
same 'processes left' 0 "$("$weft" chaincode list --json | grep -c '"label":"crash')"
expect 1 'no process serves a contract .crash.' -- "$weft" chaincode log crash

# One that is started but cannot be installed does not go on for nobody.
cat >"$scratch/listens" <<'END'
#!/usr/bin/perl
use IO::Socket::INET;
my $door = IO::Socket::INET->new(LocalAddr => $ENV{CHAINCODE_SERVER_ADDRESS}, Listen => 5, ReuseAddr => 1) or die $!;
sleep 60;
END
chmod +x "$scratch/listens"
expect 1 'does not install the package: .*name too long' -- "$weft" chaincode deploy "$scratch/listens" --name "$(printf 'a%.0s' {1..220})"
same 'processes left' 0 "$("$weft" chaincode list --json | grep -c '"pid"')"

expect 2 'executable$' -- "$weft" chaincode dev
expect 0 'mycc' -- "$weft" chaincode list
