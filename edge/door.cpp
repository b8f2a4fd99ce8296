#include "edge/door.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>

#include "edge/equipment.hpp"

namespace weft::edge {

namespace fs = std::filesystem;

namespace {

/// Room for a path in a socket address, its end included.
constexpr std::size_t socket_path_max = sizeof(sockaddr_un::sun_path);

std::string os_error() { return std::strerror(errno); }

/// Removes a socket that nobody answers on.
result<void> make_way(const fs::path& socket) {
  struct stat found {};
  if (::lstat(socket.c_str(), &found) != 0) return {};
  if (!S_ISSOCK(found.st_mode)) return fail(errc::already_exists, socket.string() + " exists and is no socket");
  if (answers(socket)) return fail(errc::already_exists, "a network already answers on " + socket.string());
  if (::unlink(socket.c_str()) != 0) return fail(errc::io, "cannot remove the stale socket " + socket.string() + ": " + os_error());
  return {};
}

/// gRPC makes its socket with the process's umask, which other threads share. So it is made in a folder that is ours alone, and moved when its
/// mode is right: nobody else can ever connect.
class private_folder {
 public:
  [[nodiscard]] static result<private_folder> make(fs::path path) {
    std::error_code ignored;
    fs::remove_all(path, ignored);
    if (::mkdir(path.c_str(), 0700) != 0) return fail(errc::io, "cannot make " + path.string() + ": " + os_error());
    return private_folder(std::move(path));
  }
  explicit private_folder(fs::path path) : path_(std::move(path)) {}
  private_folder(private_folder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  ~private_folder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  [[nodiscard]] fs::path socket() const { return path_ / "s"; }

 private:
  fs::path path_;
};

/// "; these do: org1 at 127.0.0.1:17055, …", on a node of a cluster.
std::string peers_elsewhere(const actors::node& node) {
  const auto& t = node.topology();
  std::set<std::string> peers;
  for (const auto& org : t.organizations)
    if (org.kind == config::org_kind::peer)
      for (const auto& host : org.hosts) peers.insert(host + "." + org.domain);
  std::string out;
  for (const auto& n : t.nodes) {
    if (n.name == node.settings().node) continue;
    if (std::none_of(n.members.begin(), n.members.end(), [&](const auto& m) { return peers.count(m) != 0; })) continue;
    out += (out.empty() ? "; these nodes do: " : ", ") + n.name + " at " + n.address;
  }
  return out.empty() ? out : out + ". Ask one of them, with --dir and its folder";
}

class socket_door final : public door {
 public:
  explicit socket_door(caf::actor_system& system) : system_(system), equipment_(system) {}
  ~socket_door() override { socket_door::close(std::chrono::milliseconds(0)); }

  [[nodiscard]] result<void> listen(actors::node& node, const fs::path& folder, std::function<void()> stop) {
    const auto socket = fs::absolute(socket_path(folder));
    if (socket.native().size() >= socket_path_max) {
      return fail(errc::invalid_argument, "the folder's path is too long for a socket: " + socket.string() + " has " +
                                              std::to_string(socket.native().size()) + " characters, at most " + std::to_string(socket_path_max - 1));
    }
    WEFT_CHECK(make_way(socket));
    WEFT_TRY(const auto made_in, private_folder::make(socket.parent_path() / ".door"));
    WEFT_TRY(server_, server::start("unix:" + made_in.socket().string(), services(node, std::move(stop))));
    if (::chmod(made_in.socket().c_str(), 0600) != 0 || ::rename(made_in.socket().c_str(), socket.c_str()) != 0) {
      return fail(errc::io, "cannot put the socket to " + socket.string() + ": " + os_error());
    }
    socket_ = socket;
    struct ::stat at {};
    if (::stat(socket.c_str(), &at) == 0) inode_ = at.st_ino;
    return {};
  }

  bool reachable() const override {
    struct ::stat at {};
    return !socket_.empty() && ::lstat(socket_.c_str(), &at) == 0 && at.st_ino == inode_;
  }

  void close(std::chrono::milliseconds grace) override {
    if (reachable()) ::unlink(socket_.c_str());  // another network may have put its own socket there meanwhile
    socket_.clear();
    if (server_) server_->stop(grace);
    equipment_.stop();
    server_.reset();
  }

 private:
  std::vector<service> services(actors::node& node, std::function<void()> stop) {
    door_context context;
    context.system = &system_;
    context.node = &node;
    context.peers = std::make_shared<const peer_choice>(node.peers(), peers_elsewhere(node));
    context.stop = std::move(stop);
    context.opened = node.settings().clock->now();
    context.open_calls = [this] { return server_ ? server_->open_calls() : 0; };
    return equipment_.make(context, {make_gateway_service, make_endorser_service, make_deliver_service, make_control_service, make_chaincode_support_service, make_contract_service});
  }

  caf::actor_system& system_;
  equipment equipment_;
  std::unique_ptr<server> server_;
  fs::path socket_;
  ::ino_t inode_ = 0;  ///< Of our socket, so that only ours is removed.
};

}  // namespace

fs::path socket_path(const fs::path& folder) { return folder / "weft.sock"; }
std::string socket_address(const fs::path& folder) { return "unix:" + fs::absolute(socket_path(folder)).string(); }

namespace {

/// A connection to the socket, or -1.
int connect_to(const fs::path& socket) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket.native().size() >= socket_path_max) return -1;
  std::memcpy(address.sun_path, socket.c_str(), socket.native().size());
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
  ::close(fd);
  return -1;
}

}  // namespace

bool answers(const fs::path& socket) {
  const int fd = connect_to(socket);
  if (fd >= 0) ::close(fd);
  return fd >= 0;
}

bool speaks(const fs::path& socket, std::chrono::milliseconds within) {
  const int fd = connect_to(socket);
  if (fd < 0) return false;
  pollfd p{fd, POLLIN, 0};
  const bool heard = ::poll(&p, 1, static_cast<int>(within.count())) > 0;
  ::close(fd);
  return heard;
}

result<std::unique_ptr<door>> door::open(caf::actor_system& system, actors::node& node, const fs::path& folder, std::function<void()> stop) {
  auto made = std::make_unique<socket_door>(system);
  WEFT_CHECK(made->listen(node, folder, std::move(stop)));
  return made;
}

}  // namespace weft::edge
