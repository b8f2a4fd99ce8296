#include "chaincode/lifecycle/archive.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>

#include "config/base/assert.hpp"

namespace weft::chaincode {
namespace {

struct free_archive {
  void operator()(archive* a) const { archive_read_free(a); }
};
using archive_ptr = std::unique_ptr<archive, free_archive>;

constexpr std::size_t entries_max = 10'000;

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
    if (n < 0) return invalid("error inspecting next tar header: " + reason(a));
    if (out.size() + static_cast<std::size_t>(n) > limit) return invalid("a file is larger than " + std::to_string(limit / KiB) + " KiB when unpacked");
    out.append(buffer.data(), static_cast<std::size_t>(n));
  }
}

/// All members of a gzip stream, at most `archive_bytes_max`. What is passed over later counts too: unpacking it takes as long.
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
    if (out.size() + made > archive_bytes_max) return invalid("larger than " + std::to_string(archive_bytes_max / MiB) + " MiB when unpacked");
    out.append(buffer.data(), made);
    if (status == Z_STREAM_END && in.z.avail_in == 0) return out;
    if (status == Z_STREAM_END && inflateReset(&in.z) == Z_OK) continue;
    if (status != Z_OK) return invalid(std::string("error reading as gzip stream: ") + (in.z.msg ? in.z.msg : "unexpected end"));
  }
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

const wanted_file* find_wanted(const std::vector<wanted_file>& wanted, std::string_view name, file_names names) {
  if (names == file_names::from_here && name.starts_with("./")) name.remove_prefix(2);
  const auto it = std::find_if(wanted.begin(), wanted.end(), [&](const wanted_file& w) { return w.name == name; });
  return it == wanted.end() ? nullptr : &*it;
}

/// Calls `each` with every regular file, bounded before it is looked at.
template <class Each>
result<void> for_files(bytes_view tar_gz, Each each) {
  if (tar_gz.size() > archive_bytes_max) return invalid("larger than " + std::to_string(archive_bytes_max / MiB) + " MiB");
  WEFT_TRY(const bytes raw, gunzip(tar_gz));
  const archive_ptr a(archive_read_new());
  if (!a) return fail(errc::internal, "libarchive gave no reader");
  archive_read_support_format_tar(a.get());
  if (archive_read_open_memory(a.get(), raw.data(), raw.size()) != ARCHIVE_OK) return invalid("error inspecting next tar header: " + reason(a.get()));
  archive_entry* entry = nullptr;
  for (std::size_t seen = 0;; ++seen) {
    const int status = archive_read_next_header(a.get(), &entry);
    if (status == ARCHIVE_EOF) return {};
    if (status != ARCHIVE_OK && status != ARCHIVE_WARN) return invalid("error inspecting next tar header: " + reason(a.get()));
    if (seen >= entries_max) return invalid("more than " + std::to_string(entries_max) + " entries");
    const char* name = archive_entry_pathname(entry);
    if (archive_entry_filetype(entry) == AE_IFREG) WEFT_CHECK(each(a.get(), entry, std::string_view(name ? name : "")));
  }
}

}  // namespace

result<std::map<std::string, bytes, std::less<>>> read_archive(bytes_view tar_gz, const std::vector<wanted_file>& wanted, file_names names) {
  std::map<std::string, bytes, std::less<>> out;
  WEFT_CHECK(for_files(tar_gz, [&](archive* a, archive_entry*, std::string_view name) -> result<void> {
    const auto* file = find_wanted(wanted, name, names);
    if (!file) return {};
    WEFT_TRY(out[std::string(file->name)], read_entry(a, file->bytes_max));
    return {};
  }));
  return out;
}

result<std::vector<archived_file>> read_folder(bytes_view tar_gz, std::string_view folder) {
  std::vector<archived_file> out;
  WEFT_CHECK(for_files(tar_gz, [&](archive* a, archive_entry* entry, std::string_view name) -> result<void> {
    if (name.starts_with("./")) name.remove_prefix(2);
    if (!name.starts_with(folder) || name.substr(folder.size(), 1) != "/") return {};
    name.remove_prefix(folder.size() + 1);
    const std::filesystem::path path(name);
    const bool leaves = path.is_absolute() || std::find(path.begin(), path.end(), "..") != path.end();
    if (name.empty() || leaves || name.find('\0') != name.npos) return invalid("the name of a file leads out of its folder: " + std::string(name));
    WEFT_TRY(auto content, read_entry(a, archive_bytes_max));
    out.push_back({std::string(name), std::move(content), (archive_entry_perm(entry) & 0100) != 0});
    return {};
  }));
  return out;
}

bytes write_archive(std::initializer_list<std::pair<std::string_view, std::string_view>> entries) {
  bytes tar;
  for (const auto& [name, content] : entries) {
    WEFT_ASSERT(name.size() < 100, "a name that a tar header has no room for");
    put_tar_entry(tar, name, content);
  }
  return gzip_stored(tar.append(1024, '\0'));
}

}  // namespace weft::chaincode
