// Game sockets: calls over the bus, their parts, and what players do.
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "edge/call_header.h"
#include "edge/ws_session.h"
#include "host/host.h"
#include "host/json.h"

namespace troupe::edge {

namespace {

namespace asio = boost::asio;

constexpr const char* kInputMethod = "npc.Input";
constexpr std::size_t kInputsMax = 16;

std::unexpected<Error> bad_request(std::string why) {
  return fail(Code::invalid_argument, "ws.bad_request", std::move(why));
}

}  // namespace

Caller WsSession::caller() const {
  return {.name = who_.name,
          .role = who_.role,
          .world = world_,
          .deadline = env_.now() + kDefaultDeadline,
          .trace = trace_from(nullptr, env_.ids),
          .connection = who_.gateway ? std::string() : upgrade_.connection};
}

void WsSession::on_request(const Frame::Request& request) {
  if (const auto started = start_call(request); !started) send_error(request.id(), started.error());
}

Result<void> WsSession::start_call(const Frame::Request& request) {
  const std::uint64_t id = request.id();
  if (id == 0) return bad_request("a request has an id above 0");
  if (calls_.contains(id)) return bad_request("a call with this id is under way");
  if (calls_.size() >= limits_.requests_in_flight_max) {
    return fail(Code::exhausted, "ws.busy",
                "at most " + std::to_string(limits_.requests_in_flight_max) + " calls at a time", 100);
  }
  TRY(const MethodInfo* method, find_method(request.method()));
  TRY(std::string payload, request_payload(method, request));
  TRY_VOID(check_idempotency_key(request.idempotency_key()));
  Caller caller = this->caller();
  caller.deadline = env_.now() + deadline_of(*method);
  if (request.deadline_ms() != 0) {
    TRY(caller.deadline, deadline_in(request.deadline_ms(), env_.now()));
  }
  caller.idempotency_key = request.idempotency_key();
  if (!method->access.read_only()) {
    if (!parts_heard_) {
      TRY(parts_,
          core_->bus.subscribe(parts_prefix_ + "*", [weak = weak_from_this()](const bus::Event& event) {
            if (const auto alive = weak.lock()) alive->on_part(event);
          }));
      parts_heard_ = true;
    }
    caller.stream = parts_prefix_ + std::to_string(id);
  }

  calls_.emplace(id, rt::Group::Handle{});
  auto handle = core_->group.spawn_stoppable(
      "socket call", [self = shared_from_this(), id, method, caller = std::move(caller),
                      payload = std::move(payload)]() mutable {
        return self->run_call(id, method, std::move(caller), std::move(payload));
      });
  if (const auto call = calls_.find(id); call != calls_.end()) call->second = std::move(handle);
  return {};
}

asio::awaitable<void> WsSession::run_call(std::uint64_t id, const MethodInfo* method, Caller caller,
                                          std::string payload) {
  const auto self = shared_from_this();
  const auto reply = co_await call_over_bus(env_, core_->bus, method, caller, std::move(payload));
  // What was published before the reply is sent before it.
  co_await asio::post(env_.executor, asio::use_awaitable);
  if (calls_.erase(id) == 0) co_return;
  if (!reply) {
    send_error(id, reply.error());
    co_return;
  }
  auto frame =
      co_await core_->api.big().make(wire_ == Wire::json ? reply->size() : 0, std::move(caller),
                                     [wire = wire_, id, method, bytes = *reply]() -> Result<std::string> {
                                       return encode_reply(wire, id, method->reply, bytes);
                                     });
  if (frame) {
    send(*std::move(frame));
  } else {
    send_error(id, frame.error());
  }
}

void WsSession::on_cancel(const Frame::Cancel& cancel) {
  const auto call = calls_.find(cancel.id());
  if (call == calls_.end()) return;  // answered already
  const auto handle = call->second;
  calls_.erase(call);
  handle.stop();
  send_error(cancel.id(), {Code::cancelled, "rpc.cancelled", "the client cancelled the call"});
}

void WsSession::on_part(const bus::Event& event) {
  std::uint64_t id = 0;
  const char* end = event.subject.data() + event.subject.size();
  if (std::from_chars(event.subject.data() + parts_prefix_.size(), end, id).ptr != end) return;
  pb::StreamPart part;
  if (!calls_.contains(id) || !part.ParseFromString(event.payload)) return;
  Frame frame;
  frame.mutable_delta()->set_id(id);
  frame.mutable_delta()->set_text(part.text());
  send(encode_frame(wire_, frame));
}

// Input goes to npc.Input, found by name and filled by field names: the edge knows no service.
Result<std::string> WsSession::input_payload(const MethodInfo* method, const Frame::Input& input) {
  auto fields = nlohmann::json::object();
  if (!input.place().empty()) {
    fields["place"] = input.place();
  } else if (input.has_position()) {
    fields["x"] = input.position().x();
    fields["y"] = input.position().y();
  } else {
    return bad_request("the first input says where the player is");
  }
  fields["looked_at"] = input.looked_at();
  fields["typing_to"] = input.typing_to();
  fields["action"] = input.action();
  const auto message = new_message(method->request);
  TRY_VOID(from_json_value(fields, *message));
  return message->SerializeAsString();
}

Result<void> WsSession::check_where(const Frame::Input& input) {
  if (input.has_position() && !input.place().empty())
    return bad_request("'position' and 'place' exclude each other");
  if (input.has_position() && (!std::isfinite(input.position().x()) || !std::isfinite(input.position().y())))
    return bad_request("a position is two finite numbers of metres");
  return {};
}

// Where the player is stands until something else is said.
void WsSession::stay(Frame::Input& input, const Frame::Input& before) {
  if (input.has_position() || !input.place().empty()) return;
  if (before.has_position()) *input.mutable_position() = before.position();
  input.set_place(before.place());
}

void WsSession::on_input(Frame::Input input) {
  const auto method = find_method(kInputMethod);
  if (!method) {
    send_error(input.id(), {Code::unavailable, "ws.unimplemented", "this server takes no input frames"});
    return;
  }
  if (const auto where = check_where(input); !where) return send_error(input.id(), where.error());
  // One at a time. Of those that come meanwhile only the newest counts, but what the player does is done.
  const bool passes = input.action().empty() && !inputs_.empty() && inputs_.back().action().empty();
  if (passes) {
    stay(input, inputs_.back());
    inputs_.back() = std::move(input);
  } else if (inputs_.size() >= kInputsMax) {
    return send_error(input.id(), {Code::exhausted, "ws.busy",
                                   "at most " + std::to_string(kInputsMax) + " inputs wait", 100});
  } else {
    inputs_.push_back(std::move(input));
  }
  if (input_running_) return;
  input_running_ = true;
  core_->group.spawn("socket input",
                     [self = shared_from_this(), m = *method] { return self->run_inputs(m); });
}

asio::awaitable<void> WsSession::run_inputs(const MethodInfo* method) {
  const auto self = shared_from_this();
  while (!inputs_.empty() && !closing_) {
    Frame::Input input = std::move(inputs_.front());
    inputs_.pop_front();
    stay(input, taken_);
    auto payload = input_payload(method, input);
    if (!payload) {
      send_error(input.id(), payload.error());
      continue;
    }
    const auto reply = co_await call_over_bus(env_, core_->bus, method, caller(), *std::move(payload));
    // Nobody is where they could not be: the next input goes on from the last that was taken, or came too fast.
    if (reply || reply.error().code == Code::exhausted) taken_ = input;
    if (!reply) {
      send_error(input.id(), reply.error());
    } else if (input.id() != 0 && !input.action().empty()) {
      send(encode_reply(wire_, input.id(), method->reply, *reply));
    }
  }
  input_running_ = false;
}

}  // namespace troupe::edge
