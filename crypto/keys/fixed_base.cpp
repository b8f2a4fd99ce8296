// OpenSSL 3 deprecates preparing a group's generator and looking at projective coordinates, and offers nothing instead. They stay here, and
// only here, as EC_KEY stays in ecdsa.cpp.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/keys/fixed_base.hpp"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>

#include <algorithm>
#include <array>

#include "config/base/assert.hpp"
#include "crypto/keys/inverse.hpp"

namespace weft::crypto {

namespace {

struct release {
  void operator()(BIGNUM* p) const noexcept { BN_free(p); }
  void operator()(BN_CTX* p) const noexcept { BN_CTX_free(p); }
  void operator()(BN_MONT_CTX* p) const noexcept { BN_MONT_CTX_free(p); }
  void operator()(EC_POINT* p) const noexcept { EC_POINT_free(p); }
  void operator()(EC_GROUP* p) const noexcept { EC_GROUP_free(p); }
};
template <class T>
using owned = std::unique_ptr<T, release>;

owned<BIGNUM> new_number() {
  owned<BIGNUM> n(BN_new());
  WEFT_ASSERT(n, "out of memory");
  return n;
}

/// Numbers modulo an odd prime. A number x is "in form" as x·R (Montgomery); times() of two numbers divides by R once.
struct modulus {
  const BIGNUM* value;
  owned<BN_MONT_CTX> form{BN_MONT_CTX_new()};
  modulus(const BIGNUM* v, BN_CTX* ctx) : value(v) { WEFT_ASSERT(form && BN_MONT_CTX_set(form.get(), v, ctx), "out of memory"); }
  [[nodiscard]] bool times(BIGNUM* out, const BIGNUM* a, const BIGNUM* b, BN_CTX* ctx) const {
    return BN_mod_mul_montgomery(out, a, b, form.get(), ctx) == 1;
  }
  [[nodiscard]] bool enter(BIGNUM* out, const BIGNUM* a, BN_CTX* ctx) const { return BN_to_montgomery(out, a, form.get(), ctx) == 1; }
};

bool to_limbs(number256& out, const BIGNUM* x) {
  std::array<unsigned char, 32> little_endian;
  if (BN_bn2lebinpad(x, little_endian.data(), static_cast<int>(little_endian.size())) < 0) return false;
  out = {};
  for (std::size_t i = 0; i < little_endian.size(); ++i) out[i / 8] |= std::uint64_t{little_endian[i]} << (8 * (i % 8));
  return true;
}

bool from_limbs(BIGNUM* out, const number256& x) {
  std::array<unsigned char, 32> little_endian;
  for (std::size_t i = 0; i < little_endian.size(); ++i) little_endian[i] = static_cast<unsigned char>(x[i / 8] >> (8 * (i % 8)));
  return BN_lebin2bn(little_endian.data(), static_cast<int>(little_endian.size()), out) != nullptr;
}

/// What never changes. Made once and kept until the process ends.
struct p256 {
  owned<BN_CTX> ctx{BN_CTX_new()};
  EC_GROUP* group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
  modulus n{EC_GROUP_get0_order(group), ctx.get()}, p{EC_GROUP_get0_field(group), ctx.get()};
  owned<BIGNUM> r_cubed = new_number(), p_minus_n = new_number(), one_modulo_n = new_number();  ///< R³ mod p, p − n, R mod n.
  number256 n_limbs{};

  p256() {
    WEFT_ASSERT(n.enter(one_modulo_n.get(), BN_value_one(), ctx.get()) && to_limbs(n_limbs, n.value), "out of memory");
    WEFT_ASSERT(p.enter(r_cubed.get(), BN_value_one(), ctx.get()) && p.enter(r_cubed.get(), r_cubed.get(), ctx.get()) &&
                    p.enter(r_cubed.get(), r_cubed.get(), ctx.get()) && BN_sub(p_minus_n.get(), p.value, n.value),
                "out of memory");
  }
};

const p256& curve() {
  static const p256 made;
  return made;
}

/// Room of one thread.
struct scratch {
  owned<BN_CTX> ctx{BN_CTX_new()};
  std::array<owned<BIGNUM>, inversions_shared_max> s, product;  ///< In form: each s, and the product of all up to it.
  owned<BIGNUM> inverse = new_number(), one = new_number(), r = new_number(), z = new_number(), u1 = new_number(), u2 = new_number(), x = new_number(),
                zz = new_number();
  owned<EC_POINT> sum{EC_POINT_new(curve().group)}, term{EC_POINT_new(curve().group)};
  scratch() {
    WEFT_ASSERT(ctx && sum && term, "out of memory");
    for (auto& x : s) x = new_number();
    for (auto& x : product) x = new_number();
  }
};

bool read(BIGNUM* out, const ecdsa::signature::number& n) { return BN_bin2bn(n.data(), ecdsa::signature::width, out) != nullptr; }

/// The digest as a number below n; it has as many bits as n, so taking n away once is enough.
bool read(BIGNUM* out, const digest& d) {
  if (BN_bin2bn(d.data(), static_cast<int>(d.size()), out) == nullptr) return false;
  return BN_cmp(out, curve().n.value) < 0 || BN_sub(out, out, curve().n.value);
}

/// sum = u1·G + u2·Q. Points of a table's group are points of the curve: only their generator differs.
bool multiply(const p256_job& job, scratch& t) {
  const EC_GROUP* g = curve().group;
  if (job.table == nullptr) return EC_POINT_mul(g, t.sum.get(), t.u1.get(), EC_KEY_get0_public_key(job.key->ec.get()), t.u2.get(), t.ctx.get()) == 1;
  return EC_POINT_mul(job.table->group(), t.sum.get(), t.u2.get(), nullptr, nullptr, t.ctx.get()) == 1 &&
         EC_POINT_mul(g, t.term.get(), t.u1.get(), nullptr, nullptr, t.ctx.get()) == 1 &&
         EC_POINT_add(g, t.sum.get(), t.sum.get(), t.term.get(), t.ctx.get()) == 1;
}

/// Whether candidate = X/Z² mod p, asked without a division: candidate·Z² = X. `t.zz` is Z²/R.
bool is_abscissa(const BIGNUM* candidate, scratch& t, bool& ok) {
  const auto& p = curve().p;
  ok = p.times(t.z.get(), candidate, curve().r_cubed.get(), t.ctx.get()) && p.times(t.z.get(), t.z.get(), t.zz.get(), t.ctx.get());
  return ok && BN_cmp(t.z.get(), t.x.get()) == 0;
}

/// Whether the sum's x, reduced modulo n, is r. As n < p < 2n, x is r or r + n.
p256_job::outcome compare(scratch& t) {
  using enum p256_job::outcome;
  const p256& c = curve();
  if (EC_POINT_is_at_infinity(c.group, t.sum.get())) return bad;
  bool ok = EC_POINT_get_Jprojective_coordinates_GFp(c.group, t.sum.get(), t.x.get(), nullptr, t.zz.get(), t.ctx.get()) == 1 &&
            c.p.times(t.zz.get(), t.zz.get(), t.zz.get(), t.ctx.get());
  if (!ok) return unknown;
  if (is_abscissa(t.r.get(), t, ok)) return good;
  if (!ok) return unknown;
  if (BN_cmp(t.r.get(), c.p_minus_n.get()) >= 0) return bad;
  if (!BN_add(t.r.get(), t.r.get(), c.n.value)) return unknown;
  if (is_abscissa(t.r.get(), t, ok)) return good;
  return ok ? bad : unknown;
}

/// `inverse`: 1/s in form.
p256_job::outcome judge(const p256_job& job, const BIGNUM* inverse, scratch& t) {
  const auto& n = curve().n;
  const bool ok = read(t.z.get(), *job.message_digest) && read(t.r.get(), job.signature.r) &&
                  n.times(t.u1.get(), t.z.get(), inverse, t.ctx.get()) && n.times(t.u2.get(), t.r.get(), inverse, t.ctx.get()) && multiply(job, t);
  return ok ? compare(t) : p256_job::outcome::unknown;
}

/// out = 1/x modulo n, both in form. Ours is checked by a multiplication, so that it can be slow at worst, never wrong.
bool invert(BIGNUM* out, const BIGNUM* x, scratch& t) {
  const p256& c = curve();
  BN_CTX* ctx = t.ctx.get();
  number256 limbs;
  if (to_limbs(limbs, x)) {
    const auto almost = crypto::invert(limbs, c.n_limbs);
    constexpr unsigned twice_r = 512;  // x stands for x/R, so value · 2^(512−k) / R is its inverse, and has still to enter the form
    BN_zero(t.z.get());
    if (almost.halvings < twice_r && BN_set_bit(t.z.get(), static_cast<int>(twice_r - almost.halvings)) && BN_nnmod(t.z.get(), t.z.get(), c.n.value, ctx) &&
        from_limbs(out, almost.value) && c.n.times(out, out, t.z.get(), ctx) && c.n.enter(out, out, ctx) && c.n.times(t.z.get(), out, x, ctx) &&
        BN_cmp(t.z.get(), c.one_modulo_n.get()) == 0)
      return true;
  }
  return BN_mod_inverse(out, x, c.n.value, ctx) != nullptr && c.n.enter(out, out, ctx) && c.n.enter(out, out, ctx);
}

/// Montgomery's trick: inverts the product of all s, then takes one s after the other out of it again.
bool verify_some(std::span<p256_job> jobs, scratch& t) {
  const auto& n = curve().n;
  BN_CTX* ctx = t.ctx.get();
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    if (!read(t.s[i].get(), jobs[i].signature.s) || !n.enter(t.s[i].get(), t.s[i].get(), ctx)) return false;
    if (i == 0 ? BN_copy(t.product[0].get(), t.s[0].get()) == nullptr : !n.times(t.product[i].get(), t.product[i - 1].get(), t.s[i].get(), ctx)) return false;
  }
  BIGNUM* rest = t.inverse.get();
  if (!invert(rest, t.product[jobs.size() - 1].get(), t)) return false;
  for (std::size_t i = jobs.size(); i-- > 0;) {
    if (i == 0) {
      jobs[0].found = judge(jobs[0], rest, t);
      break;
    }
    if (!n.times(t.one.get(), rest, t.product[i - 1].get(), ctx)) return false;
    jobs[i].found = judge(jobs[i], t.one.get(), t);
    if (!n.times(rest, rest, t.s[i].get(), ctx)) return false;
  }
  return true;
}

/// OpenSSL's generic methods multiply by a table more slowly than its assembly multiplies without one.
bool tables_pay(const EC_GROUP* group) {
  const EC_METHOD* method = EC_GROUP_method_of(group);
  return method != EC_GFp_simple_method() && method != EC_GFp_mont_method() && method != EC_GFp_nist_method();
}

/// One multiplication with the table and one without agree.
bool works(const EC_GROUP* table, const EC_POINT* key, const digest& scalar) {
  const EC_GROUP* g = curve().group;
  const owned<BIGNUM> k = new_number();
  const owned<EC_POINT> with(EC_POINT_new(g)), without(EC_POINT_new(g));
  return with && without && read(k.get(), scalar) && EC_POINT_mul(table, with.get(), k.get(), nullptr, nullptr, nullptr) &&
         EC_POINT_mul(g, without.get(), nullptr, key, k.get(), nullptr) && EC_POINT_cmp(g, with.get(), without.get(), nullptr) == 0;
}

}  // namespace

std::shared_ptr<const fixed_base> fixed_base::build(const public_key::state& key) {
  const p256& c = curve();
  if (key.kind != key_kind::p256 || !tables_pay(c.group)) return nullptr;
  const EC_POINT* point = EC_KEY_get0_public_key(key.ec.get());
  owned<EC_GROUP> group(EC_GROUP_dup(c.group));
  if (!group || !EC_GROUP_set_generator(group.get(), point, c.n.value, BN_value_one()) || !EC_GROUP_precompute_mult(group.get(), nullptr) ||
      !EC_GROUP_have_precompute_mult(group.get()) || !works(group.get(), point, sha256(key.raw))) {
    ERR_clear_error();
    return nullptr;
  }
  return std::shared_ptr<const fixed_base>(new fixed_base(group.release()));
}

fixed_base::~fixed_base() { EC_GROUP_free(group_); }

void verify_p256(std::span<p256_job> jobs) {
  thread_local scratch room;
  while (!jobs.empty()) {
    const auto some = jobs.first(std::min(jobs.size(), inversions_shared_max));
    if (!verify_some(some, room)) ERR_clear_error();
    jobs = jobs.subspan(some.size());
  }
}

}  // namespace weft::crypto
