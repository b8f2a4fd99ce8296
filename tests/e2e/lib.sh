# Helpers of the stories: a scratch network, and checks that say what they expected.
set -u
weft="$1"
scratch="$(mktemp -d)"
export WEFT_DIR="$scratch/net"
failures=0

finish() {
  "$weft" down >/dev/null 2>&1
  rm -rf "$scratch"
  if ((failures > 0)); then
    echo "$failures checks failed"
    exit 1
  fi
  echo "all checks passed"
}
trap finish EXIT

# expect CODE TEXT -- COMMAND…: the command must exit with CODE and print TEXT (an extended regular expression) somewhere.
expect() {
  local code="$1" text="$2"
  shift 3
  local output actual
  output="$("$@" 2>&1)"
  actual=$?
  if [[ $actual -ne $code ]] || ! grep -qE -- "$text" <<<"$output"; then
    failures=$((failures + 1))
    printf 'FAILED: %s\n  expected exit %s and: %s\n  got exit %s and:\n%s\n' "$*" "$code" "$text" "$actual" "$output"
    return 1
  fi
  printf 'ok: %s\n' "${*##*/}"
}

# json PATH COMMAND…: the value at a path such as channels.0.height in the JSON object that a command prints.
json() {
  local path="$1"
  shift
  "$@" 2>/dev/null | tail -n 1 | "$(dirname "$weft")/weft_e2e_json" "$path"
}

# same WHAT EXPECTED ACTUAL
same() {
  if [[ "$2" == "$3" ]]; then
    printf 'ok: %s is %s\n' "$1" "$2"
  else
    failures=$((failures + 1))
    printf 'FAILED: %s: expected %s, got %s\n' "$1" "$2" "$3"
  fi
}
