// EC_KEY is deprecated and all that there is to ask OpenSSL without our own code in between.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "tests/differential/triples.hpp"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>

#include <array>
#include <cstring>
#include <map>
#include <optional>

#include "config/base/assert.hpp"
#include "config/base/random.hpp"

namespace weft::crypto::test {

namespace {

struct release {
  void operator()(BIGNUM* p) const noexcept { BN_free(p); }
  void operator()(BN_CTX* p) const noexcept { BN_CTX_free(p); }
  void operator()(EC_POINT* p) const noexcept { EC_POINT_free(p); }
  void operator()(EC_GROUP* p) const noexcept { EC_GROUP_free(p); }
  void operator()(EC_KEY* p) const noexcept { EC_KEY_free(p); }
};
using number = std::shared_ptr<BIGNUM>;
using group_ptr = std::unique_ptr<EC_GROUP, release>;
using point_ptr = std::unique_ptr<EC_POINT, release>;

constexpr std::size_t width = 32;

void need(bool ok) { WEFT_ASSERT(ok, "OpenSSL failed while triples were made"); }
const unsigned char* data_of(bytes_view v) { return reinterpret_cast<const unsigned char*>(v.data()); }

number blank() { return {BN_new(), release{}}; }
number from_word(unsigned long w) {
  auto n = blank();
  need(BN_set_word(n.get(), w) == 1);
  return n;
}
number copy_of(const BIGNUM* from) { return {BN_dup(from), release{}}; }
number from_bytes(bytes_view big_endian) { return {BN_bin2bn(data_of(big_endian), static_cast<int>(big_endian.size()), nullptr), release{}}; }

/// A non-negative number as DER wants it.
bytes der_integer(const number& n) {
  bytes body(static_cast<std::size_t>(BN_num_bytes(n.get())), '\0');
  BN_bn2bin(n.get(), reinterpret_cast<unsigned char*>(body.data()));
  if (body.empty() || (body[0] & 0x80) != 0) body.insert(body.begin(), '\0');
  return bytes{'\x02', static_cast<char>(body.size())} + body;
}
bytes der_signature(const number& r, const number& s) {
  const bytes body = der_integer(r) + der_integer(s);
  return bytes{'\x30', static_cast<char>(body.size())} + body;
}

}  // namespace

const char* to_string(triple_kind kind) {
  static constexpr const char* names[triple_kinds] = {
      "valid", "r flipped", "s flipped", "digest flipped", "wrong key", "high s", "r at a boundary", "s at a boundary", "digest at a boundary",
      "chosen scalars", "digest above n", "doubling", "infinity", "x above n", "x below p-n", "x wrapped", "special spoiled", "malformed DER"};
  return names[static_cast<std::size_t>(kind)];
}

struct triple_source::state {
  /// A key whose only known signature is this one.
  struct special {
    std::size_t key = 0;
    number r, s, e;
    triple_kind kind = triple_kind::x_above_n;
  };

  seeded_random random;
  std::unique_ptr<BN_CTX, release> ctx{BN_CTX_new()};
  group_ptr group{EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1)};
  const BIGNUM* n = EC_GROUP_get0_order(group.get());
  const BIGNUM* p = EC_GROUP_get0_field(group.get());
  std::vector<crypto::public_key> keys;
  std::vector<number> scalars;  ///< Of the first keys; the special ones have none that anybody knows.
  std::vector<special> specials;
  std::vector<number> edges, boundaries;
  number nonce = blank();            ///< nonce·G = walker
  point_ptr walker{EC_POINT_new(group.get())};

  explicit state(std::uint64_t seed);

  // Arithmetic modulo n.
  number draw() {
    auto x = from_bytes(random.make_bytes(width));
    return mod(x);
  }
  number mod(const number& a) const {
    auto out = blank();
    need(BN_nnmod(out.get(), a.get(), n, ctx.get()) == 1);
    return out;
  }
  number mul(const number& a, const number& b) const {
    auto out = blank();
    need(BN_mod_mul(out.get(), a.get(), b.get(), n, ctx.get()) == 1);
    return out;
  }
  number add(const number& a, const number& b) const {
    auto out = blank();
    need(BN_mod_add(out.get(), a.get(), b.get(), n, ctx.get()) == 1);
    return out;
  }
  number negative(const number& a) const {
    auto out = blank();
    need(BN_mod_sub(out.get(), from_word(0).get(), a.get(), n, ctx.get()) == 1);
    return out;
  }
  number inverse(const number& a) const { return {BN_mod_inverse(nullptr, a.get(), n, ctx.get()), release{}}; }
  number low(const number& s) const {
    auto twice = blank();
    need(BN_lshift1(twice.get(), s.get()) == 1);
    return BN_cmp(twice.get(), n) > 0 ? negative(s) : s;
  }

  // Points.
  number x_mod_n(const EC_POINT* point) const {
    auto x = blank();
    need(EC_POINT_get_affine_coordinates(group.get(), point, x.get(), nullptr, ctx.get()) == 1);
    return mod(x);
  }
  crypto::public_key key_of(const EC_POINT* point) const;
  void add_key(const number& scalar);
  void add_special(const BIGNUM* to_x, const BIGNUM* to_r, triple_kind kind);

  // Triples.
  triple make(std::size_t key, const number& r, const number& s, const number& e, triple_kind kind) const;
  void step();
  triple walk();
  triple chosen(triple_kind kind);
  std::optional<triple> with_scalars(std::size_t key, const number& u1, const number& u2, triple_kind kind);
  triple above_n();
  triple special_one(triple_kind kind);
  triple spoiled_special();
  triple malformed();
  void flip(bytes& b, std::size_t from) { b[from + random.below(b.size() - from)] ^= static_cast<char>(1u << random.below(8)); }
  template <class List>
  const auto& any(const List& list) { return list[random.below(list.size())]; }
};

triple_source::state::state(std::uint64_t seed) : random(seed) {
  need(ctx && group && walker);
  for (int i = 0; i < 6; ++i) add_key(draw());
  const auto one = from_word(1), two = from_word(2);
  for (const auto& d : {one, negative(one), two, inverse(two)}) add_key(d);
  auto p_minus_n = blank();
  need(BN_sub(p_minus_n.get(), p, n) == 1);
  const auto zero = from_word(0);
  add_special(n, zero.get(), triple_kind::x_above_n);
  add_special(n, zero.get(), triple_kind::x_above_n);
  add_special(zero.get(), zero.get(), triple_kind::x_below_p_minus_n);
  add_special(zero.get(), p_minus_n.get(), triple_kind::x_wrapped);

  edges = {from_word(0), one, two, from_word(3), negative(one), negative(two), inverse(two), negative(inverse(two))};
  for (int bit = 4; bit < 256; ++bit) {  // where the windows of a multiplication begin and end
    auto power = blank();
    need(BN_set_bit(power.get(), bit) == 1);
    power = mod(power);
    edges.push_back(power);
    edges.push_back(add(power, one));
    edges.push_back(add(power, negative(one)));
    edges.push_back(negative(power));
  }
  auto ones = blank();
  need(BN_set_bit(ones.get(), 256) == 1 && BN_sub_word(ones.get(), 1) == 1);
  for (const BIGNUM* center : {n, static_cast<const BIGNUM*>(p_minus_n.get()), p}) {
    for (int delta = -1; delta <= 1; ++delta) {
      auto near = copy_of(center);
      need((delta < 0 ? BN_sub_word(near.get(), 1) : BN_add_word(near.get(), static_cast<BN_ULONG>(delta))) == 1);
      boundaries.push_back(near);
    }
  }
  boundaries.insert(boundaries.end(), {from_word(0), one, two, ones, inverse(two), negative(inverse(two))});
  nonce = draw();
  need(EC_POINT_mul(group.get(), walker.get(), nonce.get(), nullptr, nullptr, ctx.get()) == 1);
}

crypto::public_key triple_source::state::key_of(const EC_POINT* point) const {
  static const bytes spki_prefix = from_hex("3059301306072a8648ce3d020106082a8648ce3d030107034200").value();
  bytes raw(1 + 2 * width, '\0');
  need(EC_POINT_point2oct(group.get(), point, POINT_CONVERSION_UNCOMPRESSED, reinterpret_cast<unsigned char*>(raw.data()), raw.size(), ctx.get()) == raw.size());
  return crypto::public_key::from_spki(spki_prefix + raw).value();
}

void triple_source::state::add_key(const number& scalar) {
  const point_ptr q(EC_POINT_new(group.get()));
  need(EC_POINT_mul(group.get(), q.get(), scalar.get(), nullptr, nullptr, ctx.get()) == 1);
  keys.push_back(key_of(q.get()));
  scalars.push_back(scalar);
}

/// Chooses x(R) and r, something small plus `to_x` and `to_r`, then s and the digest, and takes the key that they fit: Q = (sR − eG) / r.
void triple_source::state::add_special(const BIGNUM* to_x, const BIGNUM* to_r, triple_kind kind) {
  const point_ptr big_r(EC_POINT_new(group.get())), q(EC_POINT_new(group.get()));
  for (;;) {
    const auto r = from_word(1 + random.below(1u << 30));
    auto x = copy_of(r.get());
    need(BN_add(x.get(), x.get(), to_x) == 1 && BN_add(r.get(), r.get(), to_r) == 1);
    if (EC_POINT_set_compressed_coordinates(group.get(), big_r.get(), x.get(), static_cast<int>(random.below(2)), ctx.get()) != 1) {
      ERR_clear_error();
      continue;  // no point has this x
    }
    const auto s = low(draw()), e = draw(), by_r = inverse(r);
    need(EC_POINT_mul(group.get(), q.get(), mul(negative(e), by_r).get(), big_r.get(), mul(s, by_r).get(), ctx.get()) == 1);
    specials.push_back({keys.size(), r, s, e, kind});
    keys.push_back(key_of(q.get()));
    return;
  }
}

triple triple_source::state::make(std::size_t key, const number& r, const number& s, const number& e, triple_kind kind) const {
  triple t;
  t.key = &keys[key];
  t.signature = der_signature(r, s);
  t.kind = kind;
  need(BN_bn2binpad(e.get(), t.message_digest.data(), width) == static_cast<int>(width));
  return t;
}

/// The next nonce is the last one plus one, so that R costs an addition.
void triple_source::state::step() {
  need(EC_POINT_add(group.get(), walker.get(), walker.get(), EC_GROUP_get0_generator(group.get()), ctx.get()) == 1);
  nonce = add(nonce, from_word(1));
}

/// s first, then the digest e = s·k − r·d that it signs: no division.
triple triple_source::state::walk() {
  step();
  const auto key = random.below(scalars.size());
  const auto r = x_mod_n(walker.get()), s = low(draw());
  return make(key, r, s, add(mul(s, nonce), negative(mul(r, scalars[key]))), triple_kind::valid);
}

/// R = u1·G + u2·Q and what follows from it. Nothing if r or s came out as zero.
std::optional<triple> triple_source::state::with_scalars(std::size_t key, const number& u1, const number& u2, triple_kind kind) {
  const auto k = add(u1, mul(u2, scalars[key]));
  if (BN_is_zero(u2.get()) || BN_is_zero(k.get())) return std::nullopt;
  const point_ptr big_r(EC_POINT_new(group.get()));
  need(EC_POINT_mul(group.get(), big_r.get(), k.get(), nullptr, nullptr, ctx.get()) == 1);
  const auto r = x_mod_n(big_r.get());
  if (BN_is_zero(r.get())) return std::nullopt;
  const auto s = mul(r, inverse(u2));
  return make(key, r, low(s), mul(u1, s), kind);
}

triple triple_source::state::chosen(triple_kind kind) {
  for (;;) {
    const auto key = random.below(scalars.size());
    const auto& d = scalars[key];
    auto u1 = random.below(3) == 0 ? draw() : any(edges), u2 = random.below(3) == 0 ? draw() : any(edges);
    if (kind == triple_kind::infinity) {
      const auto r = draw();
      if (!BN_is_zero(r.get())) return make(key, r, low(draw()), negative(mul(r, d)), kind);  // u₁ = −u₂·d
    }
    if (kind == triple_kind::doubling) u1 = mul(u2, d);
    if (auto t = with_scalars(key, u1, u2, kind)) return *t;
  }
}

/// Few digests have a second name e + n below 2²⁵⁶, so e is chosen small and s follows from it.
triple triple_source::state::above_n() {
  step();
  const auto key = random.below(scalars.size());
  const auto r = x_mod_n(walker.get());
  const auto e = random.below(4) == 0 ? from_word(random.below(3)) : from_bytes(random.make_bytes(width - 5));
  const auto s = mul(add(e, mul(r, scalars[key])), inverse(nonce));
  auto written = blank();
  need(BN_add(written.get(), e.get(), n) == 1);
  return make(key, r, low(s), written, triple_kind::digest_above_n);
}

triple triple_source::state::special_one(triple_kind kind) {
  for (;;)
    if (const auto& s = any(specials); s.kind == kind) return make(s.key, s.r, s.s, s.e, kind);
}

triple triple_source::state::spoiled_special() {
  const auto& s = any(specials);
  if (random.below(2) == 0) return make(s.key, s.r, low(draw()), s.e, triple_kind::special_spoiled);
  return make(s.key, s.r, s.s, draw(), triple_kind::special_spoiled);
}

triple triple_source::state::malformed() {
  triple t = walk();
  t.kind = triple_kind::malformed;
  bytes& b = t.signature;
  const auto r_bytes = static_cast<std::size_t>(static_cast<unsigned char>(b[3]));
  switch (random.below(12)) {
    case 0: b.clear(); break;
    case 1: b.resize(random.below(b.size())); break;
    case 2: b += static_cast<char>(random.next()); break;                                    // behind the end
    case 3: b.insert(4, 1, '\0'), ++b[3], ++b[1]; break;                                      // a zero too many before r
    case 4: b[0] = static_cast<char>(random.next()); break;
    case 5: b[2] = static_cast<char>(random.next()); break;
    case 6: b[1] = static_cast<char>(random.next()); break;
    case 7: b[3] = static_cast<char>(random.next()); break;
    case 8: b.insert(1, 1, '\x81'); break;                                                    // long form of a short length
    case 9: b[4] = static_cast<char>(b[4] | 0x80); break;                                     // negative r
    case 10: b.erase(4, r_bytes), b[3] = 0, b[1] = static_cast<char>(b[1] - static_cast<char>(r_bytes)); break;  // no r at all
    default:
      b.insert(b.size(), 2, '\0');
      b[1] = static_cast<char>(b[1] + 2);                                                      // a third thing inside
  }
  return t;
}

triple_source::triple_source(std::uint64_t seed) : state_(std::make_unique<state>(seed)) {}
triple_source::~triple_source() = default;
const std::vector<crypto::public_key>& triple_source::keys() const { return state_->keys; }

triple triple_source::next() {
  auto& s = *state_;
  using enum triple_kind;
  const auto roll = s.random.below(52 + 3 * (triple_kinds - 1));
  if (roll < 52) return s.walk();
  switch (static_cast<triple_kind>(1 + (roll - 52) / 3)) {
    case chosen_scalars: return s.chosen(chosen_scalars);
    case doubling: return s.chosen(doubling);
    case infinity: return s.chosen(infinity);
    case digest_above_n: return s.above_n();
    case x_above_n: return s.special_one(x_above_n);
    case x_below_p_minus_n: return s.special_one(x_below_p_minus_n);
    case x_wrapped: return s.special_one(x_wrapped);
    case special_spoiled: return s.spoiled_special();
    case malformed: return s.malformed();
    default: break;
  }
  triple t = s.walk();
  t.kind = static_cast<triple_kind>(1 + (roll - 52) / 3);
  const std::size_t r_bytes = static_cast<unsigned char>(t.signature[3]);
  const auto r = from_bytes(bytes_view(t.signature).substr(4, r_bytes)), low_s = from_bytes(bytes_view(t.signature).substr(6 + r_bytes));
  switch (t.kind) {
    case r_flipped: t.signature[4 + s.random.below(r_bytes)] ^= static_cast<char>(1u << s.random.below(8)); break;
    case s_flipped: s.flip(t.signature, 6 + r_bytes); break;
    case digest_flipped: t.message_digest[s.random.below(width)] ^= static_cast<unsigned char>(1u << s.random.below(8)); break;
    case wrong_key: t.key = &s.any(s.keys); break;  // once in a while it is the right one
    case high_s: t.signature = der_signature(r, s.negative(low_s)); break;
    case r_boundary: t.signature = der_signature(s.any(s.boundaries), s.random.below(4) == 0 ? s.any(s.boundaries) : low_s); break;
    case s_boundary: t.signature = der_signature(r, s.any(s.boundaries)); break;
    case digest_boundary: {
      auto e = s.any(s.boundaries);
      need(BN_bn2binpad(e.get(), t.message_digest.data(), width) == static_cast<int>(width));
      break;
    }
    default: break;
  }
  return t;
}

bool openssl_accepts(const triple& t) {
  // Each thread keeps OpenSSL's side of the keys it has met; sources have few.
  thread_local std::map<bytes, std::unique_ptr<EC_KEY, release>, std::less<>> known;
  thread_local const group_ptr group{EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1)};
  auto it = known.find(t.key->raw());
  if (it == known.end()) {
    if (known.size() > 1000) known.clear();
    std::unique_ptr<EC_KEY, release> key(EC_KEY_new());
    const point_ptr q(EC_POINT_new(group.get()));
    const auto raw = t.key->raw();
    need(key && EC_POINT_oct2point(group.get(), q.get(), data_of(raw), raw.size(), nullptr) == 1 && EC_KEY_set_group(key.get(), group.get()) == 1 &&
         EC_KEY_set_public_key(key.get(), q.get()) == 1);
    it = known.emplace(bytes(raw), std::move(key)).first;
  }
  const bool good = ECDSA_verify(0, t.message_digest.data(), static_cast<int>(width), data_of(t.signature), static_cast<int>(t.signature.size()),
                                 it->second.get()) == 1;
  ERR_clear_error();
  if (!good) return false;
  const unsigned char* at = data_of(t.signature);
  const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> sig(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(t.signature.size())), ECDSA_SIG_free);
  auto twice = blank();
  need(sig && BN_lshift1(twice.get(), ECDSA_SIG_get0_s(sig.get())) == 1);
  return BN_cmp(twice.get(), EC_GROUP_get0_order(group.get())) <= 0;
}

}  // namespace weft::crypto::test
