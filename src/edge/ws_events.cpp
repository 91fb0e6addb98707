// Game sockets: the world's events, from the log and live, filtered, paced, each once and in order.
#include "base/log.h"
#include "edge/ws_session.h"

namespace troupe::edge {

namespace {
namespace asio = boost::asio;
}

// Where the log ends now, durably, and whether it still holds everything after `cursor`.
Task<WsSession::LogEnd> WsSession::log_end(std::optional<std::uint64_t> cursor) {
  const auto end = std::make_shared<LogEnd>();
  CO_TRY_VOID(co_await core_->world.db().read(
      [end, cursor, far = limits_.resume_events_max](db::Reader& reader) -> Result<void> {
        TRY(const auto last, event_log::tail(reader));
        end->tail = last.events;
        if (!cursor || *cursor == last.events) return {};
        if (*cursor > last.events) {
          end->refused = "ahead";
        } else if (last.events - *cursor > far) {
          end->refused = "too_far";
        } else {
          TRY(const auto next, event_log::event(reader, *cursor + 1));
          if (!next) end->refused = "too_old";
        }
        return {};
      }));
  co_return *end;
}

asio::awaitable<void> WsSession::on_subscribe(Frame::Subscribe subscribe) {
  const auto self = shared_from_this();
  auto filter = make_filter(subscribe, who_.role);
  if (!filter) {
    send_error(subscribe.id(), filter.error());
    co_return;
  }
  if (subscribe.has_area()) {
    const auto& area = subscribe.area();
    const auto within = co_await core_->hub.places_within(area.x(), area.y(), area.radius());
    if (!within) {
      send_error(subscribe.id(), within.error());
      co_return;
    }
    filter->places.insert(within->begin(), within->end());
  }
  if (closing_) co_return;
  if (pacer_) {
    while (const auto out = pacer_->take_anyway())
      send(encode_event(wire_, out->event->envelope, out->coalesced));
  }
  filter_ = *std::move(filter);
  pacer_.emplace(subscribe.rate_per_s(), limits_.coalesced_keys_max, env_.now());
  if (subscribe.id() != 0) send(encode_reply(wire_, subscribe.id(), nullptr, {}));
  if (hub_key_ != 0) co_return;
  hub_key_ = core_->hub.add([this](const HubEventPtr& event) { on_live(event); });  // removed by finish()
  start_catching_up();
}

void WsSession::start_catching_up() {
  catching_up_ = true;
  core_->group.spawn("socket catches up", [self = shared_from_this()] { return self->catch_up(); });
}

// Whether `event` is the next one; moves position_. A repeat is not, nor is one after a hole.
bool WsSession::in_order(const HubEventPtr& event) {
  const std::uint64_t sequence = event->envelope.sequence();
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
    if (event->envelope.sequence() <= position_) return;
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
  const std::string world = core_->world.config().world;
  for (;;) {
    live_lost_ = false;
    const auto page = std::make_shared<std::vector<EventRecord>>();
    const auto read = co_await core_->world.db().read(
        [page, query = HistoryQuery{.after = position_, .limit = limits_.resume_page}](
            db::Reader& reader) -> Result<void> {
          TRY(*page, event_log::history(reader, query));
          return {};
        });
    if (!read) {
      log::warn("edge", "a socket cannot be caught up: {}", read.error().message);
      goaway("unavailable", "the log cannot be read now: " + read.error().message);
    }
    for (const auto& record : *page) {
      co_await room();
      if (closing_) co_return;
      position_ = record.sequence;
      offer(make_hub_event(event_log::to_envelope(record, world)));
    }
    if (closing_) co_return;
    if (page->size() == limits_.resume_page) continue;

    bool hole = false;
    while (!live_.empty() && !live_lost_ && !hole) {
      co_await room();
      if (closing_) co_return;
      if (live_.empty()) break;
      const HubEventPtr event = live_.front();
      if (in_order(event)) {
        offer(event);
      } else if (event->envelope.sequence() > position_) {
        // Published means durable, so that the log has what is missing; where it has not, there is nothing to
        // wait for.
        hole = !page->empty();
        if (!hole) {
          core_->counters.dropped("hole");
          position_ = event->envelope.sequence();
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
  if (!filter_->passes(*event)) return;
  pacer_->offer(std::move(event));
  pump();
}

void WsSession::pump() {
  while (auto out = pacer_->take(env_.now())) {
    if (out->coalesced == 0) {
      send(out->event->frame(wire_));
      continue;
    }
    core_->counters.coalesced(out->coalesced);
    send(encode_event(wire_, out->event->envelope, out->coalesced));
  }
  const rt::Instant next = pacer_->next(env_.now());
  if (next.is_never()) return;
  pacer_timer_ = env_.clock.call_at(next, [weak = weak_from_this()] {
    if (const auto alive = weak.lock(); alive && !alive->closing_) alive->pump();
  });
}

}  // namespace troupe::edge
