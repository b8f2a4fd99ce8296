// Inside `weft channel`: its verbs, a file per concern.
#pragma once

#include <CLI/App.hpp>

namespace weft::cli {

/// fetch, update, signconfigtx.
void add_channel_config_verbs(CLI::App& channel);

/// create, join, list.
void add_channel_member_verbs(CLI::App& channel);

}  // namespace weft::cli
