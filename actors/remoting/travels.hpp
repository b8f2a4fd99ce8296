// Which types may come from another node. BASP would build an object of any registered type, also of those whose loaders trust their input.
#pragma once

#include <string_view>

namespace weft::actors::remoting {

/// True for the wire names of types whose loaders are bounded and take any bytes. Whoever adds a message that crosses nodes adds its type here.
[[nodiscard]] bool travels(std::string_view type_name) noexcept;

}  // namespace weft::actors::remoting
