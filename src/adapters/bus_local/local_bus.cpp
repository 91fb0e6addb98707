#include "adapters/bus_local/local_bus.h"

#include <fmt/core.h>

#include <algorithm>
#include <boost/system/system_error.hpp>
#include <deque>
#include <list>
#include <unordered_map>
#include <vector>

#include "base/log.h"
#include "ports/bus_subject.h"

namespace troupe::bus {

namespace {

constexpr std::size_t kRoutesMax = 4096;
constexpr std::size_t kSliceMax = 256;  // events delivered before other work gets its turn

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};
template <class T>
using ByText = std::unordered_map<std::string, T, TextHash, std::equal_to<>>;

struct Server {
  Server(const rt::Env& env, const std::string& subject, RequestHandler h)
      : handler(std::move(h)), running(env, subject) {}
  RequestHandler handler;
  rt::Group running;
  bool closed = false;
  bool shared = false;
};

struct Subscriber {
  std::string pattern;
  EventHandler handler;
  std::deque<std::shared_ptr<const Event>> backlog;
  std::uint64_t dropped = 0;
  bool ready = false;  // stands in State::ready
  bool closed = false;
};
using Subscribers = std::vector<std::shared_ptr<Subscriber>>;

// Shared by the bus, its subscriptions and its tasks, so that they may end in any order.
struct State : std::enable_shared_from_this<State> {
  State(const rt::Env& e, const Limits& l) : env(e), limits(l) {}

  const rt::Env env;
  const Limits limits;
  ByText<std::deque<std::shared_ptr<Server>>>
      servers;  // those that share a subject, whose turn it is in front
  std::size_t in_flight = 0;

  Subscribers subscribers;     // in the order of subscription
  ByText<Subscribers> routes;  // of subjects published before; forgotten when the subscribers change
  std::deque<std::shared_ptr<Subscriber>> ready;
  bool posted = false;

  const Subscribers* route(const std::string& subject);
  void deliver(const std::shared_ptr<Subscriber>& to, std::shared_ptr<const Event> event);
  void post_delivery();
  void deliver_slice();
};

const Subscribers* State::route(const std::string& subject) {
  if (const auto known = routes.find(subject); known != routes.end()) return &known->second;
  if (!is_subject(subject, limits.subject_max)) return nullptr;
  if (routes.size() >= kRoutesMax) routes.clear();
  Subscribers matching;
  for (const auto& subscriber : subscribers) {
    if (subject_matches(subscriber->pattern, subject)) matching.push_back(subscriber);
  }
  return &routes.emplace(subject, std::move(matching)).first->second;
}

void State::deliver(const std::shared_ptr<Subscriber>& to, std::shared_ptr<const Event> event) {
  to->backlog.push_back(std::move(event));
  if (to->backlog.size() > limits.backlog_max) {
    to->backlog.pop_front();
    if (to->dropped++ == 0)
      log::error("bus", "{} is read too slowly: its oldest events are dropped", to->pattern);
  }
  if (!to->ready) {
    to->ready = true;
    ready.push_back(to);
  }
}

void State::post_delivery() {
  if (posted || ready.empty()) return;
  posted = true;
  rt::asio::post(env.executor, [self = shared_from_this()] { self->deliver_slice(); });
}

void State::deliver_slice() {
  posted = false;
  std::size_t left = kSliceMax;
  while (!ready.empty() && left > 0) {
    const auto subscriber = ready.front();
    ready.pop_front();
    subscriber->ready = false;
    while (!subscriber->closed && !subscriber->backlog.empty() && left > 0) {
      --left;
      const auto event = std::move(subscriber->backlog.front());
      subscriber->backlog.pop_front();
      try {
        subscriber->handler(*event);
      } catch (const std::exception& e) {
        log::error("bus", "a handler of {} threw at {}: {}", subscriber->pattern, event->subject, e.what());
      }
    }
    if (!subscriber->closed && !subscriber->backlog.empty() && !subscriber->ready) {
      subscriber->ready = true;
      ready.push_back(subscriber);
    }
  }
  post_delivery();
}

struct Serving final : Subscription::Impl {
  Serving(std::weak_ptr<State> s, std::string name, std::shared_ptr<Server> who)
      : state(std::move(s)), subject(std::move(name)), server(std::move(who)) {}
  ~Serving() override {
    server->closed = true;
    if (const auto alive = state.lock()) {
      if (const auto all = alive->servers.find(subject); all != alive->servers.end()) {
        std::erase(all->second, server);
        if (all->second.empty()) alive->servers.erase(all);
      }
    }
    server->running.cancel();
  }
  std::uint64_t dropped() const override { return 0; }

  std::weak_ptr<State> state;
  std::string subject;
  std::shared_ptr<Server> server;
};

struct Listening final : Subscription::Impl {
  Listening(std::weak_ptr<State> s, std::shared_ptr<Subscriber> who)
      : state(std::move(s)), subscriber(std::move(who)) {}
  ~Listening() override {
    subscriber->closed = true;
    subscriber->backlog.clear();
    const auto alive = state.lock();
    if (!alive) return;
    alive->routes.clear();
    std::erase(alive->subscribers, subscriber);
  }
  std::uint64_t dropped() const override { return subscriber->dropped; }

  std::weak_ptr<State> state;
  std::shared_ptr<Subscriber> subscriber;
};

Error no_server(std::string_view subject) {
  return {Code::unavailable, "bus.no_server", fmt::format("nobody serves {}", subject), 1000};
}

// One request in flight, from its admission until its handler has ended, also when it never started.
struct Call {
  Call(std::shared_ptr<State> s, std::shared_ptr<Server> who, Request what)
      : state(std::move(s)), server(std::move(who)), request(std::move(what)), answer(state->env) {
    ++state->in_flight;
  }
  ~Call() {
    --state->in_flight;
    answer.set(server->closed
                   ? std::unexpected(no_server(subject))
                   : fail(Code::cancelled, "bus.cancelled", fmt::format("{} was cancelled", subject)));
  }
  Call(const Call&) = delete;

  const std::shared_ptr<State> state;
  const std::shared_ptr<Server> server;
  Request request;
  const std::string subject = request.subject;
  const rt::OneShot<std::string> answer;
};

// Runs one handler to its end, whatever becomes of its caller. A cancelled handler is answered by ~Call.
rt::asio::awaitable<void> handle(std::shared_ptr<Call> call) {
  try {
    // A handler that never waits would otherwise run inside its caller, and a loop of requests would starve
    // the rest.
    co_await rt::asio::post(rt::asio::use_awaitable);
    auto result = co_await call->server->handler(std::move(call->request));
    if (result && result->size() > call->state->limits.payload_max) {
      result =
          fail(Code::internal, "bus.too_large", fmt::format("the reply of {} is too large", call->subject));
    }
    call->answer.set(std::move(result));
  } catch (const boost::system::system_error& e) {
    if (e.code() == rt::asio::error::operation_aborted) co_return;
    log::error("bus", "{} threw: {}", call->subject, e.what());
    call->answer.set(fail(Code::internal, "bus.threw", fmt::format("{} failed", call->subject)));
  } catch (const std::exception& e) {
    log::error("bus", "{} threw: {}", call->subject, e.what());
    call->answer.set(fail(Code::internal, "bus.threw", fmt::format("{} failed", call->subject)));
  }
}

class LocalBus final : public Bus {
 public:
  LocalBus(const rt::Env& env, const Limits& limits) : state_(std::make_shared<State>(env, limits)) {}

  ~LocalBus() override {
    for (const auto& [subject, all] : state_->servers) {
      for (const auto& server : all) {
        server->closed = true;
        server->running.cancel();
      }
    }
    state_->servers.clear();
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
    auto subscriber = std::make_shared<Subscriber>();
    subscriber->pattern = std::move(pattern);
    subscriber->handler = std::move(handler);
    state_->routes.clear();
    state_->subscribers.push_back(subscriber);
    return Subscription(std::make_unique<Listening>(state_, std::move(subscriber)));
  }

  Result<void> publish(Event event) override {
    TRY_VOID(check_size(event.payload.size(), state_->limits.payload_max));
    const Subscribers* const to = state_->route(event.subject);
    if (!to) return check_subject(event.subject, state_->limits.subject_max);
    if (to->empty()) return {};
    const auto shared = std::make_shared<const Event>(std::move(event));
    for (const auto& subscriber : *to) state_->deliver(subscriber, shared);
    state_->post_delivery();
    return {};
  }

  Result<void> health() const override { return {}; }

 private:
  Result<Subscription> add_server(std::string subject, RequestHandler handler, bool shared) {
    TRY_VOID(check_subject(subject, state_->limits.subject_max));
    const auto others = state_->servers.find(subject);
    if (others != state_->servers.end() && !(shared && others->second.front()->shared)) {
      return fail(Code::conflict, "bus.taken", fmt::format("{} is served already", subject));
    }
    auto server = std::make_shared<Server>(state_->env, subject, std::move(handler));
    server->shared = shared;
    state_->servers[subject].push_back(server);
    return Subscription(std::make_unique<Serving>(state_, std::move(subject), std::move(server)));
  }

  static Task<std::string> ask(std::shared_ptr<State> state, Request request, rt::Instant deadline) {
    CO_TRY_VOID(check_subject(request.subject, state->limits.subject_max));
    CO_TRY_VOID(check_size(request.header.size() + request.payload.size(), state->limits.payload_max));
    const auto found = state->servers.find(request.subject);
    if (found == state->servers.end()) co_return std::unexpected(no_server(request.subject));
    if (state->env.now() >= deadline) {
      co_return fail(Code::deadline_exceeded, "deadline",
                     "the deadline had passed before the request was sent");
    }
    if (state->in_flight >= state->limits.requests_max) {
      co_return fail(Code::exhausted, "bus.busy", "too many requests are in flight; try again", 50);
    }
    // Whoever leaves first, by the deadline or by cancellation, takes the handler along.
    auto& all = found->second;
    auto call = std::make_shared<Call>(state, all.front(), std::move(request));
    if (all.size() > 1) std::ranges::rotate(all, all.begin() + 1);
    const auto answer = call->answer;
    auto& running = call->server->running;
    const rt::StopOnExit stop(
        running.spawn_stoppable("request", [c = std::move(call)] { return handle(c); }));
    co_return co_await answer.wait(deadline);
  }

  std::shared_ptr<State> state_;
};

}  // namespace

std::unique_ptr<Bus> make_local_bus(const rt::Env& env, Limits limits) {
  return std::make_unique<LocalBus>(env, limits);
}

}  // namespace troupe::bus
