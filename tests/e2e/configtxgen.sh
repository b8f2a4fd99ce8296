#!/usr/bin/env bash
# configtxgen through a link of that name: a channel from a configtx.yaml, looked at again; and what it says when something is wrong.
source "$(dirname "$0")/lib.sh"

golden="$(cd "$(dirname "$0")/../golden" && pwd)"
mkdir -p "$scratch/bin" "$scratch/raft" "$scratch/bft"
ln -s "$weft" "$scratch/bin/configtxgen"
gen="$scratch/bin/configtxgen"
cp -r "$golden/crypto" "$scratch/crypto"
cp "$golden/config/configtx-raft.yaml" "$scratch/raft/configtx.yaml"
cp "$golden/config/configtx-bft.yaml" "$scratch/bft/configtx.yaml"
export FABRIC_CFG_PATH="$scratch/raft"

# A channel of each kind, made and inspected. The JSON goes to stdout, the log to stderr.
expect 0 "doOutputBlock -> Writing genesis block" -- "$gen" -profile TwoOrgsRaft -channelID mychannel -outputBlock "$scratch/out/raft.block"
expect 0 "orderer type: BFT" -- "$gen" --configPath="$scratch/bft" --profile=TwoOrgsBFT --channelID bftchannel --outputBlock "$scratch/out/bft.block"
"$gen" -inspectBlock "$scratch/out/raft.block" 2>/dev/null | tr -d '\n\t' >"$scratch/raft.json"
same "channel" mychannel "$(json data.data.0.payload.header.channel_header.channel_id cat "$scratch/raft.json")"
group=data.data.0.payload.data.config.channel_group
same "type" etcdraft "$(json $group.groups.Orderer.values.ConsensusType.value.type cat "$scratch/raft.json")"
"$gen" -inspectBlock "$scratch/out/bft.block" 2>/dev/null | tr -d '\n\t' >"$scratch/bft.json"
same "BFT quorum" 3 "$(json $group.groups.Orderer.policies.BlockValidation.policy.value.rule.n_out_of.n cat "$scratch/bft.json")"
same "permissions" 640 "$(stat -c %a "$scratch/out/raft.block")"
expect 0 '"OrdererMSP"' -- "$gen" -printOrg OrdererOrg
expect 0 '"localhost:7050"' -- "$gen" -printOrg OrdererOrg

# From nothing: keys by cryptogen, a channel of them by configtxgen, and the same keys in it.
mkdir "$scratch/new"
cp "$golden/config/crypto-config.yaml" "$scratch/new"
cp "$golden/config/configtx-bft.yaml" "$scratch/new/configtx.yaml"
sed -i 's#\.\./crypto/#crypto-config/#' "$scratch/new/configtx.yaml"
expect 0 "org1.example.com" -- "$weft" cryptogen generate --config="$scratch/new/crypto-config.yaml" --output="$scratch/new/crypto-config"
expect 0 "Writing genesis block" -- "$gen" -configPath "$scratch/new" -profile TwoOrgsBFT -channelID newchannel -outputBlock "$scratch/new.block"
"$gen" -inspectBlock "$scratch/new.block" 2>/dev/null | tr -d '\n\t' >"$scratch/new.json"
same "channel" newchannel "$(json data.data.0.payload.header.channel_header.channel_id cat "$scratch/new.json")"
same "root of Org1" "$(base64 -w0 "$scratch"/new/crypto-config/peerOrganizations/org1.example.com/msp/cacerts/ca.org1.example.com-cert.pem)" \
  "$(json $group.groups.Application.groups.Org1MSP.values.MSP.value.config.root_certs.0 cat "$scratch/new.json")"
same "consenter 4" "$(base64 -w0 "$scratch"/new/crypto-config/ordererOrganizations/example.com/orderers/orderer3.example.com/tls/server.crt)" \
  "$(json $group.groups.Orderer.values.Orderers.value.consenter_mapping.3.server_tls_cert cat "$scratch/new.json")"

# An override, and one that is no value.
CONFIGTX_PROFILES_TWOORGSRAFT_ORDERER_BATCHTIMEOUT=7s "$gen" -profile TwoOrgsRaft -channelID c -outputBlock "$scratch/7.block" 2>/dev/null
expect 0 '"timeout": "7s"' -- "$gen" -inspectBlock "$scratch/7.block"
CONFIGTX_PROFILES_TWOORGSRAFT_ORDERER_BATCHTIMEOUT=soon expect 2 "BatchTimeout: must be a duration .*CONFIGTX_PROFILES_TWOORGSRAFT_ORDERER_BATCHTIMEOUT says so" -- \
  "$gen" -profile TwoOrgsRaft -channelID c -outputBlock "$scratch/no.block"

# The transactions of the time of system channels.
mkdir "$scratch/old"
sed -e 's#^Profiles:#Profiles:\n  Channel:\n    <<: *ChannelDefaults\n    Consortium: Sample\n    Application:\n      <<: *ApplicationDefaults\n      Organizations: [*Org1]#' \
  -e 's#    MSPDir: ../crypto/peerOrganizations/org1.*#&\n    AnchorPeers: [{Host: localhost, Port: 7051}]#' "$scratch/raft/configtx.yaml" >"$scratch/old/configtx.yaml"
expect 0 "Writing new channel tx" -- "$gen" -configPath "$scratch/old" -profile Channel -channelID c -outputCreateChannelTx "$scratch/c.tx"
expect 0 '"name": "Sample"' -- "$gen" -inspectChannelCreateTx "$scratch/c.tx"
expect 0 "Writing anchor peer update" -- "$gen" -configPath "$scratch/old" -profile Channel -channelID c -outputAnchorPeersUpdate "$scratch/a.tx" -asOrg Org1MSP
expect 0 '"port": 7051' -- "$gen" -inspectChannelCreateTx "$scratch/a.tx"
expect 1 "must specify an organization" -- "$gen" -configPath "$scratch/old" -profile Channel -channelID c -outputAnchorPeersUpdate "$scratch/a.tx"
expect 1 "missing orderer section" -- "$gen" -configPath "$scratch/old" -profile Channel -channelID c -outputBlock "$scratch/no.block"

# One organization that is to join a channel: a document of its own, without any profile.
mkdir "$scratch/org"
cat >"$scratch/org/configtx.yaml" <<'YAML'
Organizations:
  - Name: Org2
    ID: Org2MSP
    MSPDir: ../crypto/peerOrganizations/org2.example.com/msp
    Policies:
      Readers: {Type: Signature, Rule: "OR('Org2MSP.member')"}
      Writers: {Type: Signature, Rule: "OR('Org2MSP.member')"}
      Admins: {Type: Signature, Rule: "OR('Org2MSP.admin')"}
YAML
expect 0 '"name": "Org2MSP"' -- "$gen" -configPath "$scratch/org" -printOrg Org2
expect 1 "Could not find profile: P.*configtx.yaml has none" -- "$gen" -configPath "$scratch/org" -profile P -channelID c -outputBlock "$scratch/no.block"

# What is wrong, all of it and where.
sed -i -e 's/ElectionTick: 10/ElectionTick: 1/' -e 's#example.com/msp$#example.com/mps#' "$scratch/old/configtx.yaml"
expect 1 "configtx.yaml:[0-9]+:[0-9]+: .*ElectionTick: election tick must be greater" -- \
  "$gen" -configPath "$scratch/old" -profile TwoOrgsRaft -channelID c -outputBlock "$scratch/no.block"
expect 1 "configtx.yaml:6:13: .*MSPDir: there is no folder" -- "$gen" -configPath "$scratch/old" -profile TwoOrgsRaft -channelID c -outputBlock "$scratch/no.block"
expect 1 "Missing channelID, please specify it with '-channelID'" -- "$gen" -profile TwoOrgsRaft -outputBlock "$scratch/no.block"
expect 1 "The '-profile' is required" -- "$gen" -channelID c -outputBlock "$scratch/no.block"
expect 1 "Could not find profile: TwoOrgRaft.*did you mean 'TwoOrgsRaft'" -- "$gen" -profile TwoOrgRaft -channelID c -outputBlock "$scratch/no.block"
expect 1 "Could not find configtx.yaml" -- "$gen" -configPath "$scratch" -profile TwoOrgsRaft -channelID c -outputBlock "$scratch/no.block"
expect 1 "organization Org1 not found" -- "$gen" -printOrg Org1
expect 1 "could not read block" -- "$gen" -inspectBlock "$scratch/none.block"
expect 1 "is no block" -- "$gen" -inspectBlock "$scratch/raft/configtx.yaml"
expect 2 "flag provided but not defined: -profil; did you mean -profile" -- "$gen" -profil x
expect 2 "belongs to no flag" -- "$gen" -profile x out.block
expect 0 "^configtxgen:" -- "$gen" -version
expect 0 "Example:" -- "$weft" configtxgen --help
expect 1 "bad channel ID" -- "$gen" -profile TwoOrgsRaft -channelID My_Channel -outputBlock "$scratch/no.block"
if [[ -e "$scratch/no.block" ]]; then same "a refused block" "not written" "written"; fi

# Form, policies and files in one list, each once.
mkdir "$scratch/all"
sed -e 's/ElectionTick: 10/ElectionTick: soon/' -e "s/OR('Org1MSP.admin', 'Org1MSP.peer'/OR('Org1MSP.admin', 'Org1MSP.pier'/" -e 's#org2.example.com/msp$#org2.example.com/mps#' \
  "$scratch/raft/configtx.yaml" >"$scratch/all/configtx.yaml"
"$gen" -configPath "$scratch/all" -profile TwoOrgsRaft -channelID c -outputBlock "$scratch/no.block" >"$scratch/told" 2>&1
same "exit code of a document that cannot be read" 2 "$?"
expect 0 "configtx.yaml:[0-9]+:[0-9]+: .*ElectionTick: must be a whole number, but is 'soon'" -- cat "$scratch/told"
expect 0 "configtx.yaml:[0-9]+:[0-9]+: .*Policies.*Rule: policy: a role is admin, member" -- cat "$scratch/told"
expect 0 "configtx.yaml:[0-9]+:[0-9]+: .*MSPDir: there is no folder .*mps; relative paths begin at" -- cat "$scratch/told"
same "places of the unreadable number" 1 "$(grep -c ElectionTick "$scratch/told")"
if [[ -e "$scratch/no.block" ]]; then same "a refused block" "not written" "written"; fi
