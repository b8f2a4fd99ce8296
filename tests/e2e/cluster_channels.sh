#!/usr/bin/env bash
# Three nodes, each with an orderer, two with a peer: a channel is made on one of them and the others join it.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/ports.sh"
take_ports  # sets $base
cluster="$scratch/cluster"
cat >"$scratch/three.yaml" <<END
organizations:
  - {name: Org1, msp_id: Org1MSP, domain: org1.example.com, operated_by: net, kind: peer, hosts: [peer0], users: 1}
  - {name: Org2, msp_id: Org2MSP, domain: org2.example.com, operated_by: net, kind: peer, hosts: [peer0], users: 1}
  - {name: Orderer, msp_id: OrdererMSP, domain: example.com, operated_by: net, kind: orderer, hosts: [orderer0, orderer1, orderer2]}
channels:
  - name: mychannel
    ordering: raft
    contracts: [{name: kv, version: "1.0"}]
nodes:
  - {name: one, address: "127.0.0.1:$base", members: [orderer0.example.com, peer0.org1.example.com]}
  - {name: two, address: "127.0.0.1:$((base + 1))", members: [orderer1.example.com, peer0.org2.example.com]}
  - {name: three, address: "127.0.0.1:$((base + 2))", members: [orderer2.example.com]}
END
nodes="one two three"
start() { expect 0 "ready in" -- "$weft" node "$1" --dir "$cluster" --detach; }
at() { # NODE VERB…
  local node="$1"
  shift
  "$weft" "$@" --dir "$cluster/$node"
}
down() { for node in $nodes; do at "$node" down >/dev/null 2>&1; done; }
trap 'down; finish' EXIT

expect 0 "weft node NAME" -- "$weft" topology init "$scratch/three.yaml" --out "$cluster"
for node in $nodes; do start "$node"; done
expect 0 "kv +1.0" -- at one status --wait 60s
expect 0 "kv +1.0" -- at two status --wait 60s

# ---- made on one, whose members join; the others are told, and have their say
expect 0 "weft channel join trade.block --dir FOLDER --contracts kv,mycc" -- at one channel create trade --contracts kv,mycc
expect 0 "contracts: waiting" -- at one status
block="$cluster/one/channels/trade.block"
expect 0 "orderer1.example.com +joined" -- at two channel join "$block" --contracts kv,mycc
expect 1 "channel already exists" -- at two channel join "$block"
expect 0 "orderer2.example.com +joined" -- at three channel join "$block"
for node in one two; do expect 0 "mycc +1.0" -- at "$node" status --wait 60s; done
expect 0 "VALID" -- at one invoke kv put k "only in trade" --channel trade
expect 0 "VALID" -- at two invoke kv put l "by the other" --channel trade --as User1@org2.example.com
expect 0 "only in trade" -- at two query kv get k --channel trade
expect 0 "trade +etcdraft +[1-9]" -- at three channel list

# ---- one of its orderers dies, perhaps its leader: clients elsewhere do not notice
kill -9 "$(at three status --json | sed 's/.*"pid":\([0-9]*\).*/\1/')"
expect 0 "VALID" -- at one invoke kv put n "without three" --channel trade
expect 0 "VALID" -- at two invoke kv put o "without three" --channel trade --as User1@org2.example.com
start three

# ---- all start again, and have it
down
for node in $nodes; do start "$node"; done
expect 0 "only in trade" -- at two query kv get k --channel trade
for node in one two; do expect 0 "" -- at "$node" status --wait 60s; done
expect 0 "VALID" -- at two invoke kv put m "after a start" --channel trade

# ---- of one organization: the other's peer is not invited
expect 0 "members +orderer0.example.com, peer0.org1.example.com" -- at one channel create alone --orgs Org1 --contracts kv
for node in two three; do expect 0 "joined" -- at "$node" channel join "$cluster/one/channels/alone.block"; done
expect 0 "kv +1.0" -- at one status --wait 60s
expect 0 "VALID" -- at one invoke kv put k v --channel alone
same "members of the other organization's node" '["orderer1.example.com"]' "$(at two channel list --json | sed 's/.*"channel":"alone"[^[]*"members":\(\[[^]]*\]\).*/\1/')"

# ---- an orderer takes a TLS certificate with another key while the channels run: the channels first, then its folder
edit="$(dirname "$weft")/weft_e2e_config"
authority="$cluster/operator/crypto/ordererOrganizations/example.com/tlsca"
cd "$scratch" || exit 1
issue() { # HOST
  openssl ecparam -name prime256v1 -genkey -noout 2>/dev/null | openssl pkcs8 -topk8 -nocrypt -out "$1.key"
  printf 'subjectAltName=DNS:%s.example.com,DNS:localhost\nextendedKeyUsage=serverAuth,clientAuth\nkeyUsage=digitalSignature\n' "$1" >extensions
  openssl req -new -key "$1.key" -subj "/CN=$1.example.com" 2>/dev/null |
    openssl x509 -req -CA "$authority"/tlsca*-cert.pem -CAkey "$authority/priv_sk" -CAcreateserial -days 30 -extfile extensions -out "$1.crt" 2>/dev/null
}
tls_of() { echo "$cluster/$1/crypto/ordererOrganizations/example.com/orderers/$2.example.com/tls"; } # NODE HOST
change_channels() { # HOST
  for channel in mychannel trade alone; do
    at one channel fetch config config.block --as Admin@org1.example.com --channel "$channel" >/dev/null
    "$edit" config.block update.pb consenter rotate "$(tls_of operator "$1")/server.crt" "$1.crt"
    # A leader that was elected this moment has not heard of everybody, and refuses what would leave it without a quorum.
    for _ in $(seq 50); do at one channel update update.pb --as Admin@example.com >update.out 2>&1 && break; done
    expect 0 "configuration [0-9]+ of $channel is in force" -- cat update.out
  done
}
change_folder() { # NODE HOST
  cp "$2.crt" "$(tls_of "$1" "$2")/server.crt"
  cp "$2.key" "$(tls_of "$1" "$2")/server.key"
}
# becomes WHAT VALUE PATH NODE: within some seconds
becomes() {
  local got
  for _ in $(seq 200); do
    got="$(json "$3" "$weft" status --json --dir "$cluster/$4")"
    [ "$got" = "$2" ] && break
  done
  same "$1" "$2" "$got"
}
issue orderer2
change_channels orderer2
expect 0 "VALID" -- at one invoke kv put n "between" --channel alone
at three down >/dev/null
change_folder three orderer2
start three
for i in 0 1 2; do becomes "orderer2's id in channel $i" 3 "channels.$i.orderers.0.raft.id" three; done
at two down >/dev/null # what is ordered now is so by orderer0 and orderer2 alone
expect 0 "VALID" -- at one invoke kv put o "by the new key" --channel alone

# ---- another one in the other order: its folder first. Its channels do not list it then: it follows them, whatever happens to it, until they do
issue orderer1
change_folder two orderer1
start two
for i in 0 1 2; do becomes "orderer1 in channel $i, before the channels know" "no consenter" "channels.$i.orderers.0.raft.role" two; done
for i in 1 2 3; do expect 0 "VALID" -- at one invoke kv put k "without orderer1 $i" --channel alone; done
# has_all: orderer1 has as many blocks as orderer0
has_all() {
  for i in 0 1 2; do becomes "the height of channel $i at orderer1, $1" "$(json "channels.$i.orderers.0.height" at one status --json)" "channels.$i.orderers.0.height" two; done
}
has_all "which follows"
kill -9 "$(at two status --json | sed 's/.*"pid":\([0-9]*\).*/\1/')"
expect 0 "VALID" -- at one invoke kv put k "while it is dead" --channel alone
start two
change_channels orderer1
for i in 0 1 2; do becomes "orderer1's id in channel $i" 2 "channels.$i.orderers.0.raft.id" two; done
at three down >/dev/null # what is ordered now is so by orderer0 and orderer1 alone
expect 0 "VALID" -- at one invoke kv put o "by the other new key" --channel alone
expect 0 "VALID" -- at one invoke kv put o "by the other new key" --channel trade
at two down >/dev/null
start two
expect 0 "VALID" -- at one invoke kv put o "after a start" --channel alone
has_all "at the end"
for i in 0 1 2; do same "what channel $i's last block is at both" "$(json "channels.$i.orderers.0.block_hash" at one status --json)" "$(json "channels.$i.orderers.0.block_hash" at two status --json)"; done

# ---- a channel that is made twice is two channels: they say so, and nothing of one gets into the other
for node in one two; do expect 0 "channel +twice is made" -- at "$node" channel create twice --orgs "$([ $node = one ] && echo Org1 || echo Org2)"; done
for node in one two; do
  for _ in $(seq 200); do grep -q "raft messages refused: twice" "$cluster/$node/weft.log" && break; at "$node" status >/dev/null; done
  expect 0 "twice is a channel with genesis block [0-9a-f]{8} at orderer[01].example.com, but with genesis block [0-9a-f]{8} here" -- grep "raft messages refused" "$cluster/$node/weft.log"
  same "how often $node says so" 1 "$(grep -c "raft messages refused: twice" "$cluster/$node/weft.log")"
  expect 0 "consenters reachable|election is under way" -- at "$node" status
done
