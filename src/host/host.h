#pragma once
// Where services register what they answer. Authorisation by role, deadlines, metrics, trace ids, idempotency
// and limits are wrapped here, once, around every handler. One Host per timeline; owned by app; io thread.
//
//   host.serve(&WeatherService::forecast, this);  a query:   Result<Reply>(const Caller&, const Request&) const
//   host.serve(&WeatherService::set, this);       a command: Result<Reply>(Turn&, const Caller&, const Request&)
//   host.serve(&NpcService::talk, this);          a task:    Task<Reply>(Caller, Request)
//   host.on(&WeatherService::on_phase, this);     an event:  void(Turn&, const EventContext&, const PhaseChanged&)
//
// Queries and commands are also answered inside turns (Turn::call). Commands become recorded inputs. A request that is no RPC of
// any proto is for the role `service` alone.
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "host/call_limits.h"
#include "host/caller.h"
#include "host/metrics.h"
#include "host/registry.h"
#include "host/timeline.h"
#include "host/word_guard.h"
#include "ports/bus.h"

namespace troupe {

class Host {
 public:
  // `limiter` counts what comes over the bus; hosts of one server share it. Without one everything passes.
  Host(const rt::Env& env, bus::Bus& bus, Metrics& metrics, Timeline& timeline,
       std::shared_ptr<CallLimiter> limiter = nullptr);
  ~Host();

  template <class S, class Reply, class Request>
  void serve(Task<Reply> (S::*handler)(Caller, Request), S* service) {
    serve_task(
        method_of<Request>(), [service, handler](Caller caller, std::string bytes) -> Task<std::string> {
          Request request;
          CO_TRY_VOID(parse_request(bytes, request));
          CO_TRY(const Reply reply, co_await (service->*handler)(std::move(caller), std::move(request)));
          co_return reply.SerializeAsString();
        });
  }

  template <class S, class Reply, class Request>
  void serve(Result<Reply> (S::*handler)(const Caller&, const Request&) const, const S* service) {
    serve_query(method_of<Request>(), Request::descriptor()->full_name(),
                [service, handler](const Caller& caller, const std::string& bytes) -> Result<std::string> {
                  Request request;
                  TRY_VOID(parse_request(bytes, request));
                  TRY(const Reply reply, (service->*handler)(caller, request));
                  return reply.SerializeAsString();
                });
  }

  template <class S, class Reply, class Request>
  void serve(Result<Reply> (S::*handler)(Turn&, const Caller&, const Request&), S* service) {
    serve_command(method_of<Request>(), Request::descriptor()->full_name(),
                  [service, handler](Turn& turn, const Caller& caller,
                                     const std::string& bytes) -> Result<std::string> {
                    Request request;
                    TRY_VOID(parse_request(bytes, request));
                    TRY(const Reply reply, (service->*handler)(turn, caller, request));
                    return reply.SerializeAsString();
                  });
  }

  template <class S, class Event>
  void on(void (S::*handler)(Turn&, const EventContext&, const Event&), S* service) {
    timeline_.add_listener(
        Event::descriptor()->name(),
        [service, handler](Turn& turn, const EventContext& context, const std::string& bytes) {
          Event event;
          if (event.ParseFromString(bytes)) (service->*handler)(turn, context, event);
        });
  }

  // Asks over the bus. The deadline, world and trace are the caller's; without a world, this room's.
  template <class Reply, class Request>
  Task<Reply> call(Caller caller, Request request) {
    const MethodInfo* method = method_of<Request>();
    CO_TRY(const std::string bytes,
           co_await call_bytes(method, std::move(caller), request.SerializeAsString()));
    Reply reply;
    CO_TRY_VOID(parse(bytes, reply));
    co_return reply;
  }
  Task<std::string> call_bytes(const MethodInfo* method, Caller caller, std::string payload);

  // Asks a query of another service of this room, answered at once; inside a turn it sees what the turn has
  // changed so far, as Turn::call does.
  template <class Reply, class Request>
  Result<Reply> ask(const Caller& caller, const Request& request) const {
    TRY(const std::string bytes, ask_bytes(caller, request));
    Reply reply;
    TRY_VOID(parse(bytes, reply));
    return reply;
  }

  // Applies a command that is no RPC (a model's answer, say) as a recorded input of this timeline.
  template <class Reply, class Request>
  Task<Reply> submit(Caller caller, Request request) {
    CO_TRY(const std::string bytes,
           co_await timeline_.submit(std::move(caller), Request::descriptor()->full_name(),
                                     request.SerializeAsString()));
    Reply reply;
    CO_TRY_VOID(parse(bytes, reply));
    co_return reply;
  }

  // Publishes a partial answer for whoever asked (Caller::stream); nothing when nobody listens.
  void stream(const Caller& caller, const google::protobuf::Message& part);

  // Tasks of services: cancelled and joined at shutdown.
  void spawn(std::string name, std::function<boost::asio::awaitable<void>()> task);

  // What clients write is judged from now on; before that nothing is.
  void guard_words(WordGuard::Rules rules) { guard_ = std::make_unique<WordGuard>(std::move(rules)); }
  void on_held_back(WordGuard::OnHeldBack tell) {
    if (guard_) guard_->on_held_back(std::move(tell));
  }

  Timeline& timeline() { return timeline_; }
  const rt::Env& env() const { return env_; }
  // Of this room: what is made through it carries its name.
  Metrics& metrics() { return of_room_; }
  bus::Bus& bus() { return bus_; }
  rt::Group& group() { return group_; }

 private:
  template <class Request>
  static const MethodInfo* method_of() {
    return find_method(Request::descriptor());
  }
  Result<std::string> ask_bytes(const Caller& caller, const google::protobuf::Message& request) const;
  static Result<void> parse(const std::string& bytes, google::protobuf::Message& message);
  // The one way into a handler: what cannot be stored is refused here, before anything is applied.
  static Result<void> parse_request(const std::string& bytes, google::protobuf::Message& message);

  using TaskHandler = std::function<Task<std::string>(Caller, std::string)>;
  void serve_task(const MethodInfo* method, TaskHandler handler);
  void serve_query(const MethodInfo* method, std::string type, Timeline::Query query);
  void serve_command(const MethodInfo* method, std::string type, Timeline::Apply apply);
  void serve_on_bus(const MethodInfo* method, TaskHandler handler);
  Task<std::string> once(KeyUse use, Caller caller, std::string payload,
                         std::shared_ptr<TaskHandler> handler);
  boost::asio::awaitable<void> run_once(KeyUse use, Caller caller, std::string payload,
                                        std::shared_ptr<TaskHandler> handler);
  Result<Caller> admit(const MethodInfo* method, const bus::Request& request) const;

  rt::Env env_;
  bus::Bus& bus_;
  Metrics& metrics_;  // of the server: RPCs are counted there for all rooms together
  Metrics of_room_;
  Timeline& timeline_;
  std::shared_ptr<CallLimiter> limiter_;
  std::unique_ptr<WordGuard> guard_;
  rt::Group group_;
  // Tasks under way that came with a key, and who waits for their answer.
  struct Flight {
    std::string request;
    std::vector<rt::OneShot<std::string>> waiting;
  };
  std::map<std::pair<std::string, std::string>, Flight> flights_;  // by owner and key
  std::vector<bus::Subscription> subscriptions_;
};

// The header that carries `caller` over the bus, and back.
std::string encode_header(const rt::Env& env, const Caller& caller);
Result<Caller> decode_header(const rt::Env& env, const std::string& bytes);

// A call over the bus from outside any service, to the service of `caller.world` or the one that all share. Default
// deadline: kDefaultDeadline. Where nobody answers: `unavailable` service.away.
Task<std::string> call_over_bus(const rt::Env& env, bus::Bus& bus, const MethodInfo* method, Caller caller,
                                std::string payload);

inline constexpr rt::milliseconds kDefaultDeadline{30'000};
inline constexpr rt::milliseconds kLongestDeadline{600'000};
// Of a call that names none: a request that has a deadline of its own (`deadline_ms`) is held to that one.
rt::milliseconds deadline_of(const MethodInfo& method);

}  // namespace troupe
