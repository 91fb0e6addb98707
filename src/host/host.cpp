#include "host/host.h"

#include "base/check.h"
#include "base/log.h"
#include "host/request_check.h"
#include "host/told_error.h"

namespace troupe {

namespace {

// Measures one call and counts how it ended.
class Measured {
 public:
  Measured(Metrics& metrics, const std::string& method)
      : metrics_(metrics),
        method_(method),
        seconds_(metrics.histogram("troupe_rpc_seconds", "Time to answer an RPC", latency_bounds_seconds(),
                                   {{"method", method}})) {}
  void done(rt::Instant started, rt::Instant now, const Result<std::string>& reply) const {
    seconds_.observe(std::chrono::duration<double>(now - started).count());
    const std::string code = reply ? "ok" : std::string(code_name(reply.error().code));
    metrics_.counter("troupe_rpc_total", "RPCs answered", {{"method", method_}, {"code", code}}).add();
  }

 private:
  Metrics& metrics_;
  std::string method_;
  Histogram& seconds_;
};

// What is no RPC is asked by the server's own services alone, whoever it was that they work for.
Result<void> only_the_server(const Caller& caller) {
  if (caller.role == pb::ROLE_SERVICE) return {};
  return fail(Code::permission_denied, "rpc.role", "only the server itself may do this");
}

// What a game sends all the time is an input; when it says an `action`, too, it is a command like any other.
MethodInfo counted_as(const MethodInfo& method, const std::string& payload) {
  MethodInfo counted = method;
  const auto* action = method.access.steady() ? method.request->FindFieldByName("action") : nullptr;
  if (action == nullptr || action->type() != google::protobuf::FieldDescriptor::TYPE_STRING) return counted;
  const auto message = new_message(method.request);
  const bool acts =
      message->ParseFromString(payload) && !message->GetReflection()->GetString(*message, action).empty();
  if (acts) counted.access.set_steady(false);
  return counted;
}

}  // namespace

std::string encode_header(const rt::Env& env, const Caller& caller) {
  pb::CallHeader header;
  header.set_caller(caller.name);
  header.set_role(caller.role);
  header.set_world(caller.world);
  if (!caller.deadline.is_never()) {
    header.set_remaining_us(std::max<std::int64_t>(1, (caller.deadline - env.now()).count() / 1000));
  }
  header.set_trace(caller.trace);
  header.set_idempotency_key(caller.idempotency_key);
  header.set_stream(caller.stream);
  header.set_connection(caller.connection);
  return header.SerializeAsString();
}

Result<Caller> decode_header(const rt::Env& env, const std::string& bytes) {
  pb::CallHeader header;
  if (!header.ParseFromString(bytes)) {
    return fail(Code::invalid_argument, "rpc.bad_header", "the call header does not parse");
  }
  Caller caller{.name = header.caller(),
                .role = header.role(),
                .world = header.world(),
                .trace = header.trace(),
                .idempotency_key = header.idempotency_key(),
                .stream = header.stream(),
                .connection = header.connection()};
  const auto span =
      header.remaining_us() > 0
          ? std::min<rt::nanoseconds>(std::chrono::microseconds(header.remaining_us()), kLongestDeadline)
          : rt::nanoseconds(kDefaultDeadline);
  caller.deadline = env.now() + span;
  return caller;
}

rt::milliseconds deadline_of(const MethodInfo& method) {
  return method.request->FindFieldByName("deadline_ms") != nullptr ? kLongestDeadline : kDefaultDeadline;
}

Task<std::string> call_over_bus(const rt::Env& env, bus::Bus& bus, const MethodInfo* method, Caller caller,
                                std::string payload) {
  TROUPE_CHECK(method != nullptr, "the request belongs to an RPC");
  if (caller.deadline.is_never()) caller.deadline = env.now() + kDefaultDeadline;
  const rt::Instant deadline = caller.deadline;
  bus::Request request{method->subject(caller.world), encode_header(env, caller), std::move(payload)};
  auto reply = co_await bus.request(std::move(request), deadline);
  if (!reply && reply.error().reason == "bus.no_server")
    co_return std::unexpected(service_away(method->service));
  co_return reply;
}

Host::Host(const rt::Env& env, bus::Bus& bus, Metrics& metrics, Timeline& timeline,
           std::shared_ptr<CallLimiter> limiter)
    : env_(env),
      bus_(bus),
      metrics_(metrics),
      of_room_(metrics.labelled({{"world", timeline.config().world}})),
      timeline_(timeline),
      limiter_(std::move(limiter)),
      group_(env, timeline.config().world) {}
Host::~Host() = default;

Result<void> Host::parse(const std::string& bytes, google::protobuf::Message& message) {
  if (message.ParseFromString(bytes)) return {};
  return fail(Code::invalid_argument, "rpc.bad_payload",
              "the bytes are not a " + message.GetDescriptor()->name() + " message");
}

Result<void> Host::parse_request(const std::string& bytes, google::protobuf::Message& message) {
  TRY_VOID(parse(bytes, message));
  return check_request(message);
}

Result<Caller> Host::admit(const MethodInfo* method, const bus::Request& request) const {
  TRY(Caller caller, decode_header(env_, request.header));
  TRY_VOID(check_role(caller));
  if (!method->allows(caller.role)) {
    return fail(Code::permission_denied, "rpc.role",
                method->name + " is not for the role '" + role_name(caller.role) + "'");
  }
  if (!caller.idempotency_key.empty() && !method->takes_key()) {
    return fail(Code::invalid_argument, "idempotency.not_taken",
                method->name + (method->access.read_only() ? " changes nothing" : " keeps no answers") +
                    ": it takes no idempotency key");
  }
  const std::string& world = timeline_.config().world;
  if (timeline_.config().has_time && !caller.world.empty() && caller.world != world) {
    return fail(Code::not_found, "world.unknown",
                "no world '" + caller.world + "' here; this is '" + world + "'");
  }
  if (limiter_) TRY_VOID(limiter_->admit(counted_as(*method, request.payload), caller, env_.now()));
  return caller;
}

void Host::serve_on_bus(const MethodInfo* method, TaskHandler handler) {
  TROUPE_CHECK(method != nullptr, "the request belongs to an RPC");
  timeline_.add_service(method->service);
  auto measured = std::make_shared<Measured>(metrics_, method->name);
  auto served = bus_.serve(
      method->subject(timeline_.config().world),
      [this, method, measured, handler = std::move(handler)](bus::Request request) -> Task<std::string> {
        const auto started = env_.now();
        Result<std::string> reply = std::unexpected(Error{});
        auto caller = admit(method, request);
        const pb::Role role = caller ? caller->role : pb::ROLE_UNSPECIFIED;
        if (caller && guard_ && guard_->concerns(*method, *caller)) {
          const auto fits = co_await guard_->check(env_, *method, *caller, request.payload);
          if (!fits) caller = std::unexpected(fits.error());
        }
        if (!caller) {
          reply = std::unexpected(std::move(caller).error());
        } else {
          try {
            reply = co_await handler(*std::move(caller), std::move(request.payload));
          } catch (const boost::system::system_error&) {
            throw;  // cancelled: whoever asked is gone
          } catch (const std::exception& e) {
            log::error("host", "{} threw: {}", method->name, e.what());
            reply = fail(Code::internal, "rpc.bug", "the server made a mistake; see its log");
          }
        }
        measured->done(started, env_.now(), reply);
        if (!reply) co_return std::unexpected(told_to(role, std::move(reply).error()));
        co_return reply;
      });
  TROUPE_CHECK(served.has_value(), "each method is served once");
  subscriptions_.push_back(std::move(*served));
}

void Host::serve_task(const MethodInfo* method, TaskHandler handler) {
  TROUPE_CHECK(method != nullptr, "the request belongs to an RPC");
  auto kept = std::make_shared<TaskHandler>(std::move(handler));
  serve_on_bus(
      method,
      [this, type = method->request->full_name(), kept](Caller caller,
                                                        std::string bytes) -> Task<std::string> {
        if (caller.idempotency_key.empty()) return (*kept)(std::move(caller), std::move(bytes));
        KeyUse use = key_use(caller, type, bytes);
        caller.idempotency_key.clear();  // it is this call's: what the task asks for is something else
        return once(std::move(use), std::move(caller), std::move(bytes), kept);
      });
}

void Host::serve_query(const MethodInfo* method, std::string type, Timeline::Query query) {
  if (method != nullptr) {
    serve_on_bus(method, [query](Caller caller, std::string bytes) -> Task<std::string> {
      co_return query(caller, bytes);
    });
  } else {
    query = [inside = std::move(query)](const Caller& caller,
                                        const std::string& bytes) -> Result<std::string> {
      TRY_VOID(only_the_server(caller));
      return inside(caller, bytes);
    };
  }
  timeline_.add_query(std::move(type), std::move(query));
}

void Host::serve_command(const MethodInfo* method, std::string type, Timeline::Apply apply) {
  if (method != nullptr) {
    serve_on_bus(method, [this, type](Caller caller, std::string bytes) -> Task<std::string> {
      return timeline_.submit(std::move(caller), type, std::move(bytes));
    });
  } else {
    apply = [inside = std::move(apply)](Turn& turn, const Caller& caller,
                                        const std::string& bytes) -> Result<std::string> {
      TRY_VOID(only_the_server(caller));
      return inside(turn, caller, bytes);
    };
  }
  timeline_.add_apply(std::move(type), std::move(apply));
}

Task<std::string> Host::call_bytes(const MethodInfo* method, Caller caller, std::string payload) {
  if (caller.world.empty()) caller.world = timeline_.config().world;
  return call_over_bus(env_, bus_, method, std::move(caller), std::move(payload));
}

Result<std::string> Host::ask_bytes(const Caller& caller, const google::protobuf::Message& request) const {
  const std::string& type = request.GetDescriptor()->full_name();
  if (timeline_.is_query(type)) return timeline_.query(caller, type, request.SerializeAsString());
  const MethodInfo* method = find_method(request.GetDescriptor());
  return std::unexpected(service_away(method != nullptr ? method->service : type));
}

void Host::stream(const Caller& caller, const google::protobuf::Message& part) {
  if (caller.stream.empty()) return;
  (void)bus_.publish({caller.stream, part.SerializeAsString()});
}

void Host::spawn(std::string name, std::function<boost::asio::awaitable<void>()> task) {
  group_.spawn(std::move(name), std::move(task));
}

}  // namespace troupe
