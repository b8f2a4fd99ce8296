#!/usr/bin/env bash
# cryptogen through a link of that name: the golden tree to the file name, modes, messages, exit codes, and extend.
source "$(dirname "$0")/lib.sh"
golden="$(cd "$(dirname "$0")/../golden" && pwd)"
cd "$scratch" || exit 1
ln -s "$weft" cryptogen
umask 022

expect 0 "^cryptogen:" -- ./cryptogen version
expect 0 "showtemplate" -- ./cryptogen --help
expect 0 "generate" -- "$weft" cryptogen --help
expect 0 "cryptogen generate --config" -- "$weft" cryptogen generate --help
expect 0 "cryptogen generate --config" -- ./cryptogen help generate
expect 0 "Utility for generating Hyperledger Fabric key material" -- ./cryptogen
expect 1 '^cryptogen: error: expected command but got "nonsense", try --help$' -- ./cryptogen nonsense
expect 1 "^cryptogen: error: unknown long flag '--nonsense', try --help$" -- ./cryptogen generate --nonsense
expect 1 "^cryptogen: error: unexpected more, try --help$" -- ./cryptogen showtemplate more
expect 1 "^cryptogen: error: expected argument for flag '--config', try --help$" -- ./cryptogen generate --output never --config
expect 1 "^cryptogen: error: open absent.yaml: no such file or directory, try --help$" -- ./cryptogen generate --config absent.yaml
expect 2 "never" -- ls never

same "standard output" "$(printf 'org1.example.com\norg2.example.com')" \
  "$(./cryptogen generate --config="$golden/config/crypto-config.yaml" --output=made)"
same "the tree" "$(cd "$golden/crypto" && find . -type f | sort | md5sum)" "$(cd made && find . -type f | sort | md5sum)"
same "folders" "755" "$(find made -type d -printf '%m\n' | sort -u)"
same "empty folders" "14" "$(find made -type d -empty -name admincerts | wc -l)"
same "keys" "600" "$(find made \( -name priv_sk -o -name '*.key' \) -printf '%m\n' | sort -u)"
same "what is no key" "644" "$(find made -type f ! -name priv_sk ! -name '*.key' -printf '%m\n' | sort -u)"
expect 0 "OK" -- openssl verify -CAfile made/peerOrganizations/org1.example.com/tlsca/tlsca.org1.example.com-cert.pem \
  made/peerOrganizations/org1.example.com/peers/peer0.org1.example.com/tls/server.crt

expect 1 "org1.example.com exists; add to it with 'extend --input made'" -- ./cryptogen generate --config="$golden/config/crypto-config.yaml" --output=made

before="$(find made -type f -exec md5sum {} + | sort)"
sed -e 's/Count: 1$/Count: 2/' "$golden/config/crypto-config.yaml" >more.yaml
printf '  - Name: Org3\n    Domain: org3.example.com\n    Template: {Count: 1}\n' >>more.yaml
same "extend says which organization is new" "org3.example.com" "$(./cryptogen extend --config more.yaml --input made)"
same "what was there stays" "" "$(comm -23 <(printf '%s\n' "$before") <(find made -type f -exec md5sum {} + | sort))"
for there in peerOrganizations/org2.example.com/{peers/peer1.org2.example.com/tls/server.key,users/User2@org2.example.com/tls/client.crt} \
  peerOrganizations/org3.example.com/msp/admincerts/Admin@org3.example.com-cert.pem; do
  expect 0 "$there" -- ls "made/$there"
done
expect 0 "OK" -- openssl verify -CAfile made/peerOrganizations/org2.example.com/ca/ca.org2.example.com-cert.pem \
  made/peerOrganizations/org2.example.com/peers/peer1.org2.example.com/msp/signcerts/peer1.org2.example.com-cert.pem

./cryptogen showtemplate >shown.yaml
expect 0 "org2.example.com" -- ./cryptogen generate --config shown.yaml
expect 0 "orderer.example.com" -- ls crypto-config/ordererOrganizations/example.com/orderers

printf 'PeerOrgs:\n  - Name: Org1\n    Specs:\n      - Hostnme: a\n    Users: {Count: lots}\n' >bad.yaml
expect 255 "^Error reading config: Error Unmarshaling YAML" -- ./cryptogen generate --config bad.yaml --output never
expect 255 "bad.yaml:4:9: warning: PeerOrgs\[0\].Specs\[0\].Hostnme: unknown key; did you mean 'Hostname'" -- ./cryptogen extend --config bad.yaml
expect 255 "bad.yaml:5:20: PeerOrgs\[0\].Users.Count: must be a whole number, but is 'lots'" -- ./cryptogen generate --config bad.yaml
expect 2 "never" -- ls never

# A place that cannot be written to: said at once, and no organization is named as if it were there.
touch in-the-way
said="$(./cryptogen generate --config="$golden/config/crypto-config.yaml" --output=in-the-way/made)"
same "exit code of a place that cannot be written to" 1 "$?"
same "what is said of it" "Error writing key material:" "$(head -n 1 <<<"$said")"
expect 0 "in-the-way.*: Not a directory" -- cat <<<"$said"
same "organizations that it names" 0 "$(grep -c "^org" <<<"$said")"

# A name given twice is made once, as the first entry says, and reported.
printf 'PeerOrgs:\n  - Name: Org1\n    Domain: o.example.com\n    Specs: [{Hostname: peer0}]\n    Template: {Count: 2}\n    Users: {Count: 1, Specs: [{Name: User1}]}\n' >twice.yaml
expect 0 "twice.yaml:6:[0-9]+: warning: PeerOrgs.0..Users.Specs.0..Name: 'User1' is taken by" -- ./cryptogen generate --config twice.yaml --output twice
same "peers" 2 "$(ls twice/peerOrganizations/o.example.com/peers | wc -l)"
same "users" 2 "$(ls twice/peerOrganizations/o.example.com/users | wc -l)"
