// `weft-bench`: the bench verb alone, for those who measure without the whole command.
#include <CLI/CLI.hpp>

#include "bench/verb.hpp"

int main(int argc, char** argv) {
  CLI::App app{"weft's load generator", "weft-bench"};
  app.require_subcommand(1);
  weft::bench::add_bench_verb(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::RuntimeError& e) {
    return e.get_exit_code();
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;  // the command line is wrong
  }
  return 0;
}
