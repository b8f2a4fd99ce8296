#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <future>
#include <mutex>

#include "edge/rpc/client.hpp"
#include "edge/rpc/server.hpp"
#include "edge/rpc/trailer.hpp"

using namespace weft;
using namespace weft::edge;
using actors::rpc_code;
using actors::status_of;

namespace {

/// Where the server listens: on a Unix socket (gRPC's server), or on a port (ours).
struct on_socket {};
struct on_port {};

/// A service that echoes, holds, drops and refuses.
class echo {
 public:
  explicit echo(on_socket) : echo(true) {}
  explicit echo(on_port) : echo(false) {}
  explicit echo(bool socket) {
    auto name = (std::filesystem::temp_directory_path() / "weft-rpc-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    folder_ = name;
    service s{"test.Echo", 3, {}, {}};
    s.unary["Say"] = [](const unary_ptr& c) { c->answer(c->request() + c->metadata("suffix")); };
    s.unary["Drop"] = [](const unary_ptr&) {};
    s.unary["Twice"] = [](const unary_ptr& c) {
      c->answer("first");
      c->answer("second");
      c->refuse(status_of(rpc_code::internal, "third"));
    };
    s.unary["Refuse"] = [](const unary_ptr& c) {
      c->refuse(status_of(rpc_code::aborted, "no: \xc3\xa9", {{"peer0", "Org1MSP", "one"}, {"peer1", "Org2MSP", "two"}}));
    };
    s.unary["RefuseWith"] = [this](const unary_ptr& c) { c->refuse(refusal); };
    s.unary["Hold"] = [this](const unary_ptr& c) {
      std::lock_guard lock(mutex_);
      held_.push_back(c);
      if (held_.size() == 3) full_.set_value();
    };
    s.streams["Count"] = [](const stream_ptr& out) { return std::make_unique<counter>(out); };
    std::vector<service> services;
    services.push_back(std::move(s));
    const auto address = socket ? "unix:" + (folder_ / "s").string() : std::string("127.0.0.1:0");
    server_ = std::move(*server::start(address, std::move(services)));
    client = rpc_client::connect(socket ? address : "127.0.0.1:" + std::to_string(server_->port()));
  }
  ~echo() {
    client.reset();
    held_.clear();
    server_.reset();
    std::filesystem::remove_all(folder_);
  }
  std::vector<unary_ptr> take_held() {
    std::lock_guard lock(mutex_);
    return std::exchange(held_, {});
  }
  void wait_full() { full_.get_future().wait(); }

  std::shared_ptr<rpc_client> client;
  actors::rpc_status refusal;  ///< Of RefuseWith.
  server& running() { return *server_; }

 private:
  /// Answers a message N with the messages 1…N, then waits for the next.
  class counter final : public stream_events {
   public:
    explicit counter(stream_ptr out) : out_(std::move(out)) { out_->read(); }
    void message(bytes content) override {
      if (content == "stop") return out_->finish(status_of(rpc_code::failed_precondition, "stopped"));
      for (int i = 1; i <= std::stoi(content); ++i) out_->write(std::to_string(i));
      out_->read();
    }
    void no_more_messages() override { out_->finish({}); }
    void written() override {}
    void cancelled() override {}
    void closed() override {}

   private:
    stream_ptr out_;
  };

  std::filesystem::path folder_;
  std::mutex mutex_;
  std::promise<void> full_;
  std::vector<unary_ptr> held_;
  std::unique_ptr<server> server_;
};

int code(rpc_code c) { return static_cast<int>(c); }

}  // namespace

TEST_CASE_TEMPLATE("a call carries bytes and metadata", where, on_socket, on_port) {
  echo e{where{}};
  const bytes zeros(100'000, '\0');
  CHECK(e.client->call("/test.Echo/Say", zeros).response == zeros);
  CHECK(e.client->call("/test.Echo/Say", {}).status.ok());
  CHECK(e.client->call("/test.Echo/Say", "a", {std::nullopt, {{"suffix", "b"}}}).response == "ab");
}

TEST_CASE_TEMPLATE("a call's first answer counts", where, on_socket, on_port) {
  echo e{where{}};  // of its own: gRPC frees a call's seat only after its client has the answer, and there are three
  CHECK(e.client->call("/test.Echo/Twice", {}).response == "first");
}

TEST_CASE_TEMPLATE("a call that nobody answers is answered", where, on_socket, on_port) {
  echo e{where{}};
  CHECK(e.client->call("/test.Echo/Drop", {}).status.code == code(rpc_code::unavailable));
  CHECK(e.client->call("/test.Echo/Nothing", {}).status.code == code(rpc_code::unimplemented));
  CHECK(e.client->call("/test.Other/Say", {}).status.code == code(rpc_code::unimplemented));
}

TEST_CASE_TEMPLATE("a refusal arrives with its text and details", where, on_socket, on_port) {
  echo e{where{}};
  const auto r = e.client->call("/test.Echo/Refuse", {});
  CHECK(r.status.code == code(rpc_code::aborted));
  CHECK(r.status.message == "no: \xc3\xa9");
  REQUIRE(r.status.details.size() == 2);
  CHECK(r.status.details[1].address == "peer1");
  CHECK(r.status.details[1].msp_id == "Org2MSP");
  CHECK(r.status.details[1].message == "two");
}

TEST_CASE_TEMPLATE("more calls than a service may have are refused at once, and room that was freed is used again", where, on_socket, on_port) {
  echo e{where{}};
  std::vector<std::future<call_answer>> calls;
  for (int i = 0; i < 3; ++i) calls.push_back(std::async(std::launch::async, [&] { return e.client->call("/test.Echo/Hold", {}); }));
  e.wait_full();
  const auto refused = e.client->call("/test.Echo/Say", {});
  CHECK(refused.status.code == code(rpc_code::resource_exhausted));
  CHECK(refused.status.message == "too many requests for /test.Echo, exceeding concurrency limit (3)");
  for (const auto& c : e.take_held()) c->answer("now");
  for (auto& c : calls) CHECK(c.get().response == "now");
  call_answer again;
  for (int i = 0; i < 1'000 && (i == 0 || !again.status.ok()); ++i) again = e.client->call("/test.Echo/Say", "again");
  CHECK(again.response == "again");
}

TEST_CASE_TEMPLATE("a deadline ends a call, and a late answer harms nobody", where, on_socket, on_port) {
  echo e{where{}};
  const auto r = e.client->call("/test.Echo/Hold", {}, {std::chrono::milliseconds(50), {}});
  CHECK(r.status.code == code(rpc_code::deadline_exceeded));
  for (const auto& c : e.take_held()) c->answer("late");
  CHECK(e.client->call("/test.Echo/Say", "next").response == "next");
}

TEST_CASE_TEMPLATE("a stream writes in order, takes further requests and ends with its status", where, on_socket, on_port) {
  echo e{where{}};
  const auto s = e.client->open("/test.Echo/Count");
  for (const int n : {3, 200}) {
    REQUIRE(s->write(std::to_string(n)));
    for (int i = 1; i <= n; ++i) CHECK(s->read() == std::to_string(i));
  }
  REQUIRE(s->write("stop"));
  CHECK_FALSE(s->read().has_value());
  CHECK(s->status().code == code(rpc_code::failed_precondition));
  CHECK(s->status().message == "stopped");
}

TEST_CASE_TEMPLATE("stopping ends what is open", where, on_socket, on_port) {
  echo e{where{}};
  const auto s = e.client->open("/test.Echo/Count");
  REQUIRE(s->write("1"));
  CHECK(s->read() == "1");
  e.running().stop(std::chrono::milliseconds(0));
  CHECK_FALSE(s->read().has_value());
  CHECK_FALSE(s->status().ok());
  CHECK(e.running().open_calls() == 0);
}

TEST_CASE_TEMPLATE("a status that is longer than a client's limit arrives with the ends of its texts", where, on_socket, on_port) {
  struct row {
    const char* what;
    std::string message, detail;
    std::size_t details;
  };
  const std::string letters = "\xc3\xa4";
  std::string many_letters;
  for (int i = 0; i < 8'000; ++i) many_letters += letters;
  for (const auto& r : {row{"long details", "why", std::string(16'000, 'x'), 2}, row{"everything long", std::string(16'000, 'm'), std::string(16'000, 'x'), 3},
                        row{"lines", std::string(9'000, '\n'), std::string(9'000, '\n'), 1}, row{"letters of two bytes", many_letters, many_letters, 2},
                        row{"many peers", "why", std::string(500, 'x'), 128}}) {
    CAPTURE(r.what);
    auto status = status_of(rpc_code::aborted, "begin" + r.message + "end");
    for (std::size_t i = 0; i < r.details; ++i) status.details.push_back({"peer0.org1.example.com", "Org1MSP", "begin" + r.detail + "end"});
    echo e{where{}};
    e.refusal = status;
    const auto got = e.client->call("/test.Echo/RefuseWith", {}).status;
    CHECK(got.code == code(rpc_code::aborted));
    CHECK(got.message.starts_with("begin"));
    CHECK(got.message.ends_with("end"));
    REQUIRE_FALSE(got.details.empty());
    for (const auto& d : got.details) {
      CHECK(d.message.starts_with("begin"));
      CHECK(d.message.ends_with("end"));
    }
  }
}

TEST_CASE("what fits a trailer is left as it is") {
  const auto status = status_of(rpc_code::aborted, "why", {{"peer0", "Org1MSP", std::string(1'500, 'x')}, {"peer1", "Org2MSP", "short"}});
  const auto fit = fit_for_trailer(status);
  CHECK(fit.message == status.message);
  REQUIRE(fit.details.size() == 2);
  CHECK(fit.details[0].message == status.details[0].message);
  CHECK(fit.details[1].message == status.details[1].message);
}

TEST_CASE("details survive their trailer, and rubbish has none") {
  const auto status = status_of(rpc_code::aborted, "why", {{"a", "m", "text"}});
  const auto back = decode_details(encode_details(status));
  REQUIRE(back.size() == 1);
  CHECK(back[0].message == "text");
  CHECK(encode_details(status_of(rpc_code::aborted, "why")).empty());
  for (const auto* rubbish : {"", "\xff", "\x1a\x02zz", "text"}) CHECK(decode_details(rubbish).empty());
}
