// Chaincode packages: archives of archives, from whoever may install.
#include <zlib.h>

#include "chaincode/lifecycle/archive.hpp"
#include "chaincode/lifecycle/package.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/golden.hpp"

using namespace weft;
using namespace weft::fuzz;

namespace {

/// Stored, not compressed: what is inside can be mutated without meeting a checksum first.
bytes gzip(bytes_view data) {
  bytes out(data.size() + data.size() / 1000 + 128, '\0');
  z_stream z{};
  FUZZ_CHECK(deflateInit2(&z, 0, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
  z.avail_in = static_cast<uInt>(data.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  FUZZ_CHECK(deflate(&z, Z_FINISH) == Z_STREAM_END);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

void check(bytes_view raw) {
  const auto package = chaincode::parse_package(raw);
  if (!package) {
    FUZZ_CHECK(package.error().code == errc::invalid_argument && !package.error().context.empty());
    return;
  }
  FUZZ_CHECK(chaincode::valid_label(package->label) && package->code.size() <= chaincode::package_bytes_max);
  const auto service = chaincode::service_of(*package, {{"peername", "peer"}});
  FUZZ_CHECK(service ? !*service || !(*service)->address.empty() : service.error().code == errc::invalid_argument && !service.error().context.empty());
  FUZZ_CHECK(chaincode::package_id(package->label, raw).size() == package->label.size() + 1 + 64);
}

int fuzz_one(const std::uint8_t* data, std::size_t size) {
  check(view(data, size));
  check(gzip(view(data, size)));
  // As a connection.json, and as the code package of a package, so that mutations get that deep.
  const auto inner = chaincode::write_archive({{"connection.json", view(data, size)}});
  check(chaincode::write_archive({{"metadata.json", R"({"label":"l"})"}, {"code.tar.gz", inner}}));
  check(chaincode::write_archive({{"metadata.json", R"({"label":"l"})"}, {"code.tar.gz", gzip(view(data, size))}}));
  return 0;
}

std::vector<bytes> seeds() {
  return {golden_file("chaincode/golden.tar.gz"), chaincode::make_native_package("kv", "kv_1.0"),
    R"({"address":"{{.peername}}_cc:9999","dial_timeout":"10s","tls_required":true,"client_auth_required":true,"client_key":"k","client_cert":"c","root_cert":"r"})"};
}

}  // namespace

WEFT_FUZZ_TARGET(package, 6'000);
