#include <sys/eventfd.h>
#include <sys/socket.h>

#include <cerrno>
#include <deque>
#include <map>
#include <mutex>

#include "actors/remoting/carrier.hpp"
#include "actors/remoting/descriptor.hpp"
#include "config/base/assert.hpp"

namespace weft::actors::remoting {

namespace {

class memory_stream final : public stream {
 public:
  memory_stream(descriptor file, presented other_end, std::string expected, std::shared_ptr<const admission_rule> rule)
      : file_(std::move(file)), other_(std::move(other_end)), expected_(std::move(expected)), rule_(std::move(rule)) {}

  int file() const override { return file_.get(); }
  result<bool> shake_hands() override {
    WEFT_TRY(peer_, rule_->admit(other_, expected_));
    return true;
  }
  const std::string& peer() const override { return peer_; }
  result<std::size_t> read(char* to, std::size_t size) override {
    wants_write_ = false;
    return outcome(::recv(file_.get(), to, size, MSG_DONTWAIT), "the other side has ended");
  }
  result<std::size_t> write(bytes_view from) override {
    const auto sent = outcome(::send(file_.get(), from.data(), from.size(), MSG_DONTWAIT | MSG_NOSIGNAL), "the other side has gone");
    wants_write_ = sent && *sent == 0;
    return sent;
  }
  bool wants_write() const override { return wants_write_; }
  void say_goodbye() override { ::shutdown(file_.get(), SHUT_WR); }

 private:
  static result<std::size_t> outcome(ssize_t n, const char* at_end) {
    if (n > 0) return static_cast<std::size_t>(n);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return std::size_t{0};
    return fail(errc::unavailable, at_end);
  }
  descriptor file_;
  presented other_;
  std::string expected_, peer_;
  std::shared_ptr<const admission_rule> rule_;
  bool wants_write_ = false;
};

struct call {
  descriptor file;
  bytes certificate;
};
struct listening {
  bytes certificate;
  std::deque<call> calls;
  descriptor bell{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
};
void ring(const listening& whom) {
  const std::uint64_t one = 1;
  (void)!::write(whom.bell.get(), &one, sizeof one);
}

}  // namespace

class memory_exchange {
 public:
  std::mutex mutex;
  std::map<std::string, std::shared_ptr<listening>> listeners;
};

namespace {

class memory_carrier final : public carrier {
 public:
  memory_carrier(std::shared_ptr<memory_exchange> exchange, std::string address, bytes certificate, std::shared_ptr<const admission_rule> rule)
      : exchange_(std::move(exchange)), address_(std::move(address)), certificate_(std::move(certificate)), rule_(std::move(rule)) {
    if (address_.empty()) return;
    mine_ = std::make_shared<listening>();
    mine_->certificate = certificate_;
    std::lock_guard lock(exchange_->mutex);
    WEFT_ASSERT(exchange_->listeners.emplace(address_, mine_).second, "two carriers listen at one address");
  }
  ~memory_carrier() override {
    if (!mine_) return;
    std::lock_guard lock(exchange_->mutex);
    exchange_->listeners.erase(address_);
  }
  int listener() const override { return mine_ ? mine_->bell.get() : -1; }
  const std::string& address() const override { return address_; }

  result<std::optional<arrival>> accept() override {
    std::lock_guard lock(exchange_->mutex);
    std::uint64_t rung = 0;
    (void)!::read(mine_->bell.get(), &rung, sizeof rung);
    if (mine_->calls.empty()) return std::nullopt;
    auto c = std::move(mine_->calls.front());
    mine_->calls.pop_front();
    if (!mine_->calls.empty()) ring(*mine_);
    presented caller{std::move(c.certificate), {}, false};
    return arrival{std::make_unique<memory_stream>(std::move(c.file), std::move(caller), std::string(), rule_), "memory"};
  }

  result<std::unique_ptr<stream>> dial(const std::string& address, const std::string& node) override {
    std::lock_guard lock(exchange_->mutex);
    const auto it = exchange_->listeners.find(address);
    if (it == exchange_->listeners.end()) return fail(errc::unavailable, "nobody listens at " + address);
    int pair[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0) return fail(errc::unavailable, "no socket pair");
    descriptor here(pair[0]);
    it->second->calls.push_back({descriptor(pair[1]), certificate_});
    ring(*it->second);
    presented answers{it->second->certificate, {}, true};
    return std::make_unique<memory_stream>(std::move(here), std::move(answers), node, rule_);
  }

 private:
  std::shared_ptr<memory_exchange> exchange_;
  std::string address_;
  bytes certificate_;
  std::shared_ptr<const admission_rule> rule_;
  std::shared_ptr<listening> mine_;
};

}  // namespace

std::shared_ptr<memory_exchange> make_memory_exchange() { return std::make_shared<memory_exchange>(); }

std::unique_ptr<carrier> make_memory_carrier(std::shared_ptr<memory_exchange> exchange, std::string address, bytes certificate,
                                             std::shared_ptr<const admission_rule> admission) {
  return std::make_unique<memory_carrier>(std::move(exchange), std::move(address), std::move(certificate), std::move(admission));
}

}  // namespace weft::actors::remoting
