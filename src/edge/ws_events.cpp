// Game sockets: the world's events, from the log and live, filtered, paced, each once and in order.
#include <algorithm>
#include <utility>

#include "base/log.h"
#include "edge/ws_session.h"
#include "host/host.h"
#include "host/told_error.h"
#include "troupe/v1/events.pb.h"

namespace troupe::edge {

namespace {
namespace asio = boost::asio;
}

// Where the log ends now, durably, and whether it still holds everything after `cursor`.
Task<WsSession::LogEnd> WsSession::log_end(std::optional<std::uint64_t> cursor) {
  const auto next = std::make_shared<pb::Envelope>();
  CO_TRY(const auto page,
         co_await visit_->read(cursor.value_or(0), cursor ? 1 : 0, [next](std::string_view envelope) {
           next->ParseFromArray(envelope.data(), static_cast<int>(envelope.size()));
         }));
  LogEnd end{.tail = page.tail, .refused = {}};
  if (!cursor || *cursor == page.tail) co_return end;
  if (*cursor > page.tail) {
    end.refused = "ahead";
  } else if (page.tail - *cursor > limits_.resume_events_max) {
    end.refused = "too_far";
  } else if (next->sequence() != *cursor + 1) {
    end.refused = "too_old";
  }
  co_return end;
}

// Which of the types that somebody asks for, and the server does not know itself, the game has declared.
Task<std::set<std::string>> WsSession::own_types(Frame::Subscribe subscribe) const {
  std::set<std::string> own;
  if (std::ranges::all_of(subscribe.types(),
                          [](const auto& name) { return find_event_type(name).has_value(); }))
    co_return own;
  const auto* method = find_method(pb::EventsTypesRequest::descriptor());
  CO_TRY(const std::string bytes, co_await call_over_bus(env_, core_->bus, method, caller(), std::string()));
  pb::EventsTypesReply reply;
  if (!reply.ParseFromString(bytes)) co_return own;
  for (const auto& type : reply.types()) {
    if (type.own()) own.insert(type.type());
  }
  co_return own;
}

asio::awaitable<void> WsSession::on_subscribe(Frame::Subscribe subscribe) {
  const auto self = shared_from_this();
  // Where nobody answers, names that the server does not know are refused as unknown.
  const auto own = co_await own_types(subscribe);
  auto filter = make_filter(subscribe, who_.role, own ? *own : std::set<std::string>());
  if (!filter) {
    send_error(subscribe.id(), filter.error());
    co_return;
  }
  if (subscribe.has_area()) {
    const auto& area = subscribe.area();
    const auto within = co_await door_->hub.places_within(area.x(), area.y(), area.radius());
    if (!within) {
      send_error(subscribe.id(), within.error());
      co_return;
    }
    filter->places.insert(within->begin(), within->end());
  }
  if (closing_) co_return;
  if (pacer_) {
    while (const auto out = pacer_->take_anyway()) give(*out);
  }
  filter_ = *std::move(filter);
  pacer_.emplace(subscribe.rate_per_s(), limits_.coalesced_keys_max, env_.now());
  if (subscribe.id() != 0) send(encode_reply(wire_, subscribe.id(), nullptr, {}));
  if (hub_key_ != 0) co_return;
  hub_key_ = door_->hub.add([this](const HubEventPtr& event) { on_live(event); });  // removed by finish()
  start_catching_up();
}

void WsSession::start_catching_up() {
  catching_up_ = true;
  core_->group.spawn("socket catches up", [self = shared_from_this()] { return self->catch_up(); });
}

// Whether `event` is the next one; moves position_. A repeat is not, nor is one after a hole.
bool WsSession::in_order(const HubEventPtr& event) {
  const std::uint64_t sequence = event->envelope().sequence();
  if (sequence == 0) return true;  // live only: not in the log
  if (sequence != position_ + 1) return false;
  position_ = sequence;
  return true;
}

void WsSession::on_live(const HubEventPtr& event) {
  if (closing_) return;
  if (!catching_up_) {
    if (in_order(event)) {
      offer(event);
      return;
    }
    if (event->envelope().sequence() <= position_) return;
    start_catching_up();
  }
  if (live_.size() < limits_.live_buffer_max) {
    live_.push_back(event);
    return;
  }
  // The log has them; those that are live only are lost.
  core_->counters.dropped("live");
  live_.clear();
  live_lost_ = true;
}

bool WsSession::has_room() const {
  return queue_.size() <= limits_.queue_frames_max / 2 && queue_bytes_ <= limits_.queue_bytes_max / 2;
}

asio::awaitable<void> WsSession::room() {
  while (!has_room() && !closing_) {
    room_waits_.emplace(env_);
    const auto wait = *room_waits_;
    (void)co_await wait.wait();
    room_waits_.reset();
  }
}

asio::awaitable<void> WsSession::catch_up() {
  const auto self = shared_from_this();
  for (;;) {
    live_lost_ = false;
    // The frames are made where the log is read; where the room is in this process, that is no io thread.
    const auto page = std::make_shared<std::vector<HubEventPtr>>();
    const auto read = co_await visit_->read(
        position_, limits_.resume_page, [page, who = who_, wire = wire_](std::string_view bytes) {
          pb::Envelope envelope;
          if (!envelope.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return;
          page->push_back(make_hub_event(std::move(envelope)));
          page->back()->prepare(wire, who.role, who.name);
        });
    if (!read) {
      log::warn("edge", "a socket cannot be caught up: {}", read.error().message);
      goaway("unavailable", told_to(who_.role, read.error()).message);
    }
    for (const auto& event : *page) {
      co_await room();
      if (closing_) co_return;
      position_ = event->envelope().sequence();
      offer(event);
    }
    if (closing_) co_return;
    if (read && read->more) continue;

    bool hole = false;
    while (!live_.empty() && !live_lost_ && !hole) {
      co_await room();
      if (closing_) co_return;
      if (live_.empty()) break;
      const HubEventPtr event = live_.front();
      if (in_order(event)) {
        offer(event);
      } else if (event->envelope().sequence() > position_) {
        // Published means durable, so that the log has what is missing; where it has not, there is nothing to
        // wait for.
        hole = !page->empty();
        if (!hole) {
          core_->counters.dropped("hole");
          position_ = event->envelope().sequence();
          offer(event);
        }
      }
      if (!hole) live_.pop_front();
    }
    if (live_lost_ || hole) continue;
    catching_up_ = false;
    co_return;
  }
}

void WsSession::offer(HubEventPtr event) {
  if (event->shown.to(who_.role, who_.name) == nullptr || !filter_->wants(*event)) return;
  pacer_->offer(std::move(event));
  pump();
}

void WsSession::give(const Pacer::Out& out) {
  const auto* seen = out.event->shown.to(who_.role, who_.name);
  if (seen == nullptr) return;
  if (seen->priority() == pb::PRIORITY_LOW && crowded()) {
    ++left_out_;
    core_->counters.dropped("low");
    return;
  }
  const auto left_out = std::exchange(left_out_, 0);
  if (out.coalesced > 0) core_->counters.coalesced(out.coalesced);
  if (out.coalesced == 0 && left_out == 0) {
    send(out.event->frame(wire_, *seen), seen->priority());
  } else {
    send(std::make_shared<const std::string>(encode_event(wire_, *seen, out.coalesced, left_out)),
         seen->priority());
  }
}

void WsSession::pump() {
  while (auto out = pacer_->take(env_.now())) give(*out);
  const rt::Instant next = pacer_->next(env_.now());
  if (next.is_never()) return;
  pacer_timer_ = env_.clock.call_at(next, [weak = weak_from_this()] {
    if (const auto alive = weak.lock(); alive && !alive->closing_) alive->pump();
  });
}

}  // namespace troupe::edge
