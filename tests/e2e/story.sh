#!/usr/bin/env bash
# A newcomer's first hour: start, pay, ask, look, fail, stop, go on.
source "$(dirname "$0")/lib.sh"

expect 3 "no network answers.*weft up" -- "$weft" query mycc query a
expect 0 "ready in [0-9]+ ms" -- "$weft" up --detach || { cat "$WEFT_DIR/weft.log"; exit 1; }
same "mode of the socket" 600 "$(stat -c %a "$WEFT_DIR/weft.sock")"

# paying and asking
expect 0 "^100$" -- "$weft" query mycc query a
expect 0 "committed +VALID" -- "$weft" invoke mycc invoke a b 10
expect 0 "^90$" -- "$weft" query mycc query a
expect 0 "^210$" -- "$weft" query mycc query b --as User1@org2.example.com
expect 0 "committed +VALID" -- "$weft" invoke --as User1@org2.example.com kv put colour blue
expect 0 "^blue$" -- "$weft" query kv get colour --peer peer0.org2.example.com
expect 0 '"result":"blue"' -- "$weft" query kv get colour --json
expect 0 "committed +VALID" -- "$weft" invoke kv put cold -- -5
expect 0 "^-5$" -- "$weft" query kv get cold

# looking
expect 0 "peer0.org1.example.com +Org1MSP" -- "$weft" status
expect 0 "peer0.org1.example.com/endorser +alive" -- "$weft" status --all
expect 0 "contracts +.*mycc 1.0" -- "$weft" channel info
expect 0 "call +kv put cold -5" -- "$weft" block show newest
expect 0 "type +CONFIG" -- "$weft" block show 0
expect 1 "no block 9999; the newest is" -- "$weft" block show 9999
expect 2 "neither a block number nor" -- "$weft" block show latest
tx="$(json tx_id "$weft" invoke kv put shape round --json)"
expect 0 "verdict +VALID" -- "$weft" tx show "$tx"
expect 0 "endorsed by +peer0" -- "$weft" tx show "$tx"
expect 1 "no transaction '0000' in mychannel" -- "$weft" tx show 0000
number="$(json block "$weft" tx show "$tx" --json)"
same "the block of a transaction" "$tx" "$(json transactions.0.tx_id "$weft" block show "$number" --json)"
same "both peers' hash of a block" "$(json hash "$weft" block show "$number" --json)" \
  "$(json hash "$weft" block show "$number" --json --peer peer0.org2.example.com)"
same "what links a block to the one before" "$(json hash "$weft" block show $((number - 1)) --json)" "$(json previous_hash "$weft" block show "$number" --json)"

# failing, and being told why
expect 1 "failed +MVCC_READ_CONFLICT" -- "$weft" invoke mycc invoke a b 1 --race
expect 1 "key +mycc / a" -- "$weft" invoke mycc invoke a b 1 --race
expect 1 "read +block [0-9]+, transaction" -- "$weft" invoke mycc invoke a b 1 --race
race="$("$weft" invoke mycc invoke a b 1 --race --json 2>/dev/null)"
same "objects that a race prints" 1 "$(wc -l <<<"$race")"
same "whether both of a race are valid" false "$(json ok cat <<<"$race")"
winner="$(json first.tx_id cat <<<"$race")"
loser="$(json second.tx_id cat <<<"$race")"
same "who won a race" "$winner" "$(json second.reason.winner cat <<<"$race")"
expect 0 "won by +$winner" -- "$weft" tx show "$loser"
expect 1 "no contract 'nosuch' on channel mychannel; there are: basic, kv, mycc, simple" -- "$weft" invoke nosuch f
expect 1 "no contract 'nosuch' on channel mychannel" -- "$weft" query nosuch f
expect 1 "chaincode response 500" -- "$weft" query mycc query nobody
expect 1 "failed to endorse transaction|failed to collect" -- "$weft" invoke mycc invoke nobody b 1
expect 1 "no identity 'User9@org1.example.com' in .*" -- "$weft" query mycc query a --as User9@org1.example.com
expect 2 "name such as" -- "$weft" query mycc query a --as ../../x@org1.example.com
expect 1 "no peer 'peer7' on channel mychannel; there are: peer0.org1" -- "$weft" query mycc query a --peer peer7
long="$(printf 'x%.0s' $(seq 5000))"
for name in other "$long"; do
  for verb in "query mycc query a" "invoke mycc query a" "channel info" "block show 0" "tx show 00"; do
    expect 1 "no channel '(other|x{60}… \\(5000 bytes\\))'.*; there are: mychannel" -- "$weft" $verb --channel "$name"
  done
done
expect 1 "no peer 'x{60}…" -- "$weft" channel info --peer "$long"
expect 1 "no contract 'x{60}…" -- "$weft" query "$long" f
expect 1 "no identity 'x{60}…" -- "$weft" query mycc query a --as "$long@org1.example.com"
expect 1 "no transaction 'x{60}…" -- "$weft" tx show "$long"
expect 1 "no role 'x{60}…" -- "$weft" chaos kill "$long"

# an identity of a foreign CA that calls itself by the same name
users="$WEFT_DIR/crypto/peerOrganizations/org1.example.com/users"
cp -r "$users/User1@org1.example.com" "$users/Mallory@org1.example.com"
"$weft" up --detach --dir "$scratch/other" >/dev/null && "$weft" down --dir "$scratch/other" >/dev/null
rm -rf "$users/Mallory@org1.example.com/msp"
cp -r "$scratch/other/crypto/peerOrganizations/org1.example.com/users/User1@org1.example.com/msp" "$users/Mallory@org1.example.com/msp"
expect 1 "access denied" -- "$weft" query mycc query a --as Mallory@org1.example.com
expect 1 "access denied" -- "$weft" invoke mycc invoke a b 1 --as Mallory@org1.example.com

# roles die and come back
expect 0 "killed" -- "$weft" chaos kill peer0.org1.example.com/endorser
expect 1 "no role 'nobody'" -- "$weft" chaos kill nobody
for _ in $(seq 50); do "$weft" query mycc query b >/dev/null 2>&1 && break; done
expect 0 "peer0.org1.example.com/endorser +alive +1" -- "$weft" status
expect 0 "log level debug \(was warn(ing)?\)" -- "$weft" log debug
expect 2 "no log level 'loud'" -- "$weft" log loud

# one network a folder
expect 1 "already|answers" -- "$weft" up
expect 1 "already|answers" -- "$weft" up --detach
expect 0 "^87$|^86$" -- "$weft" query mycc query a

# going on
height="$(json height "$weft" channel info --json)"
commit_hash="$(json commit_hash "$weft" channel info --json)"
expect 0 "stopped" -- "$weft" down
expect 3 "no network answers" -- "$weft" down
same "the socket after down" "gone" "$([[ -e "$WEFT_DIR/weft.sock" ]] && echo there || echo gone)"
expect 1 "another shape" -- "$weft" up --orgs 3
expect 0 "ready in" -- "$weft" up --detach
same "height after a restart" "$height" "$(json height "$weft" channel info --json)"
same "commit hash after a restart" "$commit_hash" "$(json commit_hash "$weft" channel info --json)"
expect 0 "committed +VALID" -- "$weft" invoke kv put after restart
# A JSON array is one argument, wherever it stands.
expect 0 'committed +VALID' -- "$weft" invoke kv put list '["a","b"]'
expect 0 '^\["a","b"\]$' -- "$weft" query kv get list
expect 0 'committed +VALID' -- "$weft" invoke kv --channel mychannel put '[]' '[[1],[2]]'
expect 0 '^\[\[1\],\[2\]\]$' -- "$weft" query kv get '[]'
