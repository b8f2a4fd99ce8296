#include "edge/rpc/methods.hpp"

#include <algorithm>

namespace weft::edge {

using actors::rpc_code;
using actors::status_of;

void method_meter::completed(std::int32_t code, std::chrono::steady_clock::duration took) {
  completed_[std::min(static_cast<std::size_t>(code), method_usage::codes - 1)].fetch_add(1, std::memory_order_relaxed);
  const auto seconds = std::chrono::duration<double>(took).count();
  const auto bound = std::lower_bound(method_usage::bounds.begin(), method_usage::bounds.end(), seconds);
  durations_[static_cast<std::size_t>(bound - method_usage::bounds.begin())].fetch_add(1, std::memory_order_relaxed);
  nanos_.fetch_add(static_cast<std::uint64_t>(std::chrono::nanoseconds(took).count()), std::memory_order_relaxed);
}

void method_meter::read(method_usage& out) const {
  out.received = received_.load();
  out.messages_received = in_.load();
  out.messages_sent = out_.load();
  for (std::size_t i = 0; i < completed_.size(); ++i) out.completed[i] = completed_[i].load();
  for (std::size_t i = 0; i < durations_.size(); ++i) out.durations[i] = durations_[i].load();
  out.seconds = static_cast<double>(nanos_.load()) / 1e9;
}

call_seat::~call_seat() {
  of->open.fetch_sub(1);
  meter->completed(code, std::chrono::steady_clock::now() - begun);
}

method_table::method_table(std::vector<service> services) : services_(std::move(services)) {
  for (const auto& s : services_) {
    auto seats = std::make_shared<gauge>();
    gauges_.push_back(seats);
    for (const auto& [name, handler] : s.unary) methods_["/" + s.name + "/" + name] = {&s, &handler, nullptr, seats, std::make_shared<method_meter>()};
    for (const auto& [name, handler] : s.streams) methods_["/" + s.name + "/" + name] = {&s, nullptr, &handler, seats, std::make_shared<method_meter>()};
  }
}

const method* method_table::find(const std::string& path) const {
  const auto it = methods_.find(path);
  return it == methods_.end() ? nullptr : &it->second;
}

method_table::admission method_table::admit(const method& m) {
  admission out;
  const bool full = m.seats->open.fetch_add(1) >= m.of->calls_max;
  out.seat = std::make_unique<call_seat>(m.seats, m.meter);
  m.meter->received();
  if (full) {
    out.seat->code = static_cast<std::int32_t>(rpc_code::resource_exhausted);
    out.refused = status_of(rpc_code::resource_exhausted,
                            "too many requests for /" + m.of->name + ", exceeding concurrency limit (" + std::to_string(m.of->calls_max) + ")");
  }
  return out;
}

actors::rpc_status method_table::unknown(const std::string& path) { return status_of(rpc_code::unimplemented, "unknown method " + path); }

std::size_t method_table::open_calls() const {
  std::size_t n = 0;
  for (const auto& g : gauges_) n += g->open.load();
  return n;
}

std::vector<method_usage> method_table::usage() const {
  std::vector<method_usage> out;
  for (const auto& [path, m] : methods_) {
    method_usage u;
    u.service = m.of->name;
    u.method = path.substr(path.rfind('/') + 1);
    u.streaming = m.streaming != nullptr;
    m.meter->read(u);
    out.push_back(std::move(u));
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return std::tie(a.service, a.method) < std::tie(b.service, b.method); });
  return out;
}

}  // namespace weft::edge
