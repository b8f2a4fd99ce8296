#include "chaincode/lifecycle/package.hpp"

#include <doctest/doctest.h>
#include <zlib.h>

#include "chaincode/lifecycle/archive.hpp"
#include "tests/unit/chaincode/support/golden_chain.hpp"

using namespace weft;
using namespace weft::chaincode;
using weft::chaincode::testing::golden_package_id;
using weft::chaincode::testing::read_golden;

namespace {

bytes gzip(bytes data) {
  bytes out(data.size() / 500 + 1024, '\0');
  z_stream z{};
  REQUIRE(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) == Z_OK);
  z.next_in = reinterpret_cast<Bytef*>(data.data());
  z.avail_in = static_cast<uInt>(data.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&z, Z_FINISH) == Z_STREAM_END);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

/// A file in a tar, in the oldest format: name, size, checksum.
bytes tar_entry(std::string_view name, std::string_view content) {
  const auto octal = [](std::size_t value) {
    bytes digits(11, '0');
    for (auto d = digits.rbegin(); d != digits.rend(); ++d, value >>= 3) *d = static_cast<char>('0' + (value & 7));
    return digits;
  };
  bytes header(512, '\0');
  header.replace(0, name.size(), name);
  header.replace(100, 7, "0000644");
  header.replace(124, 11, octal(content.size()));
  header.replace(136, 11, octal(0));
  header.replace(148, 9, "        0");
  std::size_t sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  header.replace(148, 6, octal(sum).substr(5));
  header[154] = '\0';
  return header.append(content).append((512 - content.size() % 512) % 512, '\0');
}

/// A whole tar with these metadata and, in front of them, other files.
bytes tar_with(std::string_view metadata, const bytes& in_front = {}) {
  return in_front + tar_entry("metadata.json", metadata) + tar_entry("code.tar.gz", "code") + bytes(1024, '\0');
}
constexpr std::string_view good_metadata = R"({"path":"","type":"ccaas","label":"l"})";

}  // namespace

TEST_CASE("the golden package has the golden id") {
  const auto raw = read_golden("chaincode/golden.tar.gz");
  const auto p = parse_package(raw);
  REQUIRE_MESSAGE(p, p.error().context);
  CHECK(p->label == "golden_1.0");
  CHECK(p->type == "ccaas");
  CHECK_FALSE(p->code.empty());
  CHECK(package_id(p->label, raw) == golden_package_id);
  CHECK(read_golden("vectors.json").find('"' + package_id(p->label, raw) + '"') != std::string::npos);
}

TEST_CASE("a native package is a package, and always the same") {
  const auto raw = make_native_package("mycc", "mycc_1.0");
  const auto p = parse_package(raw);
  REQUIRE_MESSAGE(p, p.error().context);
  CHECK(p->type == native_type);
  CHECK(p->path == "mycc");
  CHECK(p->label == "mycc_1.0");
  CHECK(raw == make_native_package("mycc", "mycc_1.0"));
  CHECK(raw != make_native_package("mycc", "mycc_1.1"));
  CHECK(raw != make_native_package("kv", "mycc_1.0"));
  // Approvals on disk name this id: if it changes, contracts that are deployed stop running.
  CHECK(package_id(p->label, raw) == "mycc_1.0:34c94835bb88bb12106a1a55d7b4095d17dd9f1d5eb22c3de7ccc71b83fbc484");
}

TEST_CASE("what is no package") {
  const auto golden = read_golden("chaincode/golden.tar.gz");
  struct row {
    std::string name;
    bytes raw;
  };
  REQUIRE(parse_package(gzip(tar_with(good_metadata))));
  REQUIRE(parse_package(gzip(tar_with(good_metadata, tar_entry("README", "hello")))));
  const row rows[] = {
      {"nothing", ""},
      {"text", "this is no archive"},
      {"cut in half", golden.substr(0, golden.size() / 2)},
      {"an inner code package without metadata", parse_package(golden)->code},
      {"a bomb", gzip(bytes(200 * MiB, '\0'))},
      {"a bomb that is passed over", gzip(tar_with(good_metadata, tar_entry("padding", bytes(package_bytes_max, '\0'))))},
      {"metadata of brackets, which want much memory", gzip(tar_with(bytes(MiB, '[')))},
      {"compressed twice", gzip(gzip(tar_with(good_metadata)))},
      {"not compressed", tar_with(good_metadata)},
      {"something after the compressed stream", gzip(tar_with(good_metadata)) + "x"},
      {"too large as it is", bytes(package_bytes_max + 1, 'x')},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    const auto p = parse_package(r.raw);
    REQUIRE_FALSE(p);
    CHECK(p.error().code == errc::invalid_argument);
    CHECK(p.error().context.find("could not parse as a chaincode install package: ") == 0);
  }
}

TEST_CASE("a service's package is a package, always the same, and names its service") {
  const connection plain{.address = "127.0.0.1:9999", .dial_timeout = std::chrono::seconds(10)};
  const connection tls{.address = "host:1", .dial_timeout = std::chrono::milliseconds(1500), .tls_required = true, .client_auth_required = true,
                       .client_key = "key", .client_cert = "cert", .root_cert = "root"};
  for (const auto& c : {plain, tls}) {
    CAPTURE(c.address);
    const auto raw = make_service_package(c, "cc_1.0");
    CHECK(raw == make_service_package(c, "cc_1.0"));
    CHECK(raw != make_service_package(c, "cc_1.1"));
    const auto p = parse_package(raw);
    REQUIRE_MESSAGE(p, p.error().context);
    CHECK(p->type == "ccaas");
    CHECK(p->label == "cc_1.0");
    const auto service = service_of(*p, {});
    REQUIRE_MESSAGE(service, service.error().context);
    CHECK(**service == c);
  }
  // Approvals on disk name this id: if it changes, contracts that are deployed stop running.
  CHECK(package_id("cc_1.0", make_service_package(plain, "cc_1.0")) == "cc_1.0:26b8a5f67726b7ccc9d3d668937b525b62f71844c9192e8f2922eeba186c858a");
}

TEST_CASE("what a code package says of its service") {
  struct row {
    const char* name;
    bytes code;
    const char* address;  ///< Null: refused.
    const char* text;     ///< Empty, with a null address: no service.
  };
  const auto code = [](std::string_view name, std::string_view json) { return write_archive({{"META-INF/x.json", "{}"}, {name, json}}); };
  const row rows[] = {
      {"plain", code("connection.json", R"({"address":"a:1"})"), "a:1", ""},
      {"as `tar .` names it", code("./connection.json", R"({"address":"a:1"})"), "a:1", ""},
      {"in a folder it is source code", code("src/connection.json", R"({"address":"a:1"})"), nullptr, ""},
      {"no file", code("main.go", "package main"), nullptr, ""},
      {"templates", code("connection.json", R"({"address":"{{.peername}}_{{ .peername }}:1"})"), "me_me:1", ""},
      {"a template of PEM without TLS is left alone", code("connection.json", R"({"address":"a:1","root_cert":"{{.x}}"})"), "a:1", ""},
      {"and with TLS it needs a value", code("connection.json", R"({"address":"a:1","tls_required":true,"root_cert":"{{.x}}"})"), nullptr,
       "no value for the template '{{.x}}'; there are: {{.peername}}"},
      {"an unknown template", code("connection.json", R"({"address":"{{.host}}:1"})"), nullptr, "no value for the template '{{.host}}:1'"},
      {"more of Go's templates", code("connection.json", R"({"address":"{{if true}}a{{end}}:1"})"), nullptr, "no value for the template"},
      {"a template without end", code("connection.json", R"({"address":"{{.peername:1"})"), nullptr, "no value for the template"},
      {"no JSON", code("connection.json", "address"), nullptr, "connection.json: is no JSON object"},
      {"no address", code("connection.json", "{}"), nullptr, "connection.json: chaincode address not provided"},
      {"too large", code("connection.json", bytes(connection_bytes_max + 1, ' ')), nullptr, "code.tar.gz: a file is larger than 64 KiB"},
      {"no archive", "code", nullptr, "code.tar.gz: error reading as gzip stream"},
      {"a bomb", gzip(bytes(200 * MiB, '\0')), nullptr, "code.tar.gz: larger than 64 MiB when unpacked"},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    const auto service = service_of({"", "ccaas", "l", r.code}, {{"peername", "me"}});
    if (r.address) {
      REQUIRE_MESSAGE(service, service.error().context);
      REQUIRE(*service);
      CHECK((*service)->address == r.address);
    } else if (*r.text == 0) {
      REQUIRE_MESSAGE(service, service.error().context);
      CHECK_FALSE(*service);
    } else {
      REQUIRE_FALSE(service);
      CHECK(service.error().code == errc::invalid_argument);
      CHECK_MESSAGE(service.error().context.find(r.text) != std::string::npos, service.error().context);
    }
  }
}

TEST_CASE("what templates stand for") {
  CHECK(builder_values("peer0", nullptr) == template_values{{"peername", "peer0"}});
  CHECK(builder_values("peer0", R"({"peername":"org1peer1","zone":"b","n":1})") == template_values{{"peername", "org1peer1"}, {"zone", "b"}});
  for (const auto* none : {"", "no json", "[]"}) CHECK(builder_values("peer0", none) == template_values{{"peername", "peer0"}});
}

TEST_CASE("a flipped bit never crashes the parser") {
  const auto golden = read_golden("chaincode/golden.tar.gz");
  for (std::size_t i = 0; i < golden.size(); i += 3) {
    auto damaged = golden;
    damaged[i] = static_cast<char>(damaged[i] ^ (1 << (i % 8)));
    const auto p = parse_package(damaged);
    CHECK((p.has_value() || p.error().code == errc::invalid_argument));
  }
}

TEST_CASE("labels") {
  for (const auto* good : {"a", "0", "basic_1.0", "a+b-c_d.e"}) CHECK(valid_label(good));
  for (const auto* bad : {"", "_a", ".a", "a b", "a:b", "ä", "a/b"}) CHECK_FALSE(valid_label(bad));
}
