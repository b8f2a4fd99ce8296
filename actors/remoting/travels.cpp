#include "actors/remoting/travels.hpp"

#include <algorithm>
#include <array>

namespace weft::actors::remoting {

namespace {

constexpr std::array<std::string_view, 21> names{
    // CAF's own: fixed size, or a string whose length is checked before it is read. "@error" is looked into by the frame guard.
    "@atom", "@error", "@i32", "@i64", "@str", "@u16", "@u32", "@u64", "@u8", "@unit", "bool",
    // weft's (actors/messages.hpp, actors/interfaces.hpp). Lists are called as CAF calls them on the wire.
    "weft.block", "weft.broadcast", "std::vector<weft.broadcast>", "weft.endorsed", "weft.envelope", "std::vector<weft.envelope>", "weft.proposal",
    "weft.raft", "weft.role", "weft.sink",
};

}  // namespace

bool travels(std::string_view type_name) noexcept { return std::find(names.begin(), names.end(), type_name) != names.end(); }

}  // namespace weft::actors::remoting
