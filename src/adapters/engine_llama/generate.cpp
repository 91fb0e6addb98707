#include "adapters/engine_llama/generate.h"

#include <fmt/format.h>

#include <algorithm>

#include "adapters/engine_llama/json_shape.h"
#include "adapters/engine_llama/logprobs.h"
#include "adapters/engine_llama/sampler.h"
#include "base/text.h"
#include "inference/anytime.h"
#include "inference/text_stream.h"

namespace troupe::engine {

namespace {

std::unexpected<Error> too_long(const std::string& model, const std::string& have, int limit) {
  return fail(Code::invalid_argument, "engine.prompt_too_long",
              fmt::format("the prompt has {} tokens; {} takes {}", have, model, limit));
}

// The shortest JSON in tokens: at best, to say that there is no time for it, and as it may turn out, to begin
// its end.
int json_tokens_least(int bytes) { return bytes / 6; }
int json_tokens_reserve(int bytes) { return bytes / 2 + 6; }
// And more for each object or array that is open: its end, and a value where one must stand before it.
constexpr int kTokensALevel = 2;

inference::Markup::Kind markup_of(const GenerateRequest& request) {
  using Kind = inference::Markup::Kind;
  if (!request.json_schema.empty() || !request.grammar.empty()) return Kind::structured;
  return request.speech ? Kind::speech : Kind::text;
}

class GenerateRun final : public Run {
 public:
  GenerateRun(ChatLane& lane, Inbox& inbox, TicketPtr t, std::vector<llama_token> prompt, Sampler sampler,
              std::shared_ptr<GenerateCall> call, int tokens_max, int room, bool opens_in_thought)
      : Run(std::move(t), std::move(prompt)),
        lane_(lane),
        inbox_(inbox),
        sampler_(std::move(sampler)),
        call_(std::move(call)),
        stream_(call_->request.stop, inference::Markup(markup_of(call_->request), opens_in_thought)),
        json_(!call_->request.json_schema.empty()),
        speech_(!json_ && call_->request.grammar.empty()),
        tokens_max_(tokens_max),
        room_(room) {
    rows_from = tokens.size() - 1;
    if (!json_) return;
    const int bytes = json_least_bytes(call_->request.json_schema);
    answer_least = json_tokens_least(bytes);
    json_reserve_ = json_tokens_reserve(bytes);
  }

  void on_row(std::size_t /*position*/, std::span<const float> logits) override {
    const auto now = inbox_.env().now();
    note_pace(now);
    const double left = tokens_left(now);
    if (json_ && std::min(left < 0 ? tokens_max_ : left, static_cast<double>(tokens_max_ - new_tokens_)) <=
                     json_reserve_ + kTokensALevel * sampler_.open())
      sampler_.close();
    const auto token = sampler_.next(logits);
    if (lane_.model().ends(token)) return;  // nothing appended: on_done() follows
    const bool hidden = stream_.markup()->hides();
    if (call_->request.top_logprobs >= 0)
      logprobs_.push_back(logprob_of(lane_.model(), logits, token, call_->request.top_logprobs));
    ++new_tokens_;
    inbox_.counters().new_tokens.fetch_add(1);
    ticket->new_tokens.store(new_tokens_);
    ticket->state.store(ThoughtView::State::generating);
    const std::string certain = stream_.push(lane_.model().piece(token));
    // Thoughts have tokens of their own, and no likelihood of theirs is anybody's.
    if (hidden || stream_.markup()->hides()) {
      ++thought_tokens_;
      logprobs_.clear();
    }
    say(certain, left);
    if (stream_.stopped() || sampler_.complete()) return;
    if (gate_.ended()) {
      finish_ = Finish::deadline;
      cut_ = Cut::sentence;
    } else if (new_tokens_ - thought_tokens_ >= tokens_max_ || new_tokens_ >= room_ ||
               thought_tokens_ > call_->request.reasoning_tokens_max) {
      finish_ = Finish::length;
    } else {
      tokens.push_back(token);
    }
  }

  void on_done() override {
    if (json_ && finish_ == Finish::length && !sampler_.complete()) {
      return on_error(
          {Code::exhausted, "engine.json_cut",
           fmt::format("{} tokens are too few for an answer that matches the schema", tokens_max_), 0});
    }
    if (json_ && sampler_.closing()) cut_ = Cut::closed;
    if (!gate_.ended()) {
      say(stream_.finish(), -1);
      show(gate_.finish());
    }
    // The grammar came to where nothing may follow.
    if (json_ && finish_ == Finish::stop && !stream_.stopped() && !is_json(gate_.text())) {
      return on_error(
          {Code::invalid_argument, "engine.bad_grammar", "json_schema: no answer can match it", 0});
    }
    answer(finish_);
  }

  void on_error(Error error) override { call_->done.set(std::unexpected(std::move(error))); }

  void on_deadline() override {
    if (json_) {
      return on_error({Code::deadline_exceeded, "engine.json_cut",
                       "the deadline came before an answer that matches the schema was complete", 0});
    }
    say(stream_.finish(), 0);
    show(gate_.cut());
    // What was streamed stays valid; who does not stream asked for the whole, or for whole sentences.
    const bool useful = gate_.whole() || (call_->streams && !gate_.text().empty());
    if (!useful) return Run::on_deadline();
    cut_ = gate_.whole() ? Cut::sentence : Cut::deadline;
    answer(Finish::deadline);
  }

 private:
  // From token to token, waiting for others included.
  void note_pace(rt::Instant now) {
    if (new_tokens_ == 0) {
      first_token_ = now;
    } else {
      const auto took = now - last_token_;
      pace_ = pace_.count() == 0 ? took : (7 * pace_ + 3 * took) / 10;
    }
    last_token_ = now;
  }
  // What time allows after this token, less one for the way of the answer; negative = no limit.
  double tokens_left(rt::Instant now) const {
    if (ticket->deadline.is_never()) return -1;
    const auto pace = pace_.count() > 0 ? pace_ : lane_.next_token().value_or(rt::nanoseconds{0});
    if (pace.count() <= 0) return -1;
    return std::max(
        0.0, static_cast<double>((ticket->deadline - now).count()) / static_cast<double>(pace.count()) - 1);
  }

  void say(const std::string& certain, double left) {
    if (!certain.empty()) show(gate_.push(certain, speech_ ? left : -1));
  }
  void show(std::string piece) {
    if (piece.empty() || !call_->streams) return;
    rt::post(inbox_.env(), [call = call_, text = std::move(piece)] { call->deliver(text); });
  }

  void answer(Finish finish) {
    const auto now = inbox_.env().now();
    Usage usage{.prompt_tokens = static_cast<int>(prompt_tokens),
                .cached_tokens = static_cast<int>(cached),
                .new_tokens = new_tokens_,
                .reasoning_tokens = thought_tokens_,
                .queue_us = micros(began - ticket->called),
                .first_token_us = micros(first_token_ - ticket->called),
                .total_us = micros(now - ticket->called),
                .cut = cut_};
    ticket->fill(usage);
    trim_to(logprobs_, gate_.text().size());
    call_->done.set(GenerateReply{.text = gate_.text(),
                                  .reasoning = stream_.markup()->reasoning(),
                                  .finish = finish,
                                  .model = lane_.model().info().name,
                                  .model_hash = lane_.model().info().hash,
                                  .usage = usage,
                                  .logprobs = std::move(logprobs_)});
  }

  ChatLane& lane_;
  Inbox& inbox_;
  Sampler sampler_;
  std::shared_ptr<GenerateCall> call_;
  inference::TextStream stream_;
  inference::SentenceGate gate_;
  bool json_;
  bool speech_;  // free text: it may end at any sentence
  int tokens_max_;
  int room_;  // of the context: the answer and what was thought before it
  int json_reserve_ = 0;
  int new_tokens_ = 0;
  int thought_tokens_ = 0;
  Finish finish_ = Finish::stop;
  Cut cut_ = Cut::none;
  rt::Instant first_token_;
  rt::Instant last_token_;
  rt::nanoseconds pace_{0};
  std::vector<TokenLogprob> logprobs_;
};

class WarmRun final : public Run {
 public:
  WarmRun(Inbox& inbox, TicketPtr t, std::vector<llama_token> prompt, std::shared_ptr<WarmCall> call)
      : Run(std::move(t), std::move(prompt)), inbox_(inbox), call_(std::move(call)) {
    ages = false;
  }

  void on_row(std::size_t /*position*/, std::span<const float> /*logits*/) override {}
  void on_done() override {
    const auto now = inbox_.env().now();
    Usage usage{.prompt_tokens = static_cast<int>(tokens.size()),
                .cached_tokens = static_cast<int>(cached),
                .queue_us = micros(began - ticket->called),
                .total_us = micros(now - ticket->called)};
    ticket->fill(usage);
    call_->done.set(usage);
  }
  void on_error(Error error) override { call_->done.set(std::unexpected(std::move(error))); }

 private:
  Inbox& inbox_;
  std::shared_ptr<WarmCall> call_;
};

}  // namespace

Result<Prompt> bounded_prompt(const ChatLane& lane, const Limits& limits,
                              std::span<const ChatMessage> messages) {
  const auto& info = lane.model().info();
  const int most = std::min(limits.prompt_tokens_max, info.context_tokens - 1);
  // No tokeniser makes fewer than one token of 64 bytes from prose: do not even look at what is far beyond.
  std::size_t bytes = 0;
  for (const auto& message : messages) bytes += message.text.size();
  if (bytes / 64 > static_cast<std::size_t>(most))
    return too_long(info.name, fmt::format("over {}", bytes / 64), most);
  TRY(auto prompt, lane.format().prompt(messages));
  const auto length = static_cast<int>(prompt.tokens.size());
  if (length > most) return too_long(info.name, std::to_string(length), most);
  return prompt;
}

void start_generate(ChatLane& lane, Inbox& inbox, const Limits& limits, TicketPtr ticket,
                    std::shared_ptr<GenerateCall> call) {
  auto prompt = bounded_prompt(lane, limits, call->request.messages);
  if (!prompt) return call->done.set(std::unexpected(std::move(prompt).error()));
  auto sampler = Sampler::make(lane.model(), call->request);
  if (!sampler) return call->done.set(std::unexpected(std::move(sampler).error()));
  const int room = lane.model().info().context_tokens - static_cast<int>(prompt->tokens.size());
  const int tokens_max = std::max(1, std::min({call->request.tokens_max, limits.new_tokens_max, room}));
  const bool opens_in_thought = trim(prompt->text).ends_with("<think>");
  lane.add(std::make_unique<GenerateRun>(lane, inbox, std::move(ticket), std::move(prompt->tokens),
                                         *std::move(sampler), std::move(call), tokens_max, room,
                                         opens_in_thought));
}

void start_warm(ChatLane& lane, Inbox& inbox, const Limits& limits, TicketPtr ticket,
                std::shared_ptr<WarmCall> call) {
  auto prompt = bounded_prompt(lane, limits, call->request.messages);
  if (!prompt) return call->done.set(std::unexpected(std::move(prompt).error()));
  lane.add(std::make_unique<WarmRun>(inbox, std::move(ticket), std::move(prompt->tokens), std::move(call)));
}

}  // namespace troupe::engine
