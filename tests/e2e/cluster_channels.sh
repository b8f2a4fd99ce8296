#!/usr/bin/env bash
# Three nodes, each with an orderer, two with a peer: a channel is made on one of them and the others join it.
source "$(dirname "$0")/lib.sh"
base=$((20000 + ($$ * 7) % 20000))
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
