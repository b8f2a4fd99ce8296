// The `bench` verb of the command.
#pragma once

namespace CLI {
class App;
}  // namespace CLI

namespace weft::bench {

/// Adds `bench put` and `bench verify` to the command. Their callbacks print the report to stdout, stages to stderr, and throw CLI::RuntimeError(1) on failure.
void add_bench_verb(CLI::App& app);

}  // namespace weft::bench
