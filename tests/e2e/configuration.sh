#!/usr/bin/env bash
# An administrator's day: fetch the configuration, change it, be refused, find the missing signature, expel and revoke; more channels; a crash.
source "$(dirname "$0")/lib.sh"
edit="$(dirname "$weft")/weft_e2e_config"
admin1="Admin@org1.example.com" admin2="Admin@org2.example.com" admin0="Admin@example.com"
users="$WEFT_DIR/crypto/peerOrganizations"
cd "$scratch" || exit 1

# change COMMAND…: fetches the configuration and makes update.pb of it
change() {
  "$weft" channel fetch config config.block --channel "${channel:-mychannel}" --as "$admin1" >/dev/null && "$edit" config.block update.pb "$@"
}

expect 3 "no network answers" -- "$weft" channel list
expect 0 "ready in" -- "$weft" up --detach --orgs 3 || { cat "$WEFT_DIR/weft.log"; exit 1; }

# reading
expect 0 "block 0 of mychannel is in config.block" -- "$weft" channel fetch config config.block
expect 0 "block 0 of mychannel is in mychannel_oldest.block" -- "$weft" channel fetch oldest
expect 0 "block 1 of mychannel" -- "$weft" channel fetch 1 one.block --as User1@org2.example.com
expect 0 '"file":"new.block"' -- "$weft" channel fetch newest new.block --json
expect 1 "NOT_FOUND" -- "$weft" channel fetch 9999 x.block
ln -s real.block link.block
expect 0 "is in link.block" -- "$weft" channel fetch config link.block
expect 0 "real.block" -- readlink link.block
expect 0 "" -- cmp real.block config.block
ln -s /dev/full full.block
expect 1 "cannot write full.block: No space left on device" -- "$weft" channel fetch config full.block
expect 0 "" -- test -c /dev/full
expect 2 "neither a block number nor" -- "$weft" channel fetch latest x.block
expect 1 "no peer 'peer9' here; there are: peer0.org1.example.com, peer0.org2.example.com, peer0.org3.example.com, orderer0.example.com" -- \
  "$weft" channel fetch config x.block --peer peer9

# files that are no updates
expect 2 "this is a block" -- "$weft" channel update config.block
echo '{"channel_id": "mychannel"}' >update.json
expect 2 "this is JSON: encode it first" -- "$weft" channel update update.json
expect 2 "cannot read nothing.pb" -- "$weft" channel update nothing.pb
expect 2 "cannot read .: it is a folder" -- "$weft" channel update .
expect 2 "cannot read nothing.block: No such file or directory" -- "$weft" channel join nothing.block

# a value of one organization, one of the orderers, one of all
change anchor Org1 peer0.org1.example.com 7051
cp update.pb anchor.pb
expect 0 "added +\[Value\]  /Channel/Application/Org1/AnchorPeers" -- "$weft" channel update update.pb
expect 1 "refused +BAD_REQUEST" -- "$weft" channel update anchor.pb
expect 1 "error validating ReadSet: proposed update requires that key \[Group\]  /Channel/Application/Org1 be at version 0, but it is currently at version 1" -- \
  "$weft" channel update anchor.pb
change batch 20
expect 1 "policy for \[Value\]  /Channel/Orderer/BatchSize not satisfied: implicit policy evaluation failed - 0 sub-policies" -- "$weft" channel update update.pb
expect 1 "try it with --sign-as Admin@example.com" -- "$weft" channel update update.pb
expect 0 "max_message_count: 500 -> 20" -- "$weft" channel update update.pb --sign-as "$admin0"
expect 0 "blocks of up to 20 transactions" -- "$weft" status
same "configuration sequence" 2 "$(json config_sequence "$weft" channel info --json --peer peer0.org3.example.com)"

# a majority: signed one after another in the file
change remove Org3
expect 1 "signed by Org1MSP, missing Org2MSP, Org3MSP" -- "$weft" channel update update.pb
expect 0 "update.pb is signed by Admin@org2.example.com" -- "$weft" channel signconfigtx update.pb --as "$admin2"
expect 2 "is an update of channel mychannel, not of other" -- "$weft" channel update update.pb --channel other
expect 0 "sign-as" -- "$weft" channel update --help
expect 0 "^100$" -- "$weft" query mycc query a --as User1@org3.example.com
expect 0 "removed +\[Group\]  /Channel/Application/Org3" -- "$weft" channel update update.pb
expect 1 "access denied|creator org unknown" -- "$weft" query mycc query a --as User1@org3.example.com --peer peer0.org1.example.com
expect 1 "FORBIDDEN" -- "$weft" channel fetch newest x.block --as User1@org3.example.com --peer peer0.org1.example.com
expect 0 "committed +VALID" -- "$weft" invoke mycc invoke a b 1
expect 1 "status=FORBIDDEN|access denied|creator org unknown" -- "$weft" invoke mycc invoke a b 1 --as User1@org3.example.com

# a revoked user is nobody at once, another of the same organization goes on
change revoke Org2 "$users/org2.example.com/ca" "$users/org2.example.com/users/User1@org2.example.com/msp/signcerts/User1@org2.example.com-cert.pem"
expect 0 "committed +VALID" -- "$weft" invoke mycc invoke a b 1 --as User1@org2.example.com
expect 0 "changed +\[Value\]  /Channel/Application/Org2/MSP" -- "$weft" channel update update.pb --as "$admin2"
expect 1 "creator org unknown|access denied" -- "$weft" invoke mycc invoke a b 1 --as User1@org2.example.com
expect 0 "committed +VALID" -- "$weft" invoke mycc invoke a b 1 --as "$admin2"

# who may call, and a policy
change acl peer/Propose /Channel/Application/Admins
expect 0 "acls\[peer/Propose\].policy_ref: /Channel/Application/Admins" -- "$weft" channel update update.pb --sign-as "$admin1" --sign-as "$admin2"
expect 1 "failed evaluating policy on signed data during check policy \[/Channel/Application/Admins\]: \[implicit policy evaluation failed - 0 sub-policies were satisfied, but this policy requires 2 of the 'Admins' sub-policies to be satisfied\]" -- \
  "$weft" query mycc query a
change policy Application Admins "ANY Admins"
expect 0 "rule: MAJORITY Admins -> ANY Admins" -- "$weft" channel update update.pb --sign-as "$admin1" --sign-as "$admin2"
change acl peer/Propose /Channel/Application/Writers
expect 0 "committed in block" -- "$weft" channel update update.pb --sign-as "$admin2"
expect 0 "^9[0-9]$" -- "$weft" query mycc query a

# somebody of an organization that came later, with keys of another tool: nobody, then a member, then nobody again
printf 'PeerOrgs: [{Name: Org4, Domain: org4.example.com, EnableNodeOUs: true, Users: {Count: 1}}]\n' >org4.yaml
expect 0 "org4.example.com" -- "$weft" cryptogen generate --config org4.yaml --output theirs
org4=theirs/peerOrganizations/org4.example.com
guest="Org4MSP:$org4/users/User1@org4.example.com/msp"
expect 1 "creator org unknown|access denied" -- "$weft" query mycc query a --as "$guest"
change add Org4 Org4MSP "$org4/msp"
expect 0 "added +\[Group\]  /Channel/Application/Org4" -- "$weft" channel update update.pb --sign-as "$admin1"
expect 0 "^9[0-9]$" -- "$weft" query mycc query a --as "$guest"
expect 0 "committed +VALID" -- "$weft" invoke mycc invoke a b 1 --as "Org4MSP:$org4/users/User1@org4.example.com"
expect 1 "policy for \[Value\]  /Channel/Application/Org1/AnchorPeers not satisfied: signature set did not satisfy policy" -- \
  "$weft" channel update <(change anchor Org1 elsewhere 7051; cat update.pb) --as "Org4MSP:$org4/users/Admin@org4.example.com"
change remove Org4
expect 0 "removed +\[Group\]  /Channel/Application/Org4" -- "$weft" channel update update.pb --sign-as "$admin1"
expect 1 "creator org unknown|access denied" -- "$weft" query mycc query a --as "$guest"
expect 2 "is written MSPID:FOLDER" -- "$weft" query mycc query a --as "Org4MSP:"
expect 1 "$org4/nothing" -- "$weft" query mycc query a --as "Org4MSP:$org4/nothing"

# maintenance: peers wait, orderers' organizations go on, also after a restart; and back
change maintenance on
expect 0 "maintenance: transactions are refused" -- "$weft" channel update update.pb --sign-as "$admin0"
expect 1 "normal transactions are rejected: maintenance mode" -- "$weft" invoke mycc invoke a b 1
"$weft" down >/dev/null
expect 0 "ready in" -- "$weft" up --detach
expect 0 "the channel is in maintenance" -- "$weft" status
expect 1 "FORBIDDEN" -- "$weft" channel fetch config x.block --peer orderer0.example.com
expect 0 "is in config.block" -- "$weft" channel fetch config config.block --peer orderer0.example.com --as "$admin0"
"$edit" config.block update.pb maintenance off
expect 0 "committed in block" -- "$weft" channel update update.pb --sign-as "$admin0"
expect 0 "committed +VALID" -- "$weft" invoke mycc invoke a b 1

# what was deleted stays deleted, and a channel that forbids calls starts all the same
"$weft" invoke mycc delete a >/dev/null
"$weft" invoke mycc delete b >/dev/null
"$weft" down >/dev/null
expect 0 "ready in" -- "$weft" up --detach
expect 1 "Nil amount for a" -- "$weft" query mycc query a
expect 0 "committed +VALID" -- "$weft" invoke mycc init a 90 b 200

# more channels
expect 0 "trade, transactions commit now" -- "$weft" channel create trade --orgs Org1,Org2
expect 2 "illegal characters" -- "$weft" channel create Trade
expect 2 "no organization Org9" -- "$weft" channel create other --orgs Org9
expect 0 "committed +VALID" -- "$weft" invoke --channel trade kv put k v --as "$admin2"
expect 0 "pair" -- "$weft" channel create --orgs Org1 --contracts kv pair
expect 0 "committed +VALID" -- "$weft" invoke --channel pair kv put k v
channel=pair change add Org3 Org3MSP "$users/org3.example.com/msp"
expect 0 "added +\[Group\]  /Channel/Application/Org3" -- "$weft" channel update update.pb
expect 0 "block 0 of pair" -- "$weft" channel fetch oldest pair.block --channel pair
expect 0 "peer0.org3.example.com +joined" -- "$weft" channel join pair.block --member peer0.org3.example.com
expect 1 "cannot join: channel already exists" -- "$weft" channel join pair.block --member peer0.org3.example.com
expect 1 "cannot join: channel already exists" -- "$weft" channel join pair.block
expect 0 "pair +solo" -- "$weft" channel list
same "channels" pair "$(json channels.1.channel "$weft" channel list --json)"

# a crash, and everything is as it was
sequence="$(json config_sequence "$weft" channel info --json)"
height="$(json height "$weft" channel info --json --channel pair)"
kill -9 "$(json pid "$weft" status --json)"
for _ in $(seq 100); do "$weft" status >/dev/null 2>&1 || break; done
expect 0 "ready in" -- "$weft" up --detach || { cat "$WEFT_DIR/weft.log"; exit 1; }
same "configuration after a crash" "$sequence" "$(json config_sequence "$weft" channel info --json)"
same "height of the other channel after a crash" "$height" "$(json height "$weft" channel info --json --channel pair --peer peer0.org3.example.com)"
expect 1 "creator org unknown|access denied" -- "$weft" invoke mycc invoke a b 1 --as User1@org2.example.com
expect 0 "^v$" -- "$weft" query --channel pair kv get k
expect 0 "committed +VALID" -- "$weft" invoke --channel trade kv put k w
expect 0 "committed +VALID" -- "$weft" invoke mycc invoke a b 1

# killed at any moment while a configuration is on its way: what was acknowledged is in force, and all peers agree
unset channel
limit=20
for round in 1 2 3 4 5; do
  change batch $((100 + round))
  "$weft" channel update update.pb --sign-as "$admin0" >update.out 2>&1 &
  updating=$!
  pid="$(json pid "$weft" status --json)"
  for _ in $(seq $round); do "$weft" query mycc query a >/dev/null 2>&1; done
  kill -9 "$pid"
  wait $updating
  for _ in $(seq 100); do "$weft" status >/dev/null 2>&1 || break; done
  expect 0 "ready in" -- "$weft" up --detach || { cat "$WEFT_DIR/weft.log"; exit 1; }
  now="$(json channels.0.batch.max_message_count "$weft" status --json)"
  if grep -q "committed in block" update.out || [[ "$now" != "$limit" ]]; then limit=$((100 + round)); fi
  same "batch size after crash $round" "$limit" "$now"
  same "sequence of both peers" "$(json config_sequence "$weft" channel info --json)" "$(json config_sequence "$weft" channel info --json --peer peer0.org2.example.com)"
  expect 0 "committed +VALID" -- "$weft" invoke kv put round $round
done

# a contract that a living channel's configuration does not let be deployed: told, the network starts all the same, and an update mends it
expect 0 "stopped" -- "$weft" down
expect 0 "ready in" -- "$weft" up --detach --dir "$scratch/made"
expect 0 "stopped" -- "$weft" down --dir "$scratch/made"
sed '/name: simple/,+1d' "$scratch/made/topology.yaml" >"$scratch/without.yaml"
export WEFT_DIR="$scratch/later"
expect 0 "contract kv +version 1.0" -- "$weft" up --detach --topology "$scratch/without.yaml"
change capability Application V1_1
expect 0 "committed in block" -- "$weft" channel update update.pb --sign-as "$admin1" --sign-as "$admin2"
expect 1 "set the application capability V2_0 or V2_5 by a configuration update" -- "$weft" invoke kv put a b
expect 1 "no contract 'simple' on channel mychannel" -- "$weft" query simple query a
expect 0 "stopped" -- "$weft" down
cp "$scratch/made/topology.yaml" "$WEFT_DIR/topology.yaml"
expect 0 "not deployed +deploying simple for Org[12]MSP: .*cannot use new lifecycle for channel 'mychannel' as it does not have the required capabilities enabled" -- \
  "$weft" up --detach
expect 1 "no contract 'simple' on channel mychannel" -- "$weft" query simple query a
change capability Application V2_5
expect 0 "committed in block" -- "$weft" channel update update.pb --sign-as "$admin1" --sign-as "$admin2"
expect 0 "committed +VALID" -- "$weft" invoke kv put a b
expect 0 "stopped" -- "$weft" down
expect 0 "contract simple +version 1.0" -- "$weft" up --detach
expect 0 "committed +VALID" -- "$weft" invoke simple open a 10
