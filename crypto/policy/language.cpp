// The policy language of interop/02 §6: text → SignaturePolicyEnvelope.
#include <algorithm>

#include "common/policies.pb.h"
#include "crypto/msp/principal.hpp"
#include "crypto/policy/policy.hpp"
#include "msp/msp_principal.pb.h"
#include "proto/encode.hpp"

namespace weft::crypto {
namespace {

constexpr std::size_t text_bytes_max = 64 * KiB;
constexpr int depth_max = 64;

enum class gate_kind { all, any, out_of };

struct expression {
  bool is_gate = false;
  std::string msp_id;                 // leaf
  member_role role{};                 // leaf
  std::int32_t needed = 0;            // gate
  std::vector<expression> arguments;  // gate
};

struct gate_name {
  std::string_view name;
  gate_kind kind;
};
// Lower-case and() and or() ended with Fabric 2.5, outOf never was.
constexpr gate_name gate_names[] = {
    {"AND", gate_kind::all}, {"And", gate_kind::all}, {"OR", gate_kind::any}, {"Or", gate_kind::any},
    {"OutOf", gate_kind::out_of}, {"OUTOF", gate_kind::out_of}, {"outof", gate_kind::out_of},
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_msp_char(char c) { return is_digit(c) || (is_letter(c) && c != '_') || c == '.' || c == '-'; }

std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text) out += c >= ' ' && c < 0x7f ? c : '?';
  return out;
}

/// The number of the character, the text around it and a line that points at it, in the shape of Fabric's own:
///   (character 7)
///    | OR('A.foo')
///    | ......^
std::string place(std::string_view text, std::size_t at) {
  constexpr std::size_t around = 48;
  if (text.empty()) return {};
  const bool past_end = at >= text.size();
  if (past_end) at = text.size() - 1;  // what is missing is missing behind the last character
  const auto from = at > around ? at - around : 0;
  const auto shown = printable(text.substr(from, at - from + around));
  const std::string cut_before = from > 0 ? "..." : "", cut_after = at + around < text.size() ? "..." : "";
  return std::string(past_end ? " (at the end)" : " (character " + std::to_string(at + 1) + ")") + "\n | " + cut_before + shown + cut_after + "\n | " +
         std::string(cut_before.size() + at - from, '.') + "^";
}

class parser {
 public:
  explicit parser(std::string_view text) : text_(text) {}

  result<expression> parse() {
    skip_blanks();
    if (at_end()) return error_here("a policy is expected, such as OR('Org1MSP.peer')");
    if (peek() == '\'' || peek() == '"') return error_here("a principal alone is no policy; write OR('Org1MSP.peer')");
    WEFT_TRY(auto whole, gate(1));
    skip_blanks();
    if (!at_end()) return error_here("nothing may follow the policy");
    return whole;
  }

 private:
  [[nodiscard]] bool at_end() const { return at_ >= text_.size(); }
  [[nodiscard]] char peek() const { return text_[at_]; }
  void skip_blanks() {
    while (!at_end() && (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r')) ++at_;
  }
  [[nodiscard]] tl::unexpected<error> error_at(std::size_t at, const std::string& what) const {
    return fail(errc::invalid_argument, "policy: " + what + place(text_, at));
  }
  [[nodiscard]] tl::unexpected<error> error_here(const std::string& what) const { return error_at(at_, what); }

  result<void> expect(char c, const char* what) {
    skip_blanks();
    if (at_end() || peek() != c) return error_here(what);
    ++at_;
    return {};
  }

  result<expression> gate(int depth) {
    const auto start = at_;
    while (!at_end() && (is_letter(peek()) || is_digit(peek()))) ++at_;
    const auto name = text_.substr(start, at_ - start);
    const auto known = std::find_if(std::begin(gate_names), std::end(gate_names), [&](const auto& g) { return g.name == name; });
    if (known == std::end(gate_names)) return error_at(start, "AND, OR or OutOf is expected" + (name.empty() ? "" : ", not " + std::string(name.substr(0, 40))));
    if (depth > depth_max) return error_at(start, "gates nest deeper than " + std::to_string(depth_max));
    WEFT_CHECK(expect('(', "'(' is expected after the gate"));
    expression out;
    out.is_gate = true;
    std::size_t number_at = at_;
    if (known->kind == gate_kind::out_of) {
      skip_blanks();
      number_at = at_;
      WEFT_TRY(out.needed, number());
      WEFT_CHECK(expect(',', "',' is expected after the number"));
    }
    WEFT_CHECK(arguments(depth, out));
    const auto count = static_cast<std::int32_t>(out.arguments.size());
    if (known->kind == gate_kind::all) out.needed = count;
    if (known->kind == gate_kind::any) out.needed = 1;
    if (out.needed > count + 1)
      return error_at(number_at, std::to_string(out.needed) + " out of " + std::to_string(count) + " can never be");
    return out;
  }

  result<void> arguments(int depth, expression& into) {
    for (;;) {
      skip_blanks();
      if (at_end()) return error_here("the policy ends inside a gate");
      if (peek() == '\'' || peek() == '"') {
        WEFT_TRY(auto leaf, principal_text());
        into.arguments.push_back(std::move(leaf));
      } else {
        WEFT_TRY(auto inner, gate(depth + 1));
        into.arguments.push_back(std::move(inner));
      }
      skip_blanks();
      if (at_end()) return error_here("',' or ')' is expected");
      if (peek() == ')') {
        ++at_;
        return {};
      }
      if (peek() != ',') return error_here("',' or ')' is expected");
      ++at_;
    }
  }

  result<std::int32_t> number() {
    const auto start = at_;
    const char quote = !at_end() && (peek() == '\'' || peek() == '"') ? text_[at_++] : '\0';
    const auto first = at_;
    std::int32_t value = 0;
    while (!at_end() && is_digit(peek()) && at_ - first < 7) value = value * 10 + (text_[at_++] - '0');
    if (at_ == first || (!at_end() && (is_digit(peek()) || peek() == '.'))) return error_at(start, "OutOf begins with a whole number");
    if (quote != '\0') {
      if (at_end() || peek() != quote) return error_at(start, "OutOf begins with a whole number");
      ++at_;
    }
    return value;
  }

  result<expression> principal_text() {
    const auto start = at_;
    const char quote = text_[at_++];
    const auto end = text_.find(quote, at_);
    if (end == std::string_view::npos) return error_at(start, "the quoted principal does not end");
    const auto body = text_.substr(at_, end - at_);
    const auto bad = std::find_if_not(body.begin(), body.end(), is_msp_char);
    if (bad != body.end()) return error_at(at_ + static_cast<std::size_t>(bad - body.begin()), "an MSP id consists of letters, digits, '.' and '-'");
    const auto dot = body.rfind('.');
    if (dot == std::string_view::npos || dot == 0) return error_at(at_, "a principal is written 'MSPID.role'");
    expression leaf;
    leaf.msp_id = std::string(body.substr(0, dot));
    for (const auto role : {member_role::member, member_role::admin, member_role::client, member_role::peer, member_role::orderer})
      if (body.substr(dot + 1) == to_string(role)) {
        leaf.role = role;
        at_ = end + 1;
        return leaf;
      }
    return error_at(at_ + dot + 1, "a role is admin, member, client, peer or orderer");
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

void add_leaf(const expression& leaf, ::common::SignaturePolicy& to, ::common::SignaturePolicyEnvelope& envelope) {
  to.set_signed_by(envelope.identities_size());
  ::common::MSPRole role;
  role.set_msp_identifier(leaf.msp_id);
  role.set_role(static_cast<::common::MSPRole::MSPRoleType>(leaf.role));
  auto& principal = *envelope.add_identities();
  principal.set_principal_classification(::common::MSPPrincipal::ROLE);
  principal.set_principal(weft::proto::encode(role));
}

// Gates among the arguments come first: arguments are evaluated before the gate that encloses them.
void add_gate(const expression& gate, ::common::SignaturePolicy& to, ::common::SignaturePolicyEnvelope& envelope) {
  auto& out = *to.mutable_n_out_of();
  out.set_n(gate.needed);
  std::vector<::common::SignaturePolicy*> places;
  for (std::size_t i = 0; i < gate.arguments.size(); ++i) places.push_back(out.add_rules());
  for (std::size_t i = 0; i < gate.arguments.size(); ++i)
    if (gate.arguments[i].is_gate) add_gate(gate.arguments[i], *places[i], envelope);
  for (std::size_t i = 0; i < gate.arguments.size(); ++i)
    if (!gate.arguments[i].is_gate) add_leaf(gate.arguments[i], *places[i], envelope);
}

}  // namespace

result<::common::SignaturePolicyEnvelope> parse_policy(std::string_view text) {
  if (text.size() > text_bytes_max)
    return fail(errc::invalid_argument, "policy: " + std::to_string(text.size()) + " bytes of text, at most " + std::to_string(text_bytes_max) + " are allowed");
  WEFT_TRY(const auto parsed, parser(text).parse());
  ::common::SignaturePolicyEnvelope envelope;
  add_gate(parsed, *envelope.mutable_rule(), envelope);
  return envelope;
}

result<std::pair<meta_rule, std::string>> parse_implicit_meta(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
  std::vector<std::string_view> words;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = static_cast<std::size_t>(std::find_if(text.begin() + static_cast<std::ptrdiff_t>(at), text.end(), blank) - text.begin());
    if (end > at) words.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  const auto usage = [&](const std::string& what) {
    return fail(errc::invalid_argument, "implicit meta policy \"" + std::string(text.substr(0, 80)) + "\": " + what);
  };
  if (words.size() != 2) return usage("two words are expected, such as MAJORITY Admins");
  meta_rule rule{};
  if (words[0] == "ANY") rule = meta_rule::any;
  else if (words[0] == "ALL") rule = meta_rule::all;
  else if (words[0] == "MAJORITY") rule = meta_rule::majority;
  else return usage("the first word is ANY, ALL or MAJORITY");
  return std::pair{rule, std::string(words[1])};
}

}  // namespace weft::crypto
