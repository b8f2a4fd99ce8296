#!/usr/bin/env bash
# A network on keys that Fabric's own cryptogen made, and what `weft topology check` says about a network that cannot be.
source "$(dirname "$0")/lib.sh"
golden="$(cd "$(dirname "$0")/../golden" && pwd)/crypto"
cp -r "$golden" "$scratch/theirs"
org1="$scratch/theirs/peerOrganizations/org1.example.com"

cat >"$scratch/network.yaml" <<'YAML'
organizations:
  - {name: Org1, domain: org1.example.com, hosts: [peer0], material: theirs/peerOrganizations/org1.example.com}
  - {name: Org2, domain: org2.example.com, hosts: [peer0], material: theirs/peerOrganizations/org2.example.com}
  - name: OrdererOrg
    msp_id: OrdererMSP
    domain: example.com
    kind: orderer
    hosts: [orderer0]
    material: theirs/ordererOrganizations/example.com
    addresses: {orderer0: "orderer0.example.com:7050"}
channels:
  - name: mychannel
    contracts: [{name: kv, policy: "AND('Org1MSP.peer','Org2MSP.peer')"}]
nodes:
  - {name: one, members: [peer0.org1.example.com, peer0.org2.example.com, orderer0.example.com]}
YAML
expect 0 "is sound: 3 organizations, 1 channel, 1 node" -- "$weft" topology check "$scratch/network.yaml"
expect 0 "identities of Org1 +taken from" -- "$weft" up --detach --topology "$scratch/network.yaml"
expect 0 "VALID" -- "$weft" invoke kv put a 1
expect 0 "^1$" -- "$weft" query kv get a
same "the peer's certificate" "$(md5sum <"$org1/peers/peer0.org1.example.com/msp/signcerts/peer0.org1.example.com-cert.pem")" \
  "$(md5sum <"$WEFT_DIR/crypto/peerOrganizations/org1.example.com/peers/peer0.org1.example.com/msp/signcerts/peer0.org1.example.com-cert.pem")"
same "modes of keys" "600" "$(find "$WEFT_DIR/crypto" \( -name priv_sk -o -name '*.key' \) -printf '%m\n' | sort -u)"
for ca in "$org1/ca/ca.org1.example.com-cert.pem" "$scratch/theirs/ordererOrganizations/example.com/tlsca/tlsca.example.com-cert.pem"; do
  expect 0 "." -- grep -aF "$(sed -n 3p "$ca")" "$WEFT_DIR/channels/mychannel.block"
done
expect 0 "orderer0.example.com:7050" -- grep -a "orderer0.example.com:7050" "$WEFT_DIR/channels/mychannel.block"
"$weft" down >/dev/null
mv "$scratch/theirs" "$scratch/gone"
expect 0 "reused from" -- "$weft" up --detach
expect 0 "VALID" -- "$weft" invoke kv put a 2
"$weft" down >/dev/null
mv "$scratch/gone" "$scratch/theirs"

# What does not fit is said before anything starts.
peer="$org1/peers/peer0.org1.example.com"
cp "$scratch/theirs/peerOrganizations/org2.example.com/peers/peer0.org2.example.com/msp/keystore/priv_sk" "$peer/msp/keystore/priv_sk"
rm "$peer/tls/server.key"
sed -e "s/Org2MSP.peer')/Org2MSP.pear')/" -e 's/orderer0.example.com:7050/orderer.example.net:7050/' -e 's/name: Org2,/nmae: Org2,/' \
  "$scratch/network.yaml" >"$scratch/bad.yaml"
expect 1 "bad.yaml:2:.*organizations\[0\].material: peers/peer0.org1.example.com/msp: " -- "$weft" topology check "$scratch/bad.yaml"
expect 1 "tls/server.key: cannot read" -- "$weft" topology check "$scratch/bad.yaml"
expect 1 "organizations\[1\].nmae: unknown key; did you mean 'name'" -- "$weft" topology check "$scratch/bad.yaml"
expect 1 "server.crt: does not name orderer.example.net; it names orderer0.example.com, orderer0" -- "$weft" topology check "$scratch/bad.yaml"
expect 1 '^   \| \.+\^$' -- "$weft" topology check "$scratch/bad.yaml"
same "sound, as JSON" "false" "$(json sound "$weft" topology check "$scratch/bad.yaml" --json)"
expect 2 "No such file" -- "$weft" topology check "$scratch/absent.yaml"
expect 2 "does not name orderer.example.net" -- "$weft" up --dir "$scratch/never" --topology "$scratch/bad.yaml"
expect 2 "never" -- ls "$scratch/never"
