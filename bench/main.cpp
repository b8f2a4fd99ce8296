// `weft-bench`: the bench verb alone, for those who measure without the whole command.
#include <CLI/CLI.hpp>

#include "bench/verb.hpp"

int main(int argc, char** argv) {
  CLI::App app{"weft's load generator", "weft-bench"};
  app.require_subcommand(1);
  weft::bench::add_bench_verb(app);
  CLI11_PARSE(app, argc, argv);
  return 0;
}
