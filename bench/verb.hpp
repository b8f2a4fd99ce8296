// The `bench` verb of the command.
#pragma once

namespace CLI {
class App;
}  // namespace CLI

namespace weft::bench {

/// Adds `bench put` to the command. Its callback prints the report to stdout, stages to stderr, and throws CLI::RuntimeError(1) on failure.
void add_bench_verb(CLI::App& app);

}  // namespace weft::bench
