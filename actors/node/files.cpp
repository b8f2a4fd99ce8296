#include "actors/node/files.hpp"

#include <fstream>
#include <sstream>

namespace weft::actors {

namespace fs = std::filesystem;

result<bytes> read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(errc::io, "cannot read " + path.string());
  std::ostringstream out;
  out << in.rdbuf();
  return std::move(out).str();
}

result<void> write_file(const fs::path& path, bytes_view contents, fs::perms mode) {
  std::error_code ec;
  fs::create_directories(path.parent_path(), ec);
  {
    std::ofstream out(path, std::ios::binary);
    fs::permissions(path, mode, ec);  // before anything secret is in it
    out << contents;
    if (!out.flush()) return fail(errc::io, "cannot write " + path.string());
  }
  return {};
}

result<void> copy_tree(const fs::path& from, const fs::path& to) {
  std::error_code ec;
  fs::create_directories(to.parent_path(), ec);
  fs::copy(from, to, fs::copy_options::recursive, ec);
  if (ec) return fail(errc::io, "cannot copy " + from.string() + " to " + to.string() + ": " + ec.message());
  return {};
}

}  // namespace weft::actors
