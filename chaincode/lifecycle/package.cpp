#include "chaincode/lifecycle/package.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "config/base/assert.hpp"
#include "crypto/hash/sha256.hpp"

namespace weft::chaincode {
namespace {

struct free_archive {
  void operator()(archive* a) const { archive_read_free(a); }
};
using archive_ptr = std::unique_ptr<archive, free_archive>;

constexpr std::size_t entries_max = 10'000;
constexpr std::size_t metadata_bytes_max = 64 * KiB;  // a JSON text of brackets takes a hundred times its size in memory

/// Ends inflation on every way out.
struct inflater {
  z_stream z{};
  bool ready = false;
  inflater() { ready = inflateInit2(&z, 16 + MAX_WBITS) == Z_OK; }  // 16: gzip only
  inflater(const inflater&) = delete;
  inflater& operator=(const inflater&) = delete;
  ~inflater() {
    if (ready) inflateEnd(&z);
  }
};

tl::unexpected<error> malformed(std::string why) {
  return fail(errc::invalid_argument, "could not parse as a chaincode install package: " + std::move(why));
}

std::string reason(archive* a) {
  const char* text = archive_error_string(a);
  return text ? text : "unknown error";
}

/// The content of the current entry, at most `limit` bytes.
result<bytes> read_entry(archive* a, std::size_t limit) {
  bytes out;
  std::array<char, 64 * KiB> buffer;
  for (;;) {
    const auto n = archive_read_data(a, buffer.data(), buffer.size());
    if (n == 0) return out;
    if (n < 0) return malformed("error inspecting next tar header: " + reason(a));
    if (out.size() + static_cast<std::size_t>(n) > limit) return malformed("a file is larger than " + std::to_string(limit / KiB) + " KiB when unpacked");
    out.append(buffer.data(), static_cast<std::size_t>(n));
  }
}

/// All members of a gzip stream, at most `package_bytes_max`. What is passed over later counts too: unpacking it takes as long.
result<bytes> gunzip(bytes_view raw) {
  inflater in;
  if (!in.ready) return fail(errc::internal, "zlib gave no decoder");
  in.z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(raw.data()));  // zlib's old interface; it does not write there
  in.z.avail_in = static_cast<uInt>(raw.size());
  bytes out;
  std::array<char, 64 * KiB> buffer;
  for (;;) {
    in.z.next_out = reinterpret_cast<Bytef*>(buffer.data());
    in.z.avail_out = static_cast<uInt>(buffer.size());
    const int status = inflate(&in.z, Z_NO_FLUSH);
    const auto made = buffer.size() - in.z.avail_out;
    if (out.size() + made > package_bytes_max) return malformed("larger than " + std::to_string(package_bytes_max / MiB) + " MiB when unpacked");
    out.append(buffer.data(), made);
    if (status == Z_STREAM_END && in.z.avail_in == 0) return out;
    if (status == Z_STREAM_END && inflateReset(&in.z) == Z_OK) continue;
    if (status != Z_OK) return malformed(std::string("error reading as gzip stream: ") + (in.z.msg ? in.z.msg : "unexpected end"));
  }
}

struct contents {
  std::optional<bytes> metadata, code;
};

result<contents> unpack(bytes_view package) {
  WEFT_TRY(const bytes raw, gunzip(package));
  const archive_ptr a(archive_read_new());
  if (!a) return fail(errc::internal, "libarchive gave no reader");
  archive_read_support_format_tar(a.get());
  if (archive_read_open_memory(a.get(), raw.data(), raw.size()) != ARCHIVE_OK) return malformed("error inspecting next tar header: " + reason(a.get()));
  contents out;
  archive_entry* entry = nullptr;
  for (std::size_t seen = 0;; ++seen) {
    const int status = archive_read_next_header(a.get(), &entry);
    if (status == ARCHIVE_EOF) break;
    if (status != ARCHIVE_OK && status != ARCHIVE_WARN) return malformed("error inspecting next tar header: " + reason(a.get()));
    if (seen >= entries_max) return malformed("more than " + std::to_string(entries_max) + " entries");
    const char* raw_name = archive_entry_pathname(entry);
    const std::string_view name = raw_name ? raw_name : "";
    if (archive_entry_filetype(entry) != AE_IFREG || (name != "metadata.json" && name != "code.tar.gz")) continue;
    if (name == "metadata.json") {
      WEFT_TRY(out.metadata, read_entry(a.get(), metadata_bytes_max));
    } else {
      WEFT_TRY(out.code, read_entry(a.get(), package_bytes_max));
    }
  }
  return out;
}

/// A ustar entry with everything that varies set to zero.
void put_tar_entry(bytes& out, std::string_view name, std::string_view content) {
  std::array<char, 512> header{};
  const auto put = [&](std::size_t at, std::string_view text) { std::copy(text.begin(), text.end(), header.begin() + static_cast<std::ptrdiff_t>(at)); };
  const auto octal = [](std::size_t value) {
    std::string digits(11, '0');
    for (auto d = digits.rbegin(); d != digits.rend(); ++d, value >>= 3) *d = static_cast<char>('0' + (value & 7));
    return digits;
  };
  put(0, name);
  put(100, "0000644");
  put(108, "0000000");
  put(116, "0000000");
  put(124, octal(content.size()));
  put(136, octal(0));
  put(148, "        ");
  put(156, "0");
  put(257, std::string_view("ustar\00000", 8));
  unsigned sum = 0;
  for (char c : header) sum += static_cast<unsigned char>(c);
  put(148, octal(sum).substr(5));  // six digits, NUL, space
  header[154] = '\0';
  out.append(header.data(), header.size()).append(content).append((512 - content.size() % 512) % 512, '\0');
}

bytes tar_of(std::initializer_list<std::pair<std::string_view, std::string_view>> entries) {
  bytes out;
  for (const auto& [name, content] : entries) put_tar_entry(out, name, content);
  return out.append(1024, '\0');
}

void put_little_endian(bytes& out, std::uint32_t value, int count) {
  for (int i = 0; i < count; ++i, value >>= 8) out.push_back(static_cast<char>(value & 0xFF));
}

/// RFC 1952 around stored blocks (RFC 1951 §3.2.4): independent of any compressor's version.
bytes gzip_stored(bytes_view data) {
  bytes out("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff", 10);
  constexpr std::size_t block_max = 65535;
  for (std::size_t at = 0; at == 0 || at < data.size(); at += block_max) {
    const auto block = data.substr(at, block_max);
    const auto length = static_cast<std::uint32_t>(block.size());
    out.push_back(at + block_max >= data.size() ? '\x01' : '\x00');
    put_little_endian(out, length, 2);
    put_little_endian(out, ~length, 2);
    out.append(block);
  }
  const auto crc = crc32(0, reinterpret_cast<const Bytef*>(data.data()), static_cast<uInt>(data.size()));
  put_little_endian(out, static_cast<std::uint32_t>(crc), 4);
  put_little_endian(out, static_cast<std::uint32_t>(data.size()), 4);
  return out;
}

}  // namespace

bool valid_label(std::string_view label) {
  const auto alphanumeric = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return !label.empty() && alphanumeric(label.front()) && std::all_of(label.begin(), label.end(), [&](char c) {
    return alphanumeric(c) || c == '_' || c == '.' || c == '+' || c == '-';
  });
}

result<chaincode_package> parse_package(bytes_view package_tar_gz) {
  if (package_tar_gz.size() > package_bytes_max) return malformed("larger than " + std::to_string(package_bytes_max / MiB) + " MiB");
  WEFT_TRY(auto parts, unpack(package_tar_gz));
  if (!parts.code) return malformed("did not find a code package inside the package");
  if (!parts.metadata) return malformed("did not find any package metadata (missing metadata.json)");
  chaincode_package out;
  try {
    const auto json = nlohmann::json::parse(*parts.metadata);
    out.path = json.value("path", "");
    out.type = json.value("type", "");
    out.label = json.value("label", "");
  } catch (const nlohmann::json::exception& e) {
    return malformed(std::string("could not unmarshal metadata.json as json: ") + e.what());
  }
  if (!valid_label(out.label)) {
    return malformed("invalid label '" + out.label +
                     "'. Label must be non-empty, can only consist of alphanumerics, symbols from '.+-_', and can only begin with alphanumerics");
  }
  out.code = std::move(*parts.code);
  return out;
}

std::string package_id(std::string_view label, bytes_view package_tar_gz) {
  return std::string(label) + ":" + to_hex(crypto::view(crypto::sha256(package_tar_gz)));
}

bytes make_native_package(std::string_view contract, std::string_view label) {
  WEFT_ASSERT(valid_label(label), "a package label that Fabric would refuse");
  const nlohmann::json metadata{{"path", contract}, {"type", native_type}, {"label", label}};
  const nlohmann::json code{{"contract", contract}};
  const bytes code_package = gzip_stored(tar_of({{"native.json", code.dump()}}));
  return gzip_stored(tar_of({{"metadata.json", metadata.dump()}, {"code.tar.gz", code_package}}));
}

}  // namespace weft::chaincode
