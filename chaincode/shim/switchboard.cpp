#include "chaincode/shim/switchboard.hpp"

#include <algorithm>

#include "config/base/assert.hpp"

namespace weft::chaincode::shim {
namespace {

constexpr std::size_t services_kept = 1'000;  // packages that are remembered although nothing of them is going on

}  // namespace

struct switchboard::run {
  const external_frame* frame = nullptr;
  run_id id;
  call_key key;
  std::unique_ptr<request_handler> requests;
  instant deadline;
  link_id link = 0;  ///< 0: it waits.
};

struct switchboard::job {
  std::shared_ptr<const void> keep_alive;
  std::unique_ptr<simulation> sim;
  std::vector<std::unique_ptr<run>> runs;  ///< By frame number. Destroyed before the simulation, whose stubs they use.
  ticket id = 0;
};

struct switchboard::wire {
  explicit wire(const stream_options& o) : stream(o) {}
  shim::stream stream;
  std::string package_id;        ///< Of the service that it was dialled for, or that registered.
  bool accepted = false;         ///< The contract dialled us.
  std::string only_as;           ///< And may register as this package only; empty: as any.
  std::optional<instant> register_by;
  std::map<call_key, run_id> running;
  std::size_t remarks = 0;
};

struct switchboard::service {
  std::string package_id;
  link_id link = 0;              ///< Dialled or registered; 0: none.
  bool ready = false;
  std::optional<connection> to;
  std::optional<instant> give_up, retry;  ///< Of what is being tried now.
  instant latest{};              ///< Until when it may have registered, if it was reached.
  std::string failure;           ///< Of the last attempt.
  std::deque<run_id> waiting;
};

switchboard::switchboard(switchboard_options options, surroundings around) : options_(std::move(options)), around_(std::move(around)) {}
switchboard::~switchboard() = default;

board_effects switchboard::step(board_event event, instant now) {
  now_ = now;
  std::visit([this](auto&& e) { on(std::move(e)); }, std::move(event));
  if (services_.size() > services_kept) {
    std::erase_if(services_, [](const auto& s) { return s.second->link == 0 && s.second->waiting.empty() && !s.second->give_up; });
  }
  return std::exchange(out_, {});
}

std::optional<link_id> switchboard::accept(instant now, std::string only_as) {
  const auto accepted = std::count_if(links_.begin(), links_.end(), [](const auto& l) { return l.second->accepted; });
  if (static_cast<std::size_t>(accepted) >= options_.accepted_max) return std::nullopt;
  auto w = std::make_unique<wire>(options_.stream);
  w->accepted = true;
  w->only_as = std::move(only_as);
  w->register_by = now + options_.register_timeout;
  links_.emplace(++links_made_, std::move(w));
  return links_made_;
}

std::optional<instant> switchboard::next_deadline() const {
  std::optional<instant> first;
  const auto consider = [&](const std::optional<instant>& t) {
    if (t && (!first || *t < *first)) first = t;
  };
  if (!deadlines_.empty()) consider(std::get<0>(*deadlines_.begin()));
  for (const auto& [package, s] : services_) {
    consider(s->give_up);
    consider(s->retry);
  }
  for (const auto& [id, w] : links_) consider(w->register_by);
  return first;
}

bool switchboard::connected(const std::string& package_id) const {
  const auto it = services_.find(package_id);
  return it != services_.end() && it->second->ready;
}

// ---- simulations

void switchboard::on(simulate_job e) {
  if (jobs_.size() >= options_.simulations_max) {
    const auto text = "error in simulation: failed to execute transaction " + e.sim->context().proposal->header.tx_id + ": " +
                      std::to_string(options_.simulations_max) + " calls of external contracts run already: try again later";
    out_.push_back(simulated{e.id, fail(errc::busy, text)});
    return;
  }
  auto j = std::make_unique<job>();
  j->id = e.id;
  j->keep_alive = std::move(e.keep_alive);
  j->sim = std::move(e.sim);
  auto& ref = *jobs_.emplace(e.id, std::move(j)).first->second;
  advance(ref, std::move(e.step));
}

/// Goes on until the simulation waits for a contract, or has ended (`j` is then gone).
void switchboard::advance(job& j, simulation_step step) {
  for (;;) {
    if (auto* over = std::get_if<simulation_ended>(&step)) {
      const auto id = j.id;
      out_.push_back(simulated{id, std::move(over->outcome)});
      jobs_.erase(id);
      return;
    }
    if (auto* answer = std::get_if<answer_call>(&step)) {
      auto& caller = *j.runs.at(answer->frame->number);
      if (const auto w = links_.find(caller.link); w != links_.end()) {
        carry_out(w->first, w->second->stream.step(answered{request_handler::answer_call(caller.key, answer->answer)}));
      }
      return;
    }
    const auto* frame = std::get<run_frame>(step).frame;
    auto r = std::make_unique<run>();
    r->frame = frame;
    r->id = {j.id, frame->number};
    r->key = {frame->channel_id, frame->stub->tx_id()};
    r->requests = std::make_unique<request_handler>(*frame->stub, options_.requests);
    WEFT_ASSERT(j.runs.size() == frame->number, "frames begin in order");
    j.runs.push_back(std::move(r));
    const auto refused = place(*j.runs.back());
    if (!refused) return;
    j.runs.pop_back();
    step = j.sim->end(frame->number, {fail(*refused), std::nullopt});
  }
}

/// Puts a run on its package's stream, or in line for it. An error: there is no place, and nothing has changed.
std::optional<error> switchboard::place(run& r) {
  auto& s = service_of(r.frame->package_id);
  if (s.waiting.size() >= options_.waiting_max) {
    return error{errc::busy, "error sending: " + std::to_string(s.waiting.size()) + " calls wait for " + s.package_id + ": try again later"};
  }
  const auto w = s.ready ? links_.find(s.link) : links_.end();
  if (w != links_.end() && w->second->running.contains(r.key)) {
    return error{errc::already_exists, "error sending: txid: " + r.key.txid + "(" + r.key.channel + ") exists"};
  }
  r.deadline = now_ + options_.execute_timeout;
  deadlines_.emplace(r.deadline, r.id.first, r.id.second);
  if (w != links_.end() && s.waiting.empty() && w->second->stream.has_room()) {
    start(r, s, *w->second);
    return std::nullopt;
  }
  s.waiting.push_back(r.id);
  if (!s.ready && !s.give_up) begin_dial(s);
  return std::nullopt;
}

void switchboard::start(run& r, service& s, wire& w) {
  r.link = s.link;
  w.running.emplace(r.key, r.id);
  const auto& proposal = *jobs_.at(r.id.first)->sim->context().proposal;
  carry_out(s.link, w.stream.step(start_call{r.key, r.frame->args, r.frame->is_init, proposal.raw.to_bytes(), proposal.signature}));
}

switchboard::run* switchboard::find(run_id id) {
  const auto it = jobs_.find(id.first);
  return it == jobs_.end() || it->second->runs.size() <= id.second ? nullptr : it->second->runs[id.second].get();
}

/// Takes a frame's end back into its simulation.
void switchboard::end_run(run_id id, frame_outcome outcome) {
  if (!find(id)) return;
  auto& j = *jobs_.at(id.first);
  drop_runs(j, id.second);
  advance(j, j.sim->end(id.second, std::move(outcome)));
}

/// Forgets the runs of a frame and of those within it, wherever they are.
void switchboard::drop_runs(job& j, std::size_t from) {
  while (j.runs.size() > from) {
    const auto r = std::move(j.runs.back());
    j.runs.pop_back();
    deadlines_.erase({r->deadline, r->id.first, r->id.second});
    auto& s = service_of(r->frame->package_id);
    if (r->link == 0) {
      s.waiting.erase(std::remove(s.waiting.begin(), s.waiting.end(), r->id), s.waiting.end());
    } else if (const auto w = links_.find(r->link); w != links_.end()) {
      w->second->running.erase(r->key);
      carry_out(w->first, w->second->stream.step(forget_call{r->key}));
    }
  }
}

// ---- packages

switchboard::service& switchboard::service_of(const std::string& package_id) {
  auto& s = services_[package_id];
  if (!s) {
    s = std::make_unique<service>();
    s->package_id = package_id;
  }
  return *s;
}

/// Starts what waits, as far as there is room.
void switchboard::pump(service& s) {
  while (s.ready && !s.waiting.empty()) {
    const auto w = links_.find(s.link);
    if (w == links_.end() || !w->second->stream.has_room()) return;
    const auto id = s.waiting.front();
    s.waiting.pop_front();
    auto* r = find(id);
    if (!r) continue;
    if (w->second->running.contains(r->key)) {
      end_run(id, {fail(errc::already_exists, "error sending: txid: " + r->key.txid + "(" + r->key.channel + ") exists"), std::nullopt});
      continue;
    }
    start(*r, s, *w->second);
  }
}

void switchboard::begin_dial(service& s) {
  s.to = around_.connection_of ? around_.connection_of(s.package_id) : std::nullopt;
  s.give_up = now_ + (s.to ? s.to->dial_timeout : options_.launch_timeout);
  s.latest = *s.give_up + options_.register_timeout;
  s.failure = "context deadline exceeded";
  if (s.to) attempt(s);
}

void switchboard::attempt(service& s) {
  s.retry.reset();
  auto w = std::make_unique<wire>(options_.stream);
  w->package_id = s.package_id;
  s.link = ++links_made_;
  links_.emplace(s.link, std::move(w));
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*s.give_up - now_);
  out_.push_back(dial{s.link, s.package_id, *s.to, std::max(left, std::chrono::milliseconds(1))});
}

/// Nobody is there: everything that waits hears why. What they call next, or whoever comes next, dials anew.
void switchboard::fail_waiting(service& s, const std::string& why) {
  s.give_up.reset();
  s.retry.reset();
  const auto text = with_last_words("could not launch chaincode " + s.package_id + ": " + why, s.package_id);
  for (const auto& id : std::exchange(s.waiting, {})) end_run(id, {fail(errc::unavailable, text), std::nullopt});
}

/// Fabric's words.
std::string switchboard::not_registered(const std::string& package_id) const {
  auto out = "timeout expired while starting chaincode " + package_id + " for transaction: it has not registered with this peer";
  if (const auto how = around_.how_to_start ? around_.how_to_start(package_id) : std::string{}; !how.empty()) out += "; " + how;
  return out;
}

std::string switchboard::not_reached(const service& s) {
  return "connection to " + s.package_id + " failed: error cannot create connection for " + s.package_id + ": error creating grpc connection to " +
         s.to->address + ": " + s.failure;
}

// ---- streams

void switchboard::on(link_up e) {
  const auto it = links_.find(e.link);
  if (it == links_.end()) return out_.push_back(close_link{e.link, "nobody waits for this stream any more"});
  auto& s = service_of(it->second->package_id);
  if (s.link == e.link && !s.ready) {  // it was reached: now it has to speak
    s.give_up = s.latest;
    it->second->register_by = std::min(s.latest, now_ + options_.register_timeout);
  }
  out_.push_back(read_more{e.link});
}

void switchboard::on(link_message e) {
  const auto it = links_.find(e.link);
  if (it == links_.end()) return;
  carry_out(e.link, it->second->stream.step(received{std::move(e.raw)}));
  if (links_.contains(e.link)) out_.push_back(read_more{e.link});
}

void switchboard::on(link_down e) { lost(e.link, e.why); }

void switchboard::carry_out(link_id link, stream_effects effects) {
  for (auto& effect : effects) {
    const auto it = links_.find(link);
    if (it == links_.end()) return;  // an effect before this one ended it
    auto& w = *it->second;
    if (auto* e = std::get_if<send_bytes>(&effect)) {
      out_.push_back(send_message{link, std::move(e->raw)});
    } else if (auto* r = std::get_if<registration>(&effect)) {
      registered(link, r->package_id);
    } else if (auto* asked = std::get_if<serve>(&effect)) {
      carry_out(link, std::move(asked->request));
    } else if (auto* ended = std::get_if<call_ended>(&effect)) {
      const auto run = w.running.find(ended->call);
      if (run == w.running.end()) continue;
      const auto id = run->second;
      end_run(id, std::move(ended->outcome));
      if (const auto s = services_.find(w.package_id); s != services_.end()) pump(*s->second);
    } else if (auto* over = std::get_if<end_stream>(&effect)) {
      auto* waits = w.accepted ? nullptr : &service_of(w.package_id);
      if (waits && (waits->link != link || waits->ready || !waits->to)) waits = nullptr;
      end_link(link, over->why);
      if (!waits) return;
      waits->failure = over->why;  // nonsense instead of a registration: nothing else would come of another attempt
      return fail_waiting(*waits, not_reached(*waits));
    } else if (auto* text = std::get_if<remark>(&effect)) {
      remark_on(w, text->text);
    }
  }
}

/// A request of a running transaction.
void switchboard::carry_out(link_id link, message request) {
  auto& w = *links_.at(link);
  const auto running = w.running.find(request.call);
  WEFT_ASSERT(running != w.running.end(), "a stream serves only what runs on it");
  const auto id = running->second;
  auto& r = *find(id);
  auto answer = r.requests->serve(request);
  if (auto* reply = std::get_if<message>(&answer)) return carry_out(link, w.stream.step(answered{std::move(*reply)}));
  auto& call = std::get<call_request>(answer);
  auto& j = *jobs_.at(id.first);
  WEFT_ASSERT(j.runs.size() == id.second + 1, "a contract that waits for a callee cannot ask");
  advance(j, j.sim->call(call.contract, std::move(call.args)));
}

void switchboard::registered(link_id link, const std::string& package_id) {
  auto& w = *links_.at(link);
  if (!w.accepted && w.package_id != package_id) {
    const auto why = "the service that was dialled for " + w.package_id + " registered as " + package_id;
    auto& s = service_of(w.package_id);
    end_link(link, why);
    return fail_waiting(s, why);
  }
  if (!w.only_as.empty() && w.only_as != package_id) return end_link(link, "the contract's certificate was issued for " + w.only_as + ", not for " + package_id);
  if (around_.may_register && !around_.may_register(package_id)) return end_link(link, "package " + package_id + " is not installed on this peer");
  auto& s = service_of(package_id);
  w.register_by.reset();
  if (s.ready) return remark_on(w, package_id + " is connected already: this registration is not answered");
  if (s.link != 0 && s.link != link) {  // it was being dialled, but is here by itself
    out_.push_back(close_link{s.link, "the contract registered by itself"});
    links_.erase(s.link);
  }
  w.package_id = package_id;
  s.link = link;
  s.ready = true;
  s.give_up.reset();
  s.retry.reset();
  carry_out(link, w.stream.step(admit{}));
  pump(s);
}

void switchboard::end_link(link_id link, const std::string& why) {
  out_.push_back(close_link{link, why});
  out_.push_back(log_line{"stream of " + links_.at(link)->package_id + " ended: " + why});
  lost(link, why);
}

/// The stream is gone: what ran there fails, what waits is tried anew.
void switchboard::lost(link_id link, const std::string& why) {
  const auto it = links_.find(link);
  if (it == links_.end()) return;
  const auto w = std::move(it->second);
  links_.erase(it);
  const auto of = services_.find(w->package_id);
  if (of == services_.end() || of->second->link != link) return;
  auto& s = *of->second;
  s.link = 0;
  if (!std::exchange(s.ready, false)) {  // never got so far
    if (!s.give_up) return;
    if (s.waiting.empty()) return s.give_up.reset();
    s.failure = why;
    if (now_ >= *s.give_up) return fail_waiting(s, not_reached(s));
    s.retry = now_ + options_.redial_pause;
    return;
  }
  const auto text = with_last_words("error sending: chaincode stream terminated" + (why.empty() ? "" : " (" + why + ")"), s.package_id);
  for (const auto& [key, id] : std::exchange(w->running, {})) end_run(id, {fail(errc::unavailable, text), std::nullopt});
  if (!s.waiting.empty() && !s.ready && !s.give_up) begin_dial(s);
}

void switchboard::remark_on(wire& w, const std::string& text) {
  if (++w.remarks > options_.remarks_max) return;
  out_.push_back(log_line{w.package_id + ": " + text + (w.remarks == options_.remarks_max ? "; no more of that is logged for this stream" : "")});
}

// ---- time

void switchboard::on(time_passes) {
  while (!deadlines_.empty() && std::get<0>(*deadlines_.begin()) <= now_) {
    const auto [at, id, number] = *deadlines_.begin();
    auto* r = find({id, number});
    WEFT_ASSERT(r, "a deadline goes with its run");
    const auto package = r->frame->package_id;
    end_run({id, number}, {fail(errc::timeout, with_last_words("error sending: timeout expired while executing transaction", package)), std::nullopt});
    pump(service_of(package));
  }
  std::vector<link_id> silent;
  for (const auto& [id, w] : links_) {
    if (w->register_by && *w->register_by <= now_) silent.push_back(id);
  }
  for (const auto id : silent) {
    if (links_.contains(id)) end_link(id, "it did not register in time");
  }
  for (const auto& [package, s] : services_) {
    if (s->give_up && *s->give_up <= now_) {
      if (const auto link = std::exchange(s->link, 0); link != 0) {
        out_.push_back(close_link{link, "it was not reached in time"});
        links_.erase(link);
      }
      fail_waiting(*s, s->to ? not_reached(*s) : not_registered(package));
    } else if (s->retry && *s->retry <= now_) {
      attempt(*s);
    }
  }
}

namespace {
bool beyond_ascii(char c) { return static_cast<unsigned char>(c) >= 0x80; }
bool within_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }  // of UTF-8, and not its first byte
}  // namespace

std::string switchboard::with_last_words(std::string text, const std::string& package_id) const {
  auto words = around_.last_words ? around_.last_words(package_id) : std::string{};
  if (words.empty()) return text;
  if (words.size() > options_.last_words_max) {
    auto cut = words.size() - options_.last_words_max;
    while (cut < words.size() && within_character(words[cut])) ++cut;
    words.erase(0, cut);
  }
  // They travel in a field of text, which a receiver refuses as a whole when it is none.
  if (!valid_key_text(words)) std::replace_if(words.begin(), words.end(), beyond_ascii, '?');
  return text + "\nthe contract's last words:\n" + words;
}

}  // namespace weft::chaincode::shim
