// Stands before protobuf's header of this name in builds with ThreadSanitizer. There, protobuf 3.21 gives every map field two counters more; Debian's
// library was built without them, so every message with a map would be read at the wrong place. The macro is hidden while that header is read.
#pragma once

#include <memory>  // the standard library asks the same macro, and keeps its answer

#pragma push_macro("__SANITIZE_THREAD__")
#undef __SANITIZE_THREAD__
#include_next <google/protobuf/map_field.h>
#pragma pop_macro("__SANITIZE_THREAD__")
