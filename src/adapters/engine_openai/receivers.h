#pragma once
// What comes of a request, between the curl thread and a coroutine on the io thread. Each holds its place at
// the upstream until the request has really ended, and gives it back on the io thread.
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "adapters/engine_openai/places.h"
#include "adapters/engine_openai/reply.h"
#include "base/sse.h"
#include "inference/text_stream.h"

namespace troupe::engine {

// Who answers, for reading and for errors; outlives its requests.
struct Source {
  OpenAiModelConfig config;
  std::string key;
};
using SourcePtr = std::shared_ptr<const Source>;

template <class T>
using Answer = std::expected<T, Failure>;

// What every reply has in common: the bound, a status that is not 200, the place.
class Receiver : public HttpReceiver, public std::enable_shared_from_this<Receiver> {
 public:
  Receiver(const rt::Env& env, SourcePtr source, Places::Place place, std::size_t bytes_max)
      : env_(env), source_(std::move(source)), bytes_max_(bytes_max), place_(std::move(place)) {}

  // io thread. Hands on what has come; afterwards, whether the caller has got any of the answer.
  virtual bool caught_up() { return false; }
  virtual void hush() {}  // the caller has left

 protected:
  virtual Then on_good(std::string_view bytes) = 0;
  // Exactly one of these ends it: a failure, or a reply that is over.
  virtual void on_failure(Failure failure) = 0;
  virtual void on_over(HttpEnd end, const std::string& detail) = 0;

  const OpenAiModelConfig& model() const { return source_->config; }
  const HttpHead& head() const { return head_; }

  const rt::Env env_;
  const SourcePtr source_;

 private:
  Then on_head(const HttpHead& head) final;
  Then on_body(std::string_view bytes) final;
  void on_end(HttpEnd end, const std::string& detail) final;

  const std::size_t bytes_max_;
  std::optional<Places::Place> place_;
  HttpHead head_;
  std::size_t bytes_ = 0;
  std::string refusal_;  // the body of a status that is not 200
};

// A reply in one piece.
class WholeReply final : public Receiver {
 public:
  using Value = std::string;
  WholeReply(const rt::Env& env, SourcePtr source, Places::Place place, std::size_t bytes_max)
      : Receiver(env, std::move(source), std::move(place), bytes_max), done(env) {}
  const rt::OneShot<Answer<Value>> done;

 private:
  Then on_good(std::string_view bytes) override;
  void on_failure(Failure failure) override { done.set(Answer<Value>(std::unexpected(std::move(failure)))); }
  void on_over(HttpEnd end, const std::string& detail) override;

  std::string body_;
};

// A streamed answer. Its text is made safe on the curl thread and heard on the io thread.
class StreamReply final : public Receiver {
 public:
  struct Value {
    Finish finish = Finish::stop;
    std::optional<Counted> counted;
    std::vector<TokenLogprob> logprobs;
  };
  // How to hear it.
  struct Hears {
    std::vector<std::string> stops;
    inference::Markup markup;
    int pieces_max =
        0;  // of the answer itself, where the upstream was given more for its thoughts; 0 = as it ends
    std::size_t bytes_max = std::size_t{1}
                            << 20;  // an upstream need not keep to the tokens that it was given
  };
  using OnText = std::function<void(std::string_view)>;
  StreamReply(const rt::Env& env, SourcePtr source, Places::Place place, Hears hears, OnText on_text)
      : Receiver(env, std::move(source), std::move(place), kReplyBytesMax),
        done(env),
        sse_(kEventBytesMax),
        stream_(std::move(hears.stops), std::move(hears.markup)),
        pieces_max_(hears.pieces_max),
        bytes_left_(hears.bytes_max),
        on_text_(std::move(on_text)) {}
  const rt::OneShot<Answer<Value>> done;

  bool caught_up() override;
  void hush() override { on_text_ = nullptr; }
  // io thread, after caught_up().
  const std::string& text() const { return text_; }
  int pieces() const;  // what was thought included
  int thoughts() const;
  std::string reasoning() const;
  // A thought ended that had not begun: this upstream's prompts open it.
  bool opens_in_thought() const;
  std::optional<rt::Instant> first_text() const;

 private:
  Then on_good(std::string_view bytes) override;
  void on_failure(Failure failure) override;
  void on_over(HttpEnd end, const std::string& detail) override;
  rt::Instant ends_by() const override { return ends_by_; }

  void on_event(std::string_view data);
  void take(const Piece& piece);
  void note_thought(std::string_view text);
  void show(std::string text);
  void settle(Answer<Value> answer);
  void settle_finished() { settle(Value{finish_.value_or(Finish::stop), counted_, std::move(logprobs_)}); }

  // Curl thread.
  SseParser sse_;
  inference::TextStream stream_;
  const int pieces_max_;
  std::size_t bytes_left_;
  std::string body_;  // of a reply that is not a stream
  std::optional<Finish> finish_;
  std::optional<Counted> counted_;
  std::vector<TokenLogprob> logprobs_;  // bounded by the reply's bytes
  bool settled_ = false;
  rt::Instant ends_by_ = rt::Instant::never();

  // Both.
  mutable std::mutex mutex_;
  std::string pending_;
  std::string reasoning_;  // kept apart by the upstream
  std::string tagged_;     // between tags
  int thoughts_ = 0;
  int apart_ = 0;          // of them, kept apart by the upstream
  bool recalled_ = false;  // what came so far was a thought
  bool opens_in_thought_ = false;
  bool coming_ = false;  // caught_up() is on its way
  int pieces_ = 0;
  std::optional<rt::Instant> first_text_;

  // io thread.
  OnText on_text_;
  std::string text_;
};

}  // namespace troupe::engine
