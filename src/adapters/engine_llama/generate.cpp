#include "adapters/engine_llama/generate.h"

#include <fmt/format.h>

#include <algorithm>

#include "adapters/engine_llama/sampler.h"
#include "inference/text_stream.h"

namespace troupe::engine {

namespace {

std::unexpected<Error> too_long(const std::string& model, const std::string& have, int limit) {
  return fail(Code::invalid_argument, "engine.prompt_too_long",
              fmt::format("the prompt has {} tokens; {} takes {}", have, model, limit));
}

class GenerateRun final : public Run {
 public:
  GenerateRun(ChatLane& lane, Inbox& inbox, TicketPtr t, std::vector<llama_token> prompt, Sampler sampler,
              std::shared_ptr<GenerateCall> call, int tokens_max)
      : Run(std::move(t), std::move(prompt)),
        lane_(lane),
        inbox_(inbox),
        sampler_(std::move(sampler)),
        call_(std::move(call)),
        stream_(call_->request.stop),
        tokens_max_(tokens_max) {
    rows_from = tokens.size() - 1;
    reserve = tokens.size() + static_cast<std::size_t>(tokens_max);
  }

  void on_row(std::size_t /*position*/, std::span<const float> logits) override {
    const auto token = sampler_.next(logits);
    if (new_tokens_ == 0) first_token_ = inbox_.env().now();
    if (lane_.model().ends(token)) return;  // nothing appended: on_done() follows
    ++new_tokens_;
    inbox_.counters().new_tokens.fetch_add(1);
    emit(stream_.push(lane_.model().piece(token)));
    if (stream_.stopped()) return;
    if (new_tokens_ >= tokens_max_) {
      finish_ = Finish::length;
      return;
    }
    tokens.push_back(token);
  }

  void on_done() override { answer(finish_); }

  void on_error(Error error) override { call_->done.set(std::unexpected(std::move(error))); }

  void on_deadline() override {
    // What was streamed stays valid; who does not stream asked for the whole.
    if (!emitted_ || !call_->streams) return Run::on_deadline();
    answer(Finish::deadline);
  }

 private:
  void emit(std::string piece) {
    if (piece.empty()) return;
    emitted_ = true;
    if (!call_->streams) return;
    rt::post(inbox_.env(), [call = call_, text = std::move(piece)] { call->deliver(text); });
  }

  void answer(Finish finish) {
    emit(stream_.finish());
    const auto now = inbox_.env().now();
    call_->done.set(GenerateReply{.text = stream_.text(),
                                  .finish = finish,
                                  .model = lane_.model().info().name,
                                  .model_hash = lane_.model().info().hash,
                                  .usage = {.prompt_tokens = static_cast<int>(prompt_tokens),
                                            .cached_tokens = static_cast<int>(cached),
                                            .new_tokens = new_tokens_,
                                            .queue_us = micros(began - ticket->called),
                                            .first_token_us = micros(first_token_ - ticket->called),
                                            .total_us = micros(now - ticket->called)}});
  }

  ChatLane& lane_;
  Inbox& inbox_;
  Sampler sampler_;
  std::shared_ptr<GenerateCall> call_;
  inference::TextStream stream_;
  int tokens_max_;
  int new_tokens_ = 0;
  bool emitted_ = false;
  Finish finish_ = Finish::stop;
  rt::Instant first_token_;
};

class WarmRun final : public Run {
 public:
  WarmRun(Inbox& inbox, TicketPtr t, std::vector<llama_token> prompt, std::shared_ptr<WarmCall> call)
      : Run(std::move(t), std::move(prompt)), inbox_(inbox), call_(std::move(call)) {}

  void on_row(std::size_t /*position*/, std::span<const float> /*logits*/) override {}
  void on_done() override {
    const auto now = inbox_.env().now();
    call_->done.set(Usage{.prompt_tokens = static_cast<int>(tokens.size()),
                          .cached_tokens = static_cast<int>(cached),
                          .queue_us = micros(began - ticket->called),
                          .total_us = micros(now - ticket->called)});
  }
  void on_error(Error error) override { call_->done.set(std::unexpected(std::move(error))); }

 private:
  Inbox& inbox_;
  std::shared_ptr<WarmCall> call_;
};

}  // namespace

std::int64_t micros(rt::nanoseconds span) { return span.count() / 1000; }

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
  lane.add(std::make_unique<GenerateRun>(lane, inbox, std::move(ticket), std::move(prompt->tokens),
                                         *std::move(sampler), std::move(call), tokens_max));
}

void start_warm(ChatLane& lane, Inbox& inbox, const Limits& limits, TicketPtr ticket,
                std::shared_ptr<WarmCall> call) {
  auto prompt = bounded_prompt(lane, limits, call->request.messages);
  if (!prompt) return call->done.set(std::unexpected(std::move(prompt).error()));
  lane.add(std::make_unique<WarmRun>(inbox, std::move(ticket), std::move(prompt->tokens), std::move(call)));
}

}  // namespace troupe::engine
