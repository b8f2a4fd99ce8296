#include "proto/encode.hpp"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/message_lite.h>
#include <google/protobuf/stubs/logging.h>

#include <limits>
#include <stdexcept>

namespace weft::proto {

namespace pb = google::protobuf;

std::string encode(const pb::MessageLite& message) {
  const std::size_t size = message.ByteSizeLong();
  if (size > static_cast<std::size_t>(std::numeric_limits<int>::max()))
    throw std::length_error(message.GetTypeName() + " is larger than protobuf can encode");
  std::string out(size, '\0');
  pb::io::ArrayOutputStream array(out.data(), static_cast<int>(size));
  pb::io::CodedOutputStream coded(&array);
  coded.SetSerializationDeterministic(true);
  message.SerializeWithCachedSizes(&coded);
  return out;
}

bool decode(std::string_view data, pb::MessageLite& message) {
  // The library prints a line for each string that is not UTF-8: strangers could fill the log with them.
  [[maybe_unused]] static const auto silenced = pb::SetLogHandler(nullptr);
  message.Clear();
  if (data.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) return false;
  pb::io::CodedInputStream coded(reinterpret_cast<const std::uint8_t*>(data.data()), static_cast<int>(data.size()));
  coded.SetRecursionLimit(decode_depth_max);
  if (message.MergeFromCodedStream(&coded) && coded.ConsumedEntireMessage()) return true;
  message.Clear();
  return false;
}

}  // namespace weft::proto
