#!/bin/sh
# Runs every libFuzzer target for some seconds each: run.sh [-s SECONDS] [-j JOBS] [TARGET...]
# Needs clang with its compiler-rt. Builds in build/fuzz (or WEFT_FUZZ_BUILD); corpora grow in build/fuzz-corpus, inputs that fail lie
# beside them as fail-<target>-*. Exit status: 0 when nothing was found, 1 when something was, 2 when it could not run.
set -u
seconds=60
jobs=2
while getopts s:j: option; do
  case $option in
    s) seconds=$OPTARG ;;
    j) jobs=$OPTARG ;;
    *) echo "usage: $0 [-s seconds] [-j jobs] [target...]" >&2; exit 2 ;;
  esac
done
shift $((OPTIND - 1))

root=$(cd "$(dirname "$0")/../.." && pwd) || exit 2
build=${WEFT_FUZZ_BUILD:-$root/build/fuzz}
corpus=$root/build/fuzz-corpus
command -v clang++ >/dev/null || { echo "$0: clang++ is not installed" >&2; exit 2; }

cmake -S "$root" -B "$build" -G Ninja -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ -DCMAKE_BUILD_TYPE= -DCMAKE_CXX_FLAGS=-O1 \
  -DWEFT_FUZZ=ON -DWEFT_SANITIZE=fuzzer-no-link,address,undefined >/dev/null || exit 2
if [ $# -eq 0 ]; then
  set -- $(for source in "$root"/tests/fuzz/targets/*.cpp; do basename "$source" .cpp; done)
fi
cmake --build "$build" -j "$jobs" --target $(printf 'weft_fuzz_%s ' "$@") || exit 2

found=0
for target in "$@"; do
  mkdir -p "$corpus/$target/golden" "$corpus/$target/found" || exit 2
  kept=$root/tests/fuzz/corpus/$target
  [ -d "$kept" ] || kept=
  echo "== $target, $seconds s"
  if ! WEFT_FUZZ_SEEDS="$corpus/$target/golden" "$build/weft_fuzz_$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
      -print_final_stats=0 -verbosity=0 -artifact_prefix="$corpus/fail-$target-" "$corpus/$target/found" "$corpus/$target/golden" ${kept:+"$kept"}; then
    echo "== $target: failed; replay with weft_fuzz_replay --file $corpus/fail-$target-... $target" >&2
    found=1
  fi
done
exit $found
