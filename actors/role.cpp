#include "actors/role.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "actors/interfaces.hpp"

namespace weft::actors {

caf::message through_wire(caf::actor_system& sys, const caf::type_erased_tuple& content) {
  std::vector<char> buffer;
  caf::binary_serializer out{sys, buffer};
  if (auto err = caf::message::save(out, content)) throw std::logic_error(sys.render(err));
  caf::binary_deserializer in{sys, buffer};
  caf::message result;
  if (auto err = result.load(in)) throw std::logic_error(sys.render(err));
  return result;
}

namespace {

/// What nodes say to each other: the verb, and how many elements there are with it, since some verbs have internal forms too. Whoever adds a message
/// that crosses nodes adds it here, and its types to remoting/travels.cpp.
struct form {
  caf::atom_value verb;
  std::size_t size;
};
constexpr std::array<form, 17> forms_from_afar{{
    {atom::endorse::value, 2}, {atom::whois::value, 1}, {atom::whois::value, 2}, {atom::broadcast::value, 2}, {atom::order::value, 3},
    {atom::forward::value, 3}, {atom::step::value, 2}, {atom::seek::value, 5}, {atom::credit::value, 4}, {atom::cancel::value, 3},
    {atom::block::value, 3}, {atom::ended::value, 4}, {caf::atom("hello"), 2}, {caf::atom("here"), 2}, {caf::atom("report"), 1},
    {atom::leader::value, 3}, {atom::evaluate::value, 2},
}};
std::atomic<std::uint64_t> refused{0};

}  // namespace

bool may_come_from_afar(const caf::strong_actor_ptr& sender, caf::message_id mid, const caf::type_erased_tuple& content) {
  if (mid.is_response()) return true;
  if (content.match_elements<caf::down_msg>() && content.get_as<caf::down_msg>(0).source == sender) return true;
  if (!content.empty() && content.match_element<caf::atom_value>(0)) {
    const auto verb = content.get_as<caf::atom_value>(0);
    const auto known = [&](const form& f) { return f.verb == verb && f.size == content.size(); };
    if (std::any_of(forms_from_afar.begin(), forms_from_afar.end(), known)) return true;
  }
  ++refused;
  return false;
}

std::uint64_t refused_from_afar() noexcept { return refused; }

void log_unexpected(const std::string& role, const std::string& what) { spdlog::error("{}: {}", role, what); }

}  // namespace weft::actors
