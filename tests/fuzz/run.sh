#!/bin/bash
# Runs every libFuzzer target for some seconds each, several side by side: run.sh [-s SECONDS] [-j BUILD_JOBS] [-p TARGETS_AT_A_TIME] [-r] [TARGET...]
#   -r   goes on where a run was stopped: targets that ran to their end since they were built are passed over
# Needs clang with its compiler-rt. Builds in build/fuzz (or WEFT_FUZZ_BUILD); corpora grow in build/fuzz-corpus, where each target's output is in
# log-<target> and inputs that fail are fail-<target>-*. Exit status: 0 when nothing was found, 1 when something was, 2 when it could not run.
set -u
seconds=60
jobs=2
side="${WEFT_FUZZ_JOBS:-8}"
resume=false
while getopts s:j:p:r option; do
  case $option in
    s) seconds=$OPTARG ;;
    j) jobs=$OPTARG ;;
    p) side=$OPTARG ;;
    r) resume=true ;;
    *) sed -n '2,3s/^# \?//p' "$0" >&2; exit 2 ;;
  esac
done
shift $((OPTIND - 1))

root="$(cd "$(dirname "$0")/../.." && pwd)" || exit 2
build="${WEFT_FUZZ_BUILD:-$root/build/fuzz}"
corpus="$root/build/fuzz-corpus"
memory_mb="${WEFT_FUZZ_MEMORY_MB:-2048}" # of one target
command -v clang++ >/dev/null || { echo "$0: clang++ is not installed (apt-get install clang)" >&2; exit 2; }

cmake -S "$root" -B "$build" -G Ninja -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ -DCMAKE_BUILD_TYPE= -DCMAKE_CXX_FLAGS=-O1 \
  -DWEFT_FUZZ=ON -DWEFT_SANITIZE=fuzzer-no-link,address,undefined >/dev/null || exit 2
if [ $# -eq 0 ]; then
  set -- $(for source in "$root"/tests/fuzz/targets/*.cpp; do basename "$source" .cpp; done)
fi
cmake --build "$build" -j "$jobs" --target $(printf 'weft_fuzz_%s ' "$@") || exit 2
mkdir -p "$corpus" || exit 2

# One target to its end; the stamp says that it got there.
fuzz_one() {
  local target="$1" kept="$root/tests/fuzz/corpus/$1" program="$build/weft_fuzz_$1" stamp="$corpus/done-$1" log="$corpus/log-$1"
  if $resume && [ "$stamp" -nt "$program" ] && [ "$(cat "$stamp")" -ge "$seconds" ]; then
    echo "fuzz: $target ran before"
    return 0
  fi
  rm -f "$stamp"
  mkdir -p "$corpus/$target/golden" "$corpus/$target/found" || return 2
  [ -d "$kept" ] || kept=
  if WEFT_FUZZ_SEEDS="$corpus/$target/golden" "$program" -max_total_time="$seconds" -timeout=25 -rss_limit_mb="$memory_mb" -print_final_stats=1 \
      -artifact_prefix="$corpus/fail-$target-" "$corpus/$target/found" "$corpus/$target/golden" ${kept:+"$kept"} >"$log" 2>&1; then
    echo "$seconds" >"$stamp"
    echo "fuzz: $target, nothing found in $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") runs"
  else
    echo "fuzz: $target FAILED, see $log; replay with weft_fuzz_replay --file $corpus/fail-$target-... $target"
    return 1
  fi
}

echo "fuzz: $# targets, $seconds s each, $side at a time"
found=0
for target in "$@"; do
  while [ "$(jobs -rp | wc -l)" -ge "$side" ]; do wait -n || found=1; done
  fuzz_one "$target" &
done
while [ -n "$(jobs -p)" ]; do wait -n || found=1; jobs >/dev/null; done
exit $found
