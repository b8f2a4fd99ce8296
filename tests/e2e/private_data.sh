#!/usr/bin/env bash
# An organization's peers on two hosts: approvals are made on one, and the other has them too, over its port, whoever is killed in between.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/ports.sh"
take_ports  # sets $base
cluster="$scratch/cluster"
cat >"$scratch/topology.yaml" <<END
organizations:
  - {name: Org1, msp_id: Org1MSP, domain: org1.example.com, operated_by: net, kind: peer, hosts: [peer0, peer1], users: 1,
     addresses: {peer0: "localhost:$((base + 2))", peer1: "localhost:$((base + 3))"}}
  - {name: Orderer, msp_id: OrdererMSP, domain: example.com, operated_by: net, kind: orderer, hosts: [orderer0],
     addresses: {orderer0: "localhost:$((base + 4))"}}
channels:
  - name: mychannel
    ordering: raft
    contracts:
      - {name: kv, version: "1.0"}
nodes:
  - {name: one, address: "127.0.0.1:$base", members: [orderer0.example.com, peer0.org1.example.com]}
  - {name: two, address: "127.0.0.1:$((base + 1))", members: [peer1.org1.example.com]}
END
expect 0 "" -- "$weft" topology init "$scratch/topology.yaml" --out "$cluster"
down() { for node in one two; do "$weft" down --dir "$cluster/$node" >/dev/null 2>&1; done; }
trap 'down; finish' EXIT

# approved NODE: the definition of kv that the organization approved, as the node's peer has it. The argument is a message with the contract's name.
approved() {
  "$weft" query _lifecycle QueryApprovedChaincodeDefinition "$(printf '\012\002kv')" --as Admin@org1.example.com --dir "$cluster/$1" 2>&1
}
# Returns when the process is gone, and its ports with it.
kill_two() {
  local pid
  pid="$(json pid "$weft" status --dir "$cluster/two" --json)"
  kill -9 "$pid"
  tail --pid="$pid" -f /dev/null
}
package="0x.*$(printf 'kv_1.0:' | od -An -tx1 | tr -d ' ')"  # what is no text is printed in hexadecimal digits
# soon NODE TEXT: in a moment.
soon() {
  local answer=""
  for ((i = 0; i < 100; ++i)); do
    answer="$(approved "$1")"
    grep -qE -- "$2" <<<"$answer" && return 0
    read -rt 0.1 <> <(:)
  done
  printf 'FAILED: %s answers %s\n' "$1" "$answer"
  failures=$((failures + 1))
}

expect 0 "ready in" -- "$weft" node one --dir "$cluster" --detach
expect 0 "ready in" -- "$weft" node two --dir "$cluster" --detach
expect 0 "kv +1.0" -- "$weft" status --dir "$cluster/one" --wait 60s
soon one "$package" && soon two "$package"

# ---- the second peer has the block, and not yet the approval, when it is killed; its state is lost, and the private data are asked for again
kill_two
rm -rf "$cluster"/two/data/peer1.org1.example.com/mychannel/state "$cluster"/two/data/peer1.org1.example.com/mychannel/blocks/late-*
"$weft" down --dir "$cluster/one" >/dev/null
expect 0 "ready in" -- "$weft" node two --dir "$cluster" --detach
expect 1 "private data matching public hash version is not available" -- approved two
kill_two
expect 0 "ready in" -- "$weft" node two --dir "$cluster" --detach
expect 1 "private data matching public hash version is not available" -- approved two
expect 0 "ready in" -- "$weft" node one --dir "$cluster" --detach
soon two "$package"
kill_two
"$weft" down --dir "$cluster/one" >/dev/null
expect 0 "ready in" -- "$weft" node two --dir "$cluster" --detach
soon two "$package"
