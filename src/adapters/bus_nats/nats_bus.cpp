#include "adapters/bus_nats/nats_bus.h"

#include <fmt/core.h>

#include <boost/system/system_error.hpp>
#include <list>
#include <unordered_map>

#include "adapters/bus_nats/address.h"
#include "adapters/bus_nats/link.h"
#include "base/log.h"
#include "ports/bus_subject.h"

namespace troupe::bus {

namespace {

constexpr const char* kServers =
    "servers";  // the group of all that serve a subject: each call goes to one of them
constexpr const char* kCancel = "troupe.cancel";
constexpr rt::milliseconds kHandlerMax{600'000};  // of a caller that says no deadline

struct Server {
  Server(const rt::Env& env, const std::string& subject, RequestHandler h)
      : handler(std::move(h)), running(env, subject) {}
  RequestHandler handler;
  rt::Group running;
  bool closed = false;
  bool shared = false;
  std::shared_ptr<Ear> ear;
};

// A call that this process carries out.
struct Running {
  rt::Group::Handle handle;
  rt::Timer deadline;
  bool late = false;
};

// Shared by the bus, its subscriptions and its tasks, so that they may end in any order. Io thread.
struct State : std::enable_shared_from_this<State> {
  State(const rt::Env& e, const Limits& l) : env(e), limits(l) {}

  const rt::Env env;
  const Limits limits;
  std::shared_ptr<Link> link;
  std::string inbox;  // where answers come
  std::shared_ptr<Ear> answers;
  std::shared_ptr<Ear> cancels;

  std::unordered_map<std::string, std::list<std::shared_ptr<Server>>> servers;
  std::unordered_map<std::string, rt::OneShot<std::string>> waiting;  // by nonce: for an answer
  std::unordered_map<std::string, rt::OneShot<std::string>> turning;  // the same: for what we sent ourselves
  std::unordered_map<std::string, std::shared_ptr<Running>> running;  // by nonce

  void answered(Message message);
  void called(const std::shared_ptr<Server>& server, Message message);
  void lost();
  void unsent(const std::string& nonce, const Error& why);
  void answer(const Message& call, Result<std::string> result) const;
};

void State::answered(Message message) {
  if (const auto turn = turning.find(message.nonce); turn != turning.end())
    return turn->second.set(std::string());
  const auto found = waiting.find(message.nonce);
  if (found == waiting.end()) return;  // whoever asked left
  if (message.nobody) return found->second.set(fail(Code::unavailable, "bus.no_server", ""));
  if (message.kind == Kind::error) return found->second.set(std::unexpected(decode_error(message.body)));
  found->second.set(std::move(message.body));
}

void State::lost() {
  const Error why{Code::unavailable, "bus.away",
                  "the bus (NATS) went away before the answer came; whether it was done is not known", 1000};
  for (const auto& [nonce, shot] : waiting) shot.set(std::unexpected(why));
  for (const auto& [nonce, shot] : turning) shot.set(std::unexpected(why));
}

void State::unsent(const std::string& nonce, const Error& why) {
  if (const auto found = waiting.find(nonce); found != waiting.end()) found->second.set(std::unexpected(why));
}

void State::answer(const Message& call, Result<std::string> result) const {
  Message out{.kind = result ? Kind::answer : Kind::error, .subject = call.reply, .nonce = call.nonce};
  if (result && result->size() + kHeadersMax > std::min(limits.payload_max + kHeadersMax, link->bytes_max()))
    result = fail(Code::internal, "bus.too_large", fmt::format("the reply of {} is too large", call.subject));
  if (!result) out.kind = Kind::error;
  out.body = result ? *std::move(result) : encode_error(result.error());
  if (!call.reply.empty() && !link->send(std::move(out)) && link->health())
    log::error("bus", "the answer of {} could not be sent: too much waits", call.subject);
}

// Runs one handler to its end, whatever becomes of its caller.
rt::asio::awaitable<void> handle(std::shared_ptr<State> state, std::shared_ptr<Server> server, Message call) {
  const auto self = state->running.find(call.nonce)->second;
  struct Leave {
    std::shared_ptr<State> state;
    std::string nonce;
    ~Leave() { state->running.erase(nonce); }
  } const leave{state, call.nonce};
  try {
    auto result = co_await server->handler({call.subject, std::move(call.header), std::move(call.body)});
    state->answer(call, std::move(result));
    co_return;
  } catch (const boost::system::system_error& e) {
    if (e.code() == rt::asio::error::operation_aborted) {
      state->answer(
          call, server->closed ? std::unexpected(no_server(call.subject))
                : self->late
                    ? fail(Code::deadline_exceeded, "deadline", "the deadline passed before the answer came")
                    : fail(Code::cancelled, "bus.cancelled", call.subject + " was cancelled"));
      co_return;
    }
    log::error("bus", "{} threw: {}", call.subject, e.what());
  } catch (const std::exception& e) {
    log::error("bus", "{} threw: {}", call.subject, e.what());
  }
  state->answer(call, fail(Code::internal, "bus.threw", fmt::format("{} failed", call.subject)));
}

void State::called(const std::shared_ptr<Server>& server, Message message) {
  if (running.size() >= limits.requests_max)
    return answer(message,
                  fail(Code::exhausted, "bus.busy", "too many requests are in flight; try again", 50));
  if (running.contains(message.nonce)) return;
  const auto within = message.within_us > 0 ? std::min<rt::nanoseconds>(
                                                  std::chrono::microseconds(message.within_us), kHandlerMax)
                                            : rt::nanoseconds(kHandlerMax);
  const std::string nonce = message.nonce;
  const auto call = std::make_shared<Running>();
  running.emplace(nonce, call);
  call->deadline = env.clock.call_at(env.now() + within, [weak = std::weak_ptr(call)] {
    const auto alive = weak.lock();
    if (!alive) return;
    alive->late = true;
    alive->handle.stop();
  });
  call->handle = server->running.spawn_stoppable(
      "request", [self = shared_from_this(), server, message = std::move(message)] {
        return handle(self, server, message);
      });
}

struct Serving final : Subscription::Impl {
  Serving(std::weak_ptr<State> s, std::string name, std::shared_ptr<Server> who)
      : state(std::move(s)), subject(std::move(name)), server(std::move(who)) {}
  ~Serving() override {
    server->closed = true;
    if (const auto alive = state.lock()) {
      alive->link->mute(server->ear);
      auto& all = alive->servers[subject];
      all.remove(server);
      if (all.empty()) alive->servers.erase(subject);
    }
    server->running.cancel();
  }
  std::uint64_t dropped() const override { return server->ear->dropped; }

  std::weak_ptr<State> state;
  std::string subject;
  std::shared_ptr<Server> server;
};

struct Listening final : Subscription::Impl {
  Listening(std::weak_ptr<State> s, std::shared_ptr<Ear> e) : state(std::move(s)), ear(std::move(e)) {}
  ~Listening() override {
    if (const auto alive = state.lock()) alive->link->mute(ear);
  }
  std::uint64_t dropped() const override { return ear->dropped; }

  std::weak_ptr<State> state;
  std::shared_ptr<Ear> ear;
};

std::shared_ptr<Ear> make_ear(std::string subject, std::string group, Kind kind,
                              std::function<void(Message)> heard) {
  auto ear = std::make_shared<Ear>();
  ear->subject = std::move(subject);
  ear->group = std::move(group);
  ear->kind = kind;
  ear->heard = std::make_shared<const std::function<void(Message)>>(std::move(heard));
  return ear;
}

// Removes a waiter, however its coroutine ends. One that is cancelled tells whoever works for it.
class Waiter {
 public:
  Waiter(std::shared_ptr<State> state, std::string nonce)
      : state_(std::move(state)), nonce_(std::move(nonce)) {}
  Waiter(const Waiter&) = delete;
  ~Waiter() {
    state_->waiting.erase(nonce_);
    if (!over_ && state_->link->health())
      (void)state_->link->send({.kind = Kind::cancel, .subject = kCancel, .body = {}, .nonce = nonce_});
  }
  void over() { over_ = true; }

 private:
  std::shared_ptr<State> state_;
  std::string nonce_;
  bool over_ = false;
};

class NatsBusImpl final : public NatsBus {
 public:
  NatsBusImpl(const rt::Env& env, const Limits& limits) : state_(std::make_shared<State>(env, limits)) {}

  ~NatsBusImpl() override {
    for (const auto& [subject, all] : state_->servers) {
      for (const auto& server : all) {
        server->closed = true;
        server->running.cancel();
      }
    }
    state_->servers.clear();
    state_->lost();
    if (state_->link) state_->link->close();
  }

  Result<void> open(const NatsConfig& config) {
    const std::weak_ptr<State> weak = state_;
    const auto lost = [weak] {
      if (const auto alive = weak.lock()) alive->lost();
    };
    const auto unsent = [weak](const std::string& nonce, const Error& why) {
      if (const auto alive = weak.lock()) alive->unsent(nonce, why);
    };
    TRY(state_->link, Link::open(state_->env, config, state_->limits, {.lost = lost, .unsent = unsent}));
    state_->inbox = "_INBOX." + new_nonce(state_->env.ids) + ".";
    state_->answers = make_ear(state_->inbox + "*", "", Kind::answer, [weak](Message message) {
      if (const auto alive = weak.lock()) alive->answered(std::move(message));
    });
    state_->cancels = make_ear(kCancel, "", Kind::cancel, [weak](const Message& message) {
      const auto alive = weak.lock();
      if (!alive) return;
      const auto found = alive->running.find(message.nonce);
      if (found != alive->running.end()) found->second->handle.stop();
    });
    TRY_VOID(state_->link->listen(state_->answers));
    return state_->link->listen(state_->cancels);
  }

  Result<Subscription> serve(std::string subject, RequestHandler handler) override {
    return add_server(std::move(subject), std::move(handler), false);
  }

  Result<Subscription> share(std::string subject, RequestHandler handler) override {
    return add_server(std::move(subject), std::move(handler), true);
  }

  Task<std::string> request(Request request, rt::Instant deadline) override {
    return ask(state_, std::move(request), deadline);
  }

  Result<Subscription> subscribe(std::string pattern, EventHandler handler) override {
    TRY_VOID(check_pattern(pattern, state_->limits.subject_max));
    auto ear = make_ear(pattern, "", Kind::event, [pattern, handler = std::move(handler)](Message message) {
      const Event event{std::move(message.subject), std::move(message.body)};
      try {
        handler(event);
      } catch (const std::exception& e) {
        log::error("bus", "a handler of {} threw at {}: {}", pattern, event.subject, e.what());
      }
    });
    TRY_VOID(state_->link->listen(ear));
    return Subscription(std::make_unique<Listening>(state_, std::move(ear)));
  }

  Result<void> publish(Event event) override {
    TRY_VOID(check_subject(event.subject, state_->limits.subject_max));
    TRY_VOID(
        check_size(event.payload.size(), std::min(state_->limits.payload_max, room(event.subject.size()))));
    TRY_VOID(state_->link->health());
    Message message{.kind = Kind::event,
                    .subject = std::move(event.subject),
                    .body = std::move(event.payload),
                    .nonce = new_nonce(state_->env.ids)};
    if (state_->link->send(std::move(message))) return {};
    return fail(Code::exhausted, "bus.busy", "too many messages wait to be sent; try again", 50);
  }

  Result<void> health() const override { return state_->link->health(); }
  NatsCounts counts() const override { return state_->link->counts(); }

  Task<void> round_trip(rt::Instant deadline) override { return turn(state_, deadline); }

 private:
  // What a body may have beside its headers.
  std::size_t room(std::size_t more) const {
    const std::size_t all = state_->link->bytes_max();
    return all > kHeadersMax + more ? all - kHeadersMax - more : 0;
  }

  Result<Subscription> add_server(std::string subject, RequestHandler handler, bool shared) {
    TRY_VOID(check_subject(subject, state_->limits.subject_max));
    const auto others = state_->servers.find(subject);
    if (others != state_->servers.end() && !(shared && others->second.front()->shared)) {
      return fail(Code::conflict, "bus.taken", fmt::format("{} is served already", subject));
    }
    const auto server = std::make_shared<Server>(state_->env, subject, std::move(handler));
    server->shared = shared;
    server->ear = make_ear(subject, kServers, Kind::call,
                           [weak = std::weak_ptr(state_), who = std::weak_ptr(server)](Message message) {
                             const auto alive = weak.lock();
                             const auto serves = who.lock();
                             if (alive && serves) alive->called(serves, std::move(message));
                           });
    TRY_VOID(state_->link->listen(server->ear));
    state_->servers[subject].push_back(server);
    return Subscription(std::make_unique<Serving>(state_, std::move(subject), server));
  }

  static Task<std::string> ask(std::shared_ptr<State> state, Request request, rt::Instant deadline) {
    CO_TRY_VOID(check_subject(request.subject, state->limits.subject_max));
    const std::size_t bytes = request.header.size() + request.payload.size();
    CO_TRY_VOID(check_size(bytes, state->limits.payload_max));
    CO_TRY_VOID(check_size(bytes + request.header.size() / 2 + request.subject.size() + kHeadersMax,
                           state->link->bytes_max()));
    const auto now = state->env.now();
    if (now >= deadline) {
      co_return fail(Code::deadline_exceeded, "deadline",
                     "the deadline had passed before the request was sent");
    }
    CO_TRY_VOID(state->link->health());
    if (state->waiting.size() >= state->limits.requests_max) {
      co_return fail(Code::exhausted, "bus.busy", "too many requests are in flight; try again", 50);
    }
    const std::string subject = request.subject;
    Message call{.kind = Kind::call,
                 .subject = std::move(request.subject),
                 .header = std::move(request.header),
                 .body = std::move(request.payload),
                 .nonce = new_nonce(state->env.ids)};
    call.reply = state->inbox + call.nonce;
    if (!deadline.is_never()) call.within_us = std::max<std::int64_t>(1, (deadline - now).count() / 1000);
    const rt::OneShot<std::string> answer(state->env);
    state->waiting.emplace(call.nonce, answer);
    Waiter waiter(state, call.nonce);
    if (!state->link->send(std::move(call))) {
      waiter.over();
      co_return fail(Code::exhausted, "bus.busy", "too many messages wait to be sent; try again", 50);
    }
    auto result = co_await answer.wait(deadline);
    waiter.over();  // at the deadline its server knows by itself
    if (!result && result.error().reason == "bus.no_server") co_return std::unexpected(no_server(subject));
    co_return result;
  }

  static Task<void> turn(std::shared_ptr<State> state, rt::Instant deadline) {
    CO_TRY_VOID(state->link->health());
    const std::string nonce = new_nonce(state->env.ids);
    const rt::OneShot<std::string> back(state->env);
    state->turning.emplace(nonce, back);
    struct Leave {
      std::shared_ptr<State> state;
      std::string nonce;
      ~Leave() { state->turning.erase(nonce); }
    } const leave{state, nonce};
    if (!state->link->send(
            {.kind = Kind::answer, .subject = state->inbox + nonce, .body = {}, .nonce = nonce}))
      co_return fail(Code::exhausted, "bus.busy", "too many messages wait to be sent; try again", 50);
    CO_TRY(const std::string nothing, co_await back.wait(deadline));
    co_return Result<void>();
  }

  const std::shared_ptr<State> state_;
};

}  // namespace

Result<std::unique_ptr<NatsBus>> open_nats_bus(const rt::Env& env, const NatsConfig& config, Limits limits) {
  auto bus = std::make_unique<NatsBusImpl>(env, limits);
  TRY_VOID(bus->open(config));
  return bus;
}

std::string nats_url_problem(const std::string& url) {
  const auto address = parse_nats_url(url);
  return address ? "" : address.error().message;
}

}  // namespace troupe::bus
