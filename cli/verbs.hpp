// The verbs of `weft`: each adds itself to the command line, with its options, help and an example.
#pragma once

#include <CLI/App.hpp>

namespace weft::cli {

void add_up_verb(CLI::App& app);
void add_node_verb(CLI::App& app);
void add_down_verb(CLI::App& app);
void add_invoke_verb(CLI::App& app);
void add_query_verb(CLI::App& app);
void add_status_verb(CLI::App& app);
void add_block_verb(CLI::App& app);
void add_tx_verb(CLI::App& app);
void add_channel_verb(CLI::App& app);
void add_chaincode_verb(CLI::App& app);
void add_log_verb(CLI::App& app);
void add_chaos_verb(CLI::App& app);
void add_topology_verb(CLI::App& app);
void add_version_verb(CLI::App& app);

/// The foot of a verb's help.
inline void example(CLI::App& verb, const std::string& text) { verb.footer("Example:\n  " + text); }

}  // namespace weft::cli
