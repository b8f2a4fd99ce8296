#!/usr/bin/env bash
# configtxlator as Fabric's users know it: under its own name and as a verb, with files, pipes and over HTTP.
source "$(dirname "$0")/lib.sh"
golden="$(cd "$(dirname "$0")/../golden" && pwd)"
ln -s "$weft" "$scratch/configtxlator"
tool="$scratch/configtxlator"

# Files and pipes, and both names.
for block in mychannel.5 mychannel.19 bftchannel.1; do
  "$tool" proto_decode --type common.Block --input "$golden/blocks/$block.block" --output "$scratch/$block.json"
  same "JSON of $block" "$(sha256sum <"$golden/blocks/$block.json")" "$(sha256sum <"$scratch/$block.json")"
  same "$block again" "$(sha256sum <"$golden/blocks/$block.block")" "$("$weft" configtxlator proto_encode --type common.Block <"$scratch/$block.json" | sha256sum)"
done
same "mode of the output" 600 "$(stat -c %a "$scratch/mychannel.5.json")"
update() { "$tool" compute_update --channel_id mychannel --original "$golden/config/anchor-update.original-config.pb" --updated "$golden/config/anchor-update.$1-config.pb"; }
same "anchor update" "$(sha256sum <"$golden/config/anchor-update.configupdate.json")" \
  "$(update modified | "$tool" proto_decode --type common.ConfigUpdate | sha256sum)"

# Refusals: Fabric's words and codes, and nothing written.
expect 1 "error computing config update: no differences detected between original and updated config" -- update original
expect 1 "^configtxlator: error: required flag --type not provided, try --help" -- "$tool" proto_decode
expect 1 "^configtxlator: error: required flag --channel_id not provided" -- "$tool" compute_update
expect 1 "expected argument for flag '--type'" -- "$tool" proto_decode --type
expect 1 "unknown long flag '--nonsense', try --help" -- "$tool" proto_decode --type common.Block --nonsense
expect 1 "expected command but got \"decode\"" -- "$tool" decode
expect 1 "open /nonexistent/x: no such file or directory, try --help" -- "$tool" proto_decode --type common.Block --input /nonexistent/x
expect 1 "error encode input: proto: not found; did you mean common.Block" -- "$tool" proto_decode --type common.Blok --input "$golden/vectors.json"
expect 1 "Error decoding: error unmarshalling: proto: cannot parse" -- "$tool" proto_decode --type common.Block --input "$golden/vectors.json" --output "$scratch/none"
expect 1 "Error decoding: error decoding input: \*common.Block: unknown field" -- "$tool" proto_encode --type common.Block --input "$golden/vectors.json"
expect 1 "error reading original config: invalid argument; name its file with --original" -- "$tool" compute_update --channel_id x
expect 1 "read .*: is a directory" -- "$tool" proto_decode --type common.Block --input "$golden"
expect 1 "No space left|no space left" -- "$tool" proto_decode --type common.Block --input "$golden/blocks/mychannel.5.block" --output /dev/full
same "no output after a failure" absent "$([[ -e "$scratch/none" ]] && echo there || echo absent)"
expect 0 "proto_decode" -- "$tool"
expect 0 "Example:" -- "$tool" help compute_update
expect 0 "Example:" -- "$weft" configtxlator proto_encode --help
expect 0 "Version: [0-9]" -- "$tool" version
expect 0 "configtxlator +Fabric's configtxlator" -- "$weft" --help
expect 2 "did you mean 'configtxlator'" -- "$weft" configtxlatr

# Over HTTP. Bash has no client that can be counted on, but it can open sockets.
"$tool" start --hostname 127.0.0.1 --port 0 2>"$scratch/server.log" &
server=$!
until grep -q "Serving HTTP" "$scratch/server.log"; do kill -0 $server || break; read -rt 0.05 <> <(:); done
port="$(sed -nE 's/.*Serving HTTP requests on 127.0.0.1:([0-9]+)$/\1/p' "$scratch/server.log")"
post() {  # post PATH FILE: the body of the answer
  exec 3<>"/dev/tcp/127.0.0.1/$port"
  { printf 'POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %s\r\n\r\n' "$1" "$(stat -c %s "$2")"; cat "$2"; } >&3
  sed '1,/^\r$/d' <&3
  exec 3>&-
}
same "JSON over HTTP" "$(sha256sum <"$golden/blocks/mychannel.5.json")" "$(post /protolator/decode/common.Block "$golden/blocks/mychannel.5.block" | sha256sum)"
same "bytes over HTTP" "$(sha256sum <"$golden/blocks/mychannel.5.block")" "$(post /protolator/encode/common.Block "$golden/blocks/mychannel.5.json" | sha256sum)"
same "refusal over HTTP" "message name not found" "$(post /protolator/encode/common.Blok "$golden/blocks/mychannel.5.json")"
expect 1 "Could not bind to address '127.0.0.1:$port': listen tcp 127.0.0.1:$port: bind: address already in use" -- "$tool" start --hostname 127.0.0.1 --port "$port"
kill -TERM $server
wait $server
same "code after SIGTERM" 0 $?
