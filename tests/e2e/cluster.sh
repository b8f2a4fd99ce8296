#!/usr/bin/env bash
# Seven processes: what each node's folder holds, what a node refuses, and the exercise of five orderers as scripts/cluster-demo tells it.
source "$(dirname "$0")/lib.sh"
root="$(cd "$(dirname "$0")/../.." && pwd)"
base=$((20000 + ($$ * 7) % 20000))  # other tests run beside this one
document="$scratch/cluster.yaml"
cp "$root/scripts/cluster.yaml" "$document"
for i in 0 1 2 3 4 5 6; do sed -i "s/127.0.0.1:$((17050 + i))\"/127.0.0.1:$((base + i))\"/" "$document"; done

# ---- folders
cluster="$scratch/cluster"
expect 0 "goes on without 2" -- "$weft" topology show "$document"
expect 0 "weft node NAME" -- "$weft" topology init "$document" --out "$cluster"
expect 1 "is there already" -- "$weft" topology init "$document" --out "$cluster"
sed '/name: ord1,/,$d' "$document" >"$scratch/one.yaml"
expect 2 "" -- "$weft" topology init "$scratch/one.yaml" --out "$scratch/one"  # members without a node

keys() { (cd "$1" && grep -rlE "PRIVATE KEY" . | sort | tr '\n' ' '); }
same "the keys of an orderer's node" "3" "$(keys "$cluster/ord0" | wc -w)"
same "keys of others in an orderer's node" "" "$(keys "$cluster/ord0" | tr ' ' '\n' | grep -vE '^$|node/server.key|orderer0.example.com/(msp|tls)/')"
same "users and authorities in a peers' node" "" "$(keys "$cluster/org1" | tr ' ' '\n' | grep -E 'User1|/ca/|/tlsca/|org2|ord')"
same "who may read a node's folder" "700" "$(stat -c %a "$cluster/ord0")"
same "who may read the operator's folder" "700" "$(stat -c %a "$cluster/operator")"
same "keys that others may read" "" "$(grep -rlE "PRIVATE KEY" "$cluster" | xargs stat -c '%a %n' | grep -v '^600' )"

# ---- a node alone
expect 2 "no node 'ord9'" -- "$weft" node ord9 --dir "$cluster"
expect 2 "no topology" -- "$weft" node ord0 --dir "$scratch/nothing"
expect 0 "ready in" -- "$weft" node ord0 --dir "$cluster" --detach
expect 0 "no leader .*1 of 5 consenters reachable, 3 needed" -- "$weft" status --dir "$cluster/ord0"
expect 1 "" -- "$weft" node ord0 --dir "$cluster"  # the folder is locked
cp -r "$cluster/ord1/node" "$scratch/kept"
cp "$cluster/ord3/node/"* "$cluster/ord1/node/"
expect 1 "is the certificate of node ord3, not of ord1" -- "$weft" node ord1 --dir "$cluster"
cp "$scratch/kept/"* "$cluster/ord1/node/"
mv "$cluster/ord1/node/server.key" "$cluster/ord1/node/server.key.away"
expect 1 "server.key" -- "$weft" node ord1 --dir "$cluster"
mv "$cluster/ord1/node/server.key.away" "$cluster/ord1/node/server.key"
expect 0 "stopped" -- "$weft" down --dir "$cluster/ord0"

expect 0 "ready in" -- "$weft" up --detach
expect 0 "stopped" -- "$weft" down
expect 1 "which .weft up. starts" -- "$weft" node dev --dir "$WEFT_DIR"

# ---- the exercise
WEFT="$weft" WEFT_PORTS="$base" expect 0 "Everything went as it should" -- "$root/scripts/cluster-demo" --ports

# ---- a second channel: peers join before any orderer serves it
second="$scratch/second.yaml"
sed -e 's/name: mychannel/name: third/' "$document" >"$second"
for org in org1.example.com org2.example.com; do sed -i "s#domain: $org,#domain: $org, material: cluster/operator/crypto/peerOrganizations/$org,#" "$second"; done
sed -i "s#domain: example.com,#domain: example.com, material: cluster/operator/crypto/ordererOrganizations/example.com,#" "$second"
expect 0 "weft node NAME" -- "$weft" topology init "$second" --out "$scratch/third"
nodes="ord0 ord1 ord2 ord3 ord4 org1 org2"
for node in $nodes; do "$weft" node "$node" --dir "$cluster" --detach >"$scratch/$node.out" 2>&1 & done
wait
for node in org1 ord0 ord1 ord2; do expect 0 "joined" -- "$weft" channel join --dir "$cluster/$node" "$scratch/third/operator/channels/third.block"; done
expect 0 "channel third, etcdraft" -- "$weft" status --dir "$cluster/org1"
expect 0 "VALID" -- "$weft" invoke mycc invoke a b 1 --dir "$cluster/org1"
for node in $nodes; do expect 0 "stopped" -- "$weft" down --dir "$cluster/$node"; done
