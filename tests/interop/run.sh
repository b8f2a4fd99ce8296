#!/usr/bin/env bash
# run.sh SUITE WEFT FOLDER: runs an application on other people's SDK against a network of its own. SUITE: gateway, contract, network, hostile or clients. FOLDER: where
# packages are installed, of the build. Exit code 77: skipped, with the reason. WEFT_INTEROP_SUITES="events errors": those parts of gateway or contract alone.
set -u
suite="$1" weft="$2" installed="$3"
here="$(cd "$(dirname "$0")" && pwd)"

skip() {
  echo "skipped: $*"
  exit 77
}

command -v node >/dev/null && command -v npm >/dev/null || skip "there is no node or no npm here"
version="$(node --version)"
IFS=. read -r major minor _ <<<"${version#v}"
if ((major > 22 || (major == 22 && minor >= 12))); then packages=gateway/node22
elif ((major >= 20)); then packages=gateway/node20
elif ((major == 18)); then packages=gateway/node18
else skip "node $version is older than any SDK that is tested here"
fi
sources="$here/gateway"
[[ $suite == network ]] && packages=network sources="$here/network"

# Packages are those of the lock file, to the byte; they are fetched once.
fetch() {
  local from="$here/$1" install="$installed/$1"
  mkdir -p "$install"
  (
    flock 9
    cmp -s "$from/package-lock.json" "$install/installed.json" && exit 0
    cp "$from/package.json" "$from/package-lock.json" "$install/" || exit 1
    (cd "$install" && npm ci --omit=optional --ignore-scripts --no-audit --no-fund --loglevel=error >npm.log 2>&1) || exit 2
    cp "$install/package-lock.json" "$install/installed.json"
  ) 9>"$install/lock"
  case $? in
    0) ;;
    2)
      tail -n 20 "$install/npm.log"
      grep -qE 'ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|E50[0-9]|E403|E404|E401|network' "$install/npm.log" &&
        skip "the npm registry cannot be reached"
      exit 1
      ;;
    *) exit 1 ;;
  esac
}
fetch "$packages"
if [[ $suite == contract ]]; then
  for shim in shim25 shim24 shim22; do fetch "contract/$shim"; done
fi

# Ports beyond those of the other tests, and below those that the kernel hands out itself: orderers have base, base+1000, … and peers base+1, base+2001.
locks="${TMPDIR:-/tmp}/weft-test-ports-$(id -u)"
mkdir -p -m 700 "$locks"
base=
for ((lane = 0; lane < 200; ++lane)); do
  exec {held}>"$locks/sdk-$lane"
  if flock -n "$held"; then
    busy=no
    for port in 0 1 1000 2000 2001; do (exec 3<>"/dev/tcp/127.0.0.1/$((28000 + lane * 5 + port))") 2>/dev/null && busy=yes; done
    [[ $busy == no ]] && base=$((28000 + lane * 5)) && break
  fi
  exec {held}>&-
done
[[ -n $base ]] || { echo "FAILED: no free ports from 28000 to 31000"; exit 1; }

scratch="$(mktemp -d)"
finish() {
  "$weft" down --dir "$scratch/net" >/dev/null 2>&1
  rm -rf "$scratch"
}
trap finish EXIT
"$weft" up --dir "$scratch/net" --ports "$base" --operations 127.0.0.1:0 --detach >"$scratch/up.log" 2>&1 {held}>&- || { cat "$scratch/up.log"; exit 1; }

case $suite in
  gateway) names=(${WEFT_INTEROP_SUITES:-transactions offline events errors deliver broadcast channels}) ;;
  hostile | clients) names=("$suite") ;;
  contract)
    names=()
    for name in ${WEFT_INTEROP_SUITES:-deploy failures+service+dialling source stub+state calls+plain+typed+older dev}; do names+=("../contract/${name//+/+../contract/}"); done  # dev last: it stops the network
    export WEFT_INTEROP_PACKAGES="$installed/contract" WEFT_INTEROP_SCRATCH="$scratch"
    ;;
  network) names=() ;;
esac
export WEFT_OPERATIONS_URL="$(sed -n 's|.*\(http://[0-9.:]*\)/healthz.*|\1|p' "$scratch/up.log")"
NODE_PATH="$installed/$packages/node_modules" node "$sources/main.js" "$weft" "$scratch/net" "${names[@]}" &
application=$!
trap 'kill "$application"; exit 1' TERM INT
wait "$application"
code=$?
((code == 0)) || { echo "the network's log:"; tail -n 40 "$scratch/net/weft.log"; }
exit "$code"
