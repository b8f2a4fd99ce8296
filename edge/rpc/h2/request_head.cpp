#include "edge/rpc/h2/request_head.hpp"

#include "edge/rpc/h2/grpc_text.hpp"

namespace weft::edge::h2 {

using actors::rpc_code;

namespace {

/// What carries nothing that a service asks for.
bool is_passing(bytes_view name) {
  return name == "te" || name == "user-agent" || name == "accept-encoding" || name == "content-length" || name == "host" || name.starts_with("grpc-");
}

}  // namespace

void request_head::refuse(rpc_code code, std::string why) {
  if (refused_.ok()) refused_ = actors::status_of(code, std::move(why));
}

void request_head::add(bytes_view name, bytes_view value) {
  bytes_ += name.size() + value.size() + 32;
  if (bytes_ > bytes_max) {
    metadata_.clear();
    return refuse(rpc_code::resource_exhausted, "the headers of the call are larger than " + std::to_string(bytes_max) + " bytes");
  }
  if (name.empty()) return;
  if (name.front() == ':') {
    if (name == ":path") path_ = value;
    if (name == ":method") post_ = value == "POST";
    return;
  }
  add_known(name, value);
}

void request_head::add_known(bytes_view name, bytes_view value) {
  if (name == "content-type") {
    grpc_ = is_grpc_content(value);
  } else if (name == "grpc-timeout") {
    timeout_ = parse_timeout(value);
    if (!timeout_) refuse(rpc_code::internal, "the header grpc-timeout holds no time");
  } else if (name == "grpc-encoding") {
    if (value != "identity") refuse(rpc_code::unimplemented, "messages cannot be compressed here (grpc-encoding)");
  } else if (!is_passing(name)) {
    if (metadata_.size() >= metadata_max) return refuse(rpc_code::resource_exhausted, "more than " + std::to_string(metadata_max) + " metadata");
    if (!name.ends_with("-bin")) return static_cast<void>(metadata_.emplace_back(name, value));
    auto decoded = base64_decode(value.substr(0, value.find(',')));  // of several values the first
    if (!decoded) return refuse(rpc_code::internal, "the metadata " + std::string(name) + " is no base64");
    metadata_.emplace_back(name, std::move(*decoded));
  }
}

int request_head::http_status() const noexcept {
  if (!post_) return 405;
  return grpc_ ? 200 : 415;
}

std::string find(const request_head::pairs& metadata, bytes_view key) {
  for (const auto& [name, value] : metadata) if (name == key) return value;
  return {};
}

}  // namespace weft::edge::h2
