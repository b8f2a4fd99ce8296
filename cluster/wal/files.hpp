// How the files of a log are called: "wal-000000", "wal-000001", …
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weft::cluster::raft::wal {

[[nodiscard]] std::string file_name(std::uint32_t segment);
/// Nothing for a name that `file_name` does not make.
[[nodiscard]] std::optional<std::uint32_t> segment_of(std::string_view name);

}  // namespace weft::cluster::raft::wal
