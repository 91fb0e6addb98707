#include "adapters/engine_openai/receivers.h"

#include <utility>

#include "base/text.h"

namespace troupe::engine {

namespace {

constexpr std::size_t kRefusalBytesMax = 16 * 1024;
// After the last token: for the count of tokens, and for the rest of the reply, so that the connection can be
// used again.
constexpr auto kCountComesWithin = rt::milliseconds(500);
constexpr auto kDrainedWithin = rt::milliseconds(1'000);

}  // namespace

HttpReceiver::Then Receiver::on_head(const HttpHead& head) {
  head_ = head;
  return Then::more;
}

HttpReceiver::Then Receiver::on_body(std::string_view bytes) {
  if (head_.status != 200) {
    refusal_ += bytes.substr(0, kRefusalBytesMax - refusal_.size());
    return refusal_.size() < kRefusalBytesMax ? Then::more : Then::stop;
  }
  bytes_ += bytes.size();
  if (bytes_ <= bytes_max_) return on_good(bytes);
  on_failure(bad_reply(model(), "more than it may"));
  return Then::stop;
}

void Receiver::on_end(HttpEnd end, const std::string& detail) {
  const bool refused = head_.status != 0 && head_.status != 200;
  if (refused && (end == HttpEnd::complete || refusal_.size() == kRefusalBytesMax)) {
    on_failure(failure_of_status(head_.status, refusal_, head_.retry_after_ms, model(), source_->key));
  } else {
    on_over(end, detail);
  }
  rt::post(env_, [place = std::move(place_)] {});
}

// ---- WholeReply

HttpReceiver::Then WholeReply::on_good(std::string_view bytes) {
  body_ += bytes;
  return Then::more;
}

void WholeReply::on_over(HttpEnd end, const std::string& detail) {
  if (end == HttpEnd::complete) {
    done.set(Answer<Value>(std::move(body_)));
  } else {
    on_failure(failure_of_end(end, detail, model()));
  }
}

// ---- StreamReply, on the curl thread

HttpReceiver::Then StreamReply::on_good(std::string_view bytes) {
  if (!head().is_event_stream) {  // an error, or an upstream that does not stream
    body_ += bytes;
    return Then::more;
  }
  if (!sse_.feed(bytes, [this](const SseEvent& event) { on_event(event.data); })) {
    on_failure(bad_reply(model(), "a line without an end"));
    return Then::stop;
  }
  // Once answered, what is left may drain; a stop string means that the upstream goes on, and has to be
  // stopped.
  return settled_ && !finish_ ? Then::stop : Then::more;
}

void StreamReply::on_event(std::string_view data) {
  if (settled_) return;
  if (data == "[DONE]") {
    if (!finish_) finish_ = Finish::stop;
    return settle_finished();
  }
  const auto piece = read_piece(data, model());
  if (!piece) return on_failure(piece.error());
  take(*piece);
  if (stream_.stopped() && !finish_) return settle_finished();
  if (finish_) ends_by_ = std::min(ends_by_, env_.now() + kCountComesWithin);
}

void StreamReply::take(const Piece& piece) {
  if (!piece.reasoning.empty()) note_thought(piece.reasoning);
  if (!piece.text.empty()) {
    const auto& markup = *stream_.markup();
    const bool hidden = markup.hides();
    const int recalls = markup.recalls();
    const auto heard = utf8_prefix(piece.text, bytes_left_);
    bytes_left_ -= heard.size();
    auto shown = stream_.push(heard);
    bool enough = heard.size() < piece.text.size();
    {
      const std::lock_guard lock(mutex_);
      ++pieces_;
      if (hidden || markup.hides()) {
        ++thoughts_;
        tagged_ = markup.reasoning();
      }
      if (!shown.empty() && !first_text_) first_text_ = env_.now();
      enough |= pieces_max_ > 0 && pieces_ - thoughts_ >= pieces_max_;
      if (markup.recalls() > recalls) {
        recalled_ = true;
        thoughts_ = pieces_;
        tagged_ = markup.reasoning();
        pending_.clear();
      }
    }
    show(std::move(shown));
    if (enough && !piece.finish && !stream_.stopped()) return settle(Value{Finish::length, counted_, {}});
  }
  if (piece.finish) finish_ = piece.finish;
  if (piece.counted) counted_ = piece.counted;
  logprobs_.insert(logprobs_.end(), piece.logprobs.begin(), piece.logprobs.end());
}

void StreamReply::note_thought(std::string_view text) {
  const std::lock_guard lock(mutex_);
  ++pieces_;
  ++thoughts_;
  ++apart_;
  reasoning_ += utf8_prefix(text, inference::Markup::kReasoningBytesMax - reasoning_.size());
}

void StreamReply::show(std::string text) {
  if (text.empty()) return;
  const std::lock_guard lock(mutex_);
  pending_ += text;
  if (std::exchange(coming_, true)) return;
  rt::post(env_, [self = std::static_pointer_cast<StreamReply>(shared_from_this())] { self->caught_up(); });
}

void StreamReply::on_failure(Failure failure) {
  if (finish_) return settle_finished();  // the answer was there; what is wrong came after it
  settle(std::unexpected(std::move(failure)));
}

void StreamReply::on_over(HttpEnd end, const std::string& detail) {
  if (settled_) return;
  if (end == HttpEnd::complete && !head().is_event_stream) {
    const auto piece = read_piece(body_, model());
    if (!piece) return on_failure(piece.error());
    take(*piece);
    return settle_finished();
  }
  if (finish_) return settle_finished();
  if (end == HttpEnd::complete)
    return on_failure(failure_of_end(HttpEnd::cut_off, "before the answer's end", model()));
  on_failure(failure_of_end(end, detail, model()));
}

void StreamReply::settle(Answer<Value> answer) {
  if (std::exchange(settled_, true)) return;
  if (answer) {
    auto rest = stream_.finish();
    {
      const std::lock_guard lock(mutex_);
      opens_in_thought_ = stream_.markup()->begun_before();
      if (!stream_.markup()->thought()) thoughts_ = apart_;  // what was held was no thought
    }
    show(std::move(rest));
  }
  if (answer && stream_.stopped()) answer->finish = Finish::stop;
  ends_by_ = std::min(ends_by_, env_.now() + kDrainedWithin);
  done.set(std::move(answer));
}

// ---- StreamReply, on the io thread

bool StreamReply::caught_up() {
  std::string text;
  {
    const std::lock_guard lock(mutex_);
    text.swap(pending_);
    coming_ = false;
    if (std::exchange(recalled_, false)) text_.clear();
  }
  text_ += text;
  if (on_text_ && !text.empty()) on_text_(text);
  return on_text_ && !text_.empty();
}

int StreamReply::pieces() const {
  const std::lock_guard lock(mutex_);
  return pieces_;
}

int StreamReply::thoughts() const {
  const std::lock_guard lock(mutex_);
  return thoughts_;
}

std::string StreamReply::reasoning() const {
  const std::lock_guard lock(mutex_);
  return reasoning_.empty() ? tagged_ : reasoning_;
}

bool StreamReply::opens_in_thought() const {
  const std::lock_guard lock(mutex_);
  return opens_in_thought_;
}

std::optional<rt::Instant> StreamReply::first_text() const {
  const std::lock_guard lock(mutex_);
  return first_text_;
}

}  // namespace troupe::engine
