#!/usr/bin/env bash
# Five orderers, and their consenters change while clients work: one is removed, added again, takes another certificate; the leader itself is removed.
source "$(dirname "$0")/lib.sh"
edit="$(dirname "$weft")/weft_e2e_config"
admin0="Admin@example.com"
orderers="$WEFT_DIR/crypto/ordererOrganizations/example.com"
cd "$scratch" || exit 1

# consenter WHAT…: makes update.pb
consenter() {
  "$weft" channel fetch config config.block --as Admin@org1.example.com >/dev/null && "$edit" config.block update.pb consenter "$@"
}
update() { "$weft" channel update update.pb --as "$admin0"; }

# The place of the orderer that leads in the list of `weft status`.
leader() {
  local i
  for _ in $(seq 100); do
    for i in 0 1 2 3 4; do
      [ "$(json "channels.0.orderers.$i.raft.role" "$weft" status --json)" = leader ] && echo "$i" && return
    done
  done
}
# becomes WHAT PATH VALUE: within some seconds
becomes() {
  local got
  for _ in $(seq 150); do
    got="$(json "$2" "$weft" status --json)"
    [ "$got" = "$3" ] && break
  done
  same "$1" "$3" "$got"
}
# All five have the chain of the peer.
equal() {
  local i height
  height="$(json channels.0.peers.0.height "$weft" status --json)"
  for i in 0 1 2 3 4; do
    becomes "the height of orderer$i, $1" "channels.0.orderers.$i.height" "$height"
  done
}

expect 0 "ready in" -- "$weft" up --detach --orderers 5
expect 0 "quorum 3 of 5" -- "$weft" status

# A client that never stops.
(
  while [ ! -e stop ]; do
    "$weft" invoke mycc invoke a b 1 >one.log 2>&1 || cat one.log >>errors.log
    echo >>count.log
  done
) &
client=$!

first="$(leader)"
victim=$(((first + 1) % 5)) other=$(((first + 2) % 5))
certificate() { echo "$orderers/orderers/orderer$1.example.com/tls/server.crt"; }
host="orderer$victim.example.com"

# refused: a certificate of an authority that orders nothing
consenter add "$WEFT_DIR/crypto/peerOrganizations/org1.example.com/peers/peer0.org1.example.com/tls/server.crt" stranger.example.com 7050
expect 1 "signed by unknown authority" -- update

address="$(consenter remove "$(certificate "$victim")")"
expect 0 "committed|accepted|update" -- update
becomes "$host" "channels.0.orderers.$victim.raft.role" "no consenter"
expect 0 "quorum 3 of 4" -- "$weft" status
expect 0 "$host is a follower of the channel, no consenter" -- "$weft" status
grep -q "Detected our own eviction from the channel in block \[[0-9]*\] channel=mychannel" "$WEFT_DIR/weft.log" && echo "ok: the log tells of the eviction" || { echo "FAILED: no word of the eviction"; failures=$((failures + 1)); }
expect 0 "killed" -- "$weft" chaos kill "$host/consenter/mychannel"
becomes "$host, killed" "channels.0.orderers.$victim.raft.role" "no consenter"

consenter add "$(certificate "$victim")" $address
expect 0 "committed|accepted|update" -- update
becomes "$host" "channels.0.orderers.$victim.raft.id" 6
expect 0 "quorum 3 of 5" -- "$weft" status
becomes "$host" "channels.0.orderers.$victim.raft.role" follower

# The same key in a new certificate.
tls="$orderers/orderers/orderer$other.example.com/tls"
printf 'subjectAltName=DNS:orderer%s.example.com,DNS:localhost\nextendedKeyUsage=serverAuth,clientAuth\nkeyUsage=digitalSignature\n' "$other" >extensions
openssl req -new -key "$tls/server.key" -subj "/CN=orderer$other.example.com" 2>/dev/null |
  openssl x509 -req -CA "$orderers"/tlsca/*-cert.pem -CAkey "$orderers/tlsca/priv_sk" -CAcreateserial -days 30 -extfile extensions -out renewed.pem 2>/dev/null
consenter rotate "$(certificate "$other")" renewed.pem
expect 0 "committed|accepted|update" -- update
becomes "orderer$other" "channels.0.orderers.$other.raft.id" "$((other + 1))"

# The leader goes, and comes back as another node.
gone="$(leader)"
if [ "$gone" = "$other" ]; then listed=renewed.pem; else listed="$(certificate "$gone")"; fi
consenter remove "$listed" >/dev/null
expect 0 "committed|accepted|update" -- update
becomes "orderer$gone" "channels.0.orderers.$gone.raft.role" "no consenter"
now="$(leader)"
[ -n "$now" ] && [ "$now" != "$gone" ] && echo "ok: orderer$now leads" || { echo "FAILED: orderer$gone was removed and orderer$now leads"; failures=$((failures + 1)); }

touch stop
wait "$client"
same "errors at the client" "" "$(cat errors.log 2>/dev/null)"
[ "$(wc -l <count.log)" -gt 5 ] && echo "ok: $(wc -l <count.log) invokes meanwhile" || { echo "FAILED: nobody worked meanwhile"; failures=$((failures + 1)); }
equal "at the end"

# What everybody knows is there after a start too.
expect 0 "stopped" -- "$weft" down
expect 0 "ready in" -- "$weft" up --detach
becomes "orderer$gone" "channels.0.orderers.$gone.raft.role" "no consenter"
becomes "$host" "channels.0.orderers.$victim.raft.id" 6
expect 0 "VALID" -- "$weft" invoke mycc invoke a b 1
equal "after a start"
expect 0 "stopped" -- "$weft" down

# One orderer alone, to which another comes, and which then goes: the peers' gateways follow, without a start.
export WEFT_DIR="$scratch/moving"
orderers="$WEFT_DIR/crypto/ordererOrganizations/example.com"
cat >moving.yaml <<END
organizations:
  - {name: Org1, msp_id: Org1MSP, domain: org1.example.com, kind: peer, hosts: [peer0], users: 1}
  - {name: Orderer, msp_id: OrdererMSP, domain: example.com, kind: orderer, hosts: [orderer0, orderer1]}
channels:
  - {name: mychannel, ordering: raft, raft: {consenters: [orderer0.example.com]}, contracts: [{name: mycc, version: "1.0", first_call: [init, a, "100", b, "200"]}]}
nodes:
  - {name: all, members: [peer0.org1.example.com, orderer0.example.com, orderer1.example.com]}
END
expect 0 "ready in" -- "$weft" up --detach --topology moving.yaml
consenter add "$(certificate 1)" localhost 8050
expect 0 "committed|accepted|update" -- update
becomes "orderer1" "channels.0.orderers.1.raft.id" 2
expect 0 "VALID" -- "$weft" invoke mycc invoke a b 1
consenter remove "$(certificate 0)" >/dev/null
expect 0 "committed|accepted|update" -- update
becomes "orderer0" "channels.0.orderers.0.raft.role" "no consenter"
becomes "orderer1" "channels.0.orderers.1.raft.role" leader
for _ in 1 2 3; do expect 0 "VALID" -- "$weft" invoke mycc invoke a b 1; done
