#include "edge/ws_session.h"

#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "host/host.h"
#include "host/told_error.h"

namespace troupe::edge {

namespace {

namespace asio = boost::asio;

std::uint16_t close_code_of(const std::string& reason, Wire wire) {
  if (reason == "slow") return 1013;
  if (reason == "hello") return 1008;
  if (reason == "bad_frames") return wire == Wire::json ? 1007 : 1002;
  return 1001;
}

}  // namespace

WsSession::WsSession(std::shared_ptr<EdgeCore> core, std::unique_ptr<WsStream> stream, Wire wire,
                     UpgradeIdentity upgrade)
    : core_(std::move(core)),
      env_(core_->env),
      limits_(core_->config.limits.socket),
      stream_(std::move(stream)),
      wire_(wire),
      upgrade_(std::move(upgrade)),
      parts_prefix_("str." + env_.ids.uuid7(env_.clock.wall_ms()) + ".") {}

asio::awaitable<void> WsSession::run() {
  const auto self = shared_from_this();
  core_->sockets.insert(this);
  core_->counters.sockets(core_->sockets.size());
  // However this ends, also by cancellation.
  struct Finish {
    ~Finish() { session.finish(); }
    WsSession& session;
  };
  const Finish finish{*this};

  core_->group.spawn("socket writer", [self] { return self->write_loop(); });
  hello_timer_ = env_.clock.call_at(env_.now() + limits_.hello_timeout, [weak = weak_from_this()] {
    if (const auto alive = weak.lock()) alive->goaway("hello", "hello did not come in time");
  });
  waiting_.emplace(core_->waiting, upgrade_.address, [this] { stream_->drop(); });
  for (;;) {
    auto message = co_await stream_->read();
    if (!message) break;
    core_->counters.frame_in();
    if (closing_) continue;  // only the closing handshake is still of interest
    co_await on_message(*std::move(message));
  }
}

void WsSession::finish() {
  core_->sockets.erase(this);
  core_->counters.sockets(core_->sockets.size());
  if (door_ != nullptr) door_->hub.remove(hub_key_);
  if (present_) door_->presence.went(who_.name);
  hello_timer_.cancel();
  waiting_.reset();
  pacer_timer_.cancel();
  closing_ = true;
  queue_.clear();
  live_.clear();
  for (const auto& [id, call] : calls_) call.stop();
  calls_.clear();
  parts_ = {};
  stream_->drop();
  wake_writer();
  if (room_waits_) room_waits_->set({});
}

void WsSession::wake_writer() {
  if (writer_waits_) writer_waits_->set({});
}

asio::awaitable<void> WsSession::write_loop() {
  const auto self = shared_from_this();
  for (;;) {
    while (queue_.empty()) {
      if (closing_) {
        co_await stream_->close(close_code_, close_reason_);
        co_return;
      }
      writer_waits_.emplace(env_);
      const auto wait = *writer_waits_;
      (void)co_await wait.wait();
      writer_waits_.reset();
    }
    auto frame = std::move(queue_.front());
    queue_.pop_front();
    queue_bytes_ -= frame->size();
    if (room_waits_ && has_room()) room_waits_->set({});
    const auto sent = co_await stream_->write(std::move(frame), wire_ == Wire::json);
    if (!sent) {
      if (sent.error().reason == "ws.slow") core_->counters.dropped("slow");
      stream_->drop();
      co_return;
    }
    core_->counters.frame_out();
  }
}

bool WsSession::crowded() const {
  return queue_.size() >= limits_.queue_frames_max / 4 * 3 || queue_bytes_ >= limits_.queue_bytes_max / 4 * 3;
}

void WsSession::send(std::shared_ptr<const std::string> frame, pb::Priority priority) {
  if (closing_) return;
  // What is of high priority finds room for an eighth longer.
  const std::size_t more = priority == pb::PRIORITY_HIGH ? 9 : 8;
  if (queue_.size() >= limits_.queue_frames_max / 8 * more ||
      queue_bytes_ + frame->size() > limits_.queue_bytes_max / 8 * more) {
    core_->counters.dropped("slow");
    goaway("slow", "the client reads too slowly; come back with the last sequence as the cursor");
    return;
  }
  queue_bytes_ += frame->size();
  queue_.push_back(std::move(frame));
  wake_writer();
}

void WsSession::goaway(const std::string& reason, const std::string& message) {
  if (closing_) return;
  if (reason == "slow") {  // what waits would take as long as it has taken so far
    queue_.clear();
    queue_bytes_ = 0;
  }
  Frame frame;
  frame.mutable_goaway()->set_reason(reason);
  frame.mutable_goaway()->set_message(message);
  auto bytes = std::make_shared<const std::string>(encode_frame(wire_, frame));
  queue_bytes_ += bytes->size();
  queue_.push_back(std::move(bytes));
  closing_ = true;
  close_code_ = close_code_of(reason, wire_);
  close_reason_ = reason;
  close_timer_ = env_.clock.call_at(env_.now() + limits_.close_timeout, [weak = weak_from_this()] {
    if (const auto alive = weak.lock()) alive->stream_->drop();
  });
  wake_writer();
  if (room_waits_) room_waits_->set({});
}

void WsSession::send_error(std::uint64_t id, Error error) {
  error.message = without_paths(std::move(error.message), core_->config.private_paths);
  send(encode_error(wire_, id, error));
}

void WsSession::bad_frame(const Error& error) {
  send_error(0, error);
  if (++bad_frames_ >= limits_.bad_frames_max) {
    core_->counters.dropped("bad_frames");
    goaway("bad_frames", "too many frames that make no sense");
  }
}

asio::awaitable<void> WsSession::on_message(WsMessage message) {
  if (message.text != (wire_ == Wire::json)) {
    bad_frame({Code::invalid_argument, "ws.bad_frame",
               std::string(wire_name(wire_)) + " takes " + (wire_ == Wire::json ? "text" : "binary") +
                   " messages"});
    co_return;
  }
  auto frame = decode_frame(wire_, message.bytes);
  if (!frame) {
    bad_frame(frame.error());
    co_return;
  }
  if (!greeted_ && !frame->has_hello()) {
    send_error(0, {Code::unauthenticated, "ws.no_hello", "the first frame is hello"});
    goaway("hello", "the first frame is hello");
    co_return;
  }
  switch (frame->frame_case()) {
    case Frame::kHello:
      if (greeted_) {
        bad_frame({Code::invalid_argument, "ws.bad_frame", "hello comes once"});
      } else {
        co_await on_hello(std::move(*frame->mutable_hello()));
      }
      break;
    case Frame::kRequest:
      on_request(frame->request());
      break;
    case Frame::kCancel:
      on_cancel(frame->cancel());
      break;
    case Frame::kSubscribe:
      co_await on_subscribe(std::move(*frame->mutable_subscribe()));
      break;
    case Frame::kInput:
      on_input(std::move(*frame->mutable_input()));
      break;
    default:
      bad_frame({Code::invalid_argument, "ws.bad_frame", "this frame is for servers to send"});
      break;
  }
}

// Who it is, and into which world they come.
Task<Identity> WsSession::enter(Frame::Hello hello) {
  const auto either = [](const std::string& said, const std::string& before) {
    return said.empty() ? before : said;
  };
  // As with the header: who names nobody is not let in with more rights than a player.
  if (hello.has_player() && trim(hello.player()).empty())
    co_return fail(Code::invalid_argument, "auth.bad_player", "hello.player names nobody");
  CO_TRY(Identity who,
         core_->sign_in(upgrade_.address, either(hello.token(), upgrade_.bearer),
                        either(hello.player(), upgrade_.player), either(hello.role(), upgrade_.role)));
  const std::string named = either(hello.world(), upgrade_.world);
  CO_TRY(world_, co_await core_->worlds.meant(named.empty() ? std::nullopt : std::optional(named)));
  CO_TRY(visit_, co_await core_->worlds.enter(world_));
  co_return who;
}

asio::awaitable<void> WsSession::on_hello(Frame::Hello hello) {
  const auto self = shared_from_this();
  greeted_ = true;
  hello_timer_.cancel();
  waiting_.reset();
  auto who = co_await enter(hello);
  if (!who) {
    send_error(0, who.error());
    goaway("hello", who.error().message);
    co_return;
  }
  if (closing_) co_return;
  who_ = *std::move(who);
  door_ = &core_->door(world_);

  Welcome set;
  if (core_->config.welcome) {
    if (auto found = co_await core_->config.welcome()) set = *std::move(found);
    if (closing_) co_return;
  }
  present_ = who_.role == pb::ROLE_PLAYER;
  if (present_ && set.players_max && !door_->presence.is_here(who_.name) &&
      door_->presence.count() >= *set.players_max) {
    present_ = false;
    const Error full{Code::exhausted, "world.full", "as many players as may be are here; try later", 10'000};
    send_error(0, full);
    goaway("full", full.message);
    co_return;
  }
  if (present_) {
    door_->presence.came(who_.name);
    core_->say_came(world_, who_.name);
  }

  const std::optional<std::uint64_t> cursor =
      hello.has_cursor() ? std::optional(hello.cursor()) : std::optional<std::uint64_t>();
  auto end = co_await log_end(cursor);
  if (!end) {
    const Error why = told_to(who_.role, end.error());
    send_error(0, why);
    goaway("hello", why.message);
    co_return;
  }
  const auto line = core_->worlds.line(world_);
  // The same sequence of another line is another event.
  if (cursor && end->refused.empty() && hello.line() != line.name && line.parted && *cursor > *line.parted)
    end->refused = "rolled_back";
  const bool resumed = cursor && end->refused.empty();
  position_ = resumed ? *cursor : end->tail;

  Frame frame;
  auto& welcome = *frame.mutable_welcome();
  welcome.set_player(who_.name);
  welcome.set_role(role_name(who_.role));
  welcome.set_server_version(core_->config.version);
  welcome.set_world(world_);
  welcome.set_cursor(position_);
  welcome.set_line(line.name);
  welcome.set_resumed(resumed);
  welcome.set_resume_reason(end->refused);
  welcome.set_message_of_the_day(set.message_of_the_day);
  auto& limits = *welcome.mutable_limits();
  limits.set_frame_bytes_max(static_cast<std::uint32_t>(limits_.frame_bytes_max));
  limits.set_requests_in_flight_max(static_cast<std::uint32_t>(limits_.requests_in_flight_max));
  limits.set_queue_frames_max(static_cast<std::uint32_t>(limits_.queue_frames_max));
  limits.set_queue_bytes_max(static_cast<std::uint32_t>(limits_.queue_bytes_max));
  limits.set_resume_events_max(static_cast<std::uint32_t>(limits_.resume_events_max));
  send(encode_frame(wire_, frame));
  if (cursor && !resumed) co_await send_snapshots();
  if (hello.has_subscribe()) co_await on_subscribe(std::move(*hello.mutable_subscribe()));
}

// How things are now, for who has missed too much: read after the cursor of welcome was, so that nothing is
// between them.
asio::awaitable<void> WsSession::send_snapshots() {
  const auto self = shared_from_this();
  std::vector<const MethodInfo*> methods;
  for (const auto& service : all_services()) {
    for (const auto* method : service.methods) {
      if (method->access.snapshot() && method->allows(who_.role)) methods.push_back(method);
    }
  }
  for (const auto* method : methods) {
    const auto reply = co_await call_over_bus(env_, core_->bus, method, caller(), {});
    if (closing_) co_return;
    if (!reply) log::warn("edge", "no {} in a snapshot: {}", method->name, reply.error().message);
    send(encode_snapshot(wire_, *method, reply ? &*reply : nullptr, method == methods.back()));
  }
}

}  // namespace troupe::edge
