#!/usr/bin/env bash
# Seven processes: what each node's folder holds, what a node refuses, and the exercise of five orderers as scripts/cluster-demo tells it.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/ports.sh"
root="$(cd "$(dirname "$0")/../.." && pwd)"
take_ports  # sets $base
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
same "certificates of orderers in a peers' node" "5" "$(find "$cluster/org1/crypto/ordererOrganizations" -name server.crt | wc -l)"
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

expect 3 "start one with: weft node ord0 --dir" -- "$weft" status --dir "$cluster/ord0"

# ---- one after the other, from a script: each serves at once, and says whom the contracts wait for
nodes="ord0 ord1 ord2 ord3 ord4 org1 org2"
expect 0 "contracts of mychannel +waiting for node org2 at 127.0.0.1:$((base + 6)), node ord0" -- "$weft" node org1 --dir "$cluster" --detach
expect 1 "waiting for node org2 at 127.0.0.1:$((base + 6)), .*; not within 200ms" -- "$weft" status --dir "$cluster/org1" --wait 200ms
expect 1 "no contract .mycc. on channel mychannel; there are: none. More may come, waiting for node org2" -- "$weft" invoke mycc invoke a b 1 --dir "$cluster/org1"
expect 0 "raft: no node with an orderer of this channel answers" -- "$weft" status --dir "$cluster/org1"
expect 0 "org2 +127.0.0.1:$((base + 6)) +not linked" -- "$weft" status --dir "$cluster/org1"
for node in ord0 ord1 org2 ord2 ord3 ord4; do expect 0 "ready in" -- "$weft" node "$node" --dir "$cluster" --detach; done
for node in org1 org2; do expect 0 "mycc +1.0" -- "$weft" status --dir "$cluster/$node" --wait 60s; done
expect 0 "VALID" -- "$weft" invoke mycc invoke a b 1 --dir "$cluster/org1"

# ---- what a node knows of the others
expect 0 "raft: orderer[0-4].example.com leads in term" -- "$weft" status --dir "$cluster/org2"
expect 0 "orderer3.example.com +on ord3 +[0-9]" -- "$weft" status --dir "$cluster/org2"
expect 0 "mychannel +etcdraft +[1-9]" -- "$weft" channel list --dir "$cluster/org2"
for ask in "invoke mycc invoke a b 1" "query mycc query a" "channel info"; do
  expect 1 "this node runs no peer; these nodes do: org1 at 127.0.0.1:$((base + 5)), org2 at" -- "$weft" $ask --dir "$cluster/ord0"
done
pid="$(json pid "$weft" status --json --dir "$cluster/ord4")"
kill -STOP "$pid"
expect 3 "process $pid is stopped; .kill -CONT $pid. lets it go on" -- "$weft" status --dir "$cluster/ord4"
kill -CONT "$pid"

# ---- a second process of a node: the first stays, both sides say so
cp -r "$cluster/ord0" "$scratch/ord0"
rm -rf "$scratch/ord0/"{weft.sock,weft.lock,weft.log,data}
sed -i "s/127.0.0.1:$base\$/127.0.0.1:$((base + 7))/" "$scratch/ord0/topology.yaml"
expect 0 "ready in" -- "$weft" node ord0 --dir "$scratch/ord0" --detach
found() { # TEXT FILE: within some seconds
  for _ in $(seq 300); do grep -q "$1" "$2" && return 0; "$weft" status --dir "$cluster/ord1" >/dev/null 2>&1; done
  echo "no '$1' in:"
  cat "$2"
  return 1
}
expect 0 "" -- found "does a copy of this node run elsewhere" "$scratch/ord0/weft.log"
expect 0 "" -- found "claims to be node ord0 too and is refused" "$cluster/ord1/weft.log"
expect 0 "ord0 +127.0.0.1:$base +linked" -- "$weft" status --dir "$cluster/ord1"
expect 0 "stopped" -- "$weft" down --dir "$scratch/ord0"

# ---- a channel of other identities is refused at once, and nothing of it is left
expect 0 "weft node NAME" -- "$weft" topology init <(sed 's/name: mychannel/name: abroad/' "$document") --out "$scratch/abroad"
for node in org1 ord1; do expect 1 "was made with another" -- "$weft" channel join --dir "$cluster/$node" "$scratch/abroad/operator/channels/abroad.block"; done
for node in $nodes; do expect 0 "stopped" -- "$weft" down --dir "$cluster/$node"; done
cp "$scratch/abroad/ord1/node/"server.* "$cluster/ord1/node/"
expect 1 "server.crt was not issued by the authority in ca.crt beside it" -- "$weft" node ord1 --dir "$cluster"
cp "$scratch/kept/"* "$cluster/ord1/node/"
expect 0 "ready in" -- "$weft" node org1 --dir "$cluster" --detach  # whose contracts are there: it waits for nobody
expect 0 "mycc +1.0" -- "$weft" status --dir "$cluster/org1" --wait 1s
expect 0 "stopped" -- "$weft" down --dir "$cluster/org1"

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
for node in $nodes; do "$weft" node "$node" --dir "$cluster" --detach >"$scratch/$node.out" 2>&1 & done
wait
for node in org1 ord0 ord1 ord2; do expect 0 "joined" -- "$weft" channel join --dir "$cluster/$node" "$scratch/third/operator/channels/third.block"; done
expect 0 "channel third, etcdraft" -- "$weft" status --dir "$cluster/org1"
expect 0 "VALID" -- "$weft" invoke mycc invoke a b 1 --dir "$cluster/org1"
for node in $nodes; do expect 0 "stopped" -- "$weft" down --dir "$cluster/$node"; done
