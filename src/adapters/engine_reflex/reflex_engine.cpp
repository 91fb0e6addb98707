#include "adapters/engine_reflex/reflex_engine.h"

#include <fmt/format.h>

#include <algorithm>

#include "adapters/engine_reflex/reflex_rules.h"
#include "base/check.h"
#include "base/text.h"
#include "inference/choice.h"
#include "inference/text_stream.h"

namespace troupe::engine {

namespace {

constexpr double kTemperature = 0.15;  // scores are about 0 to 1.75: what fits the scene is clearly ahead

// At most `words_max` words; a line is short, so this rarely cuts.
std::string cut(std::string_view line, int words_max, Finish& finish) {
  int words = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] != ' ') continue;
    if (++words >= words_max) {
      finish = Finish::length;
      return std::string(line.substr(0, i));
    }
  }
  return std::string(line);
}

class ReflexEngine final : public Engine {
 public:
  explicit ReflexEngine(ReflexConfig config) : config_(std::move(config)) {
    TROUPE_CHECK(!config_.lines.empty(), "a reflex needs a line to say");
  }

  std::string_view name() const override { return "reflex"; }
  std::vector<ModelInfo> models() const override { return {}; }
  const Limits& limits() const override { return config_.limits; }

  Task<GenerateReply> generate(GenerateRequest request,
                               std::function<void(std::string_view)> on_text) override {
    CO_TRY_VOID(check(request));
    if (request.top_logprobs >= 0)
      co_return fail(Code::not_found, "engine.no_logprobs", "a reflex has no log probabilities");
    std::uint64_t where = config_.seed;
    for (const auto& message : request.messages)
      where = rt::stream_hash(message.text, where ^ 0xcbf29ce484222325ULL);
    const auto pick = rt::Draw(request.sampling.seed, where).below(config_.lines.size(), 0);
    GenerateReply reply;
    inference::TextStream stream(request.stop);
    reply.text = stream.push(cut(config_.lines[pick], std::max(1, request.tokens_max), reply.finish));
    reply.text += stream.finish();
    if (stream.stopped()) reply.finish = Finish::stop;
    if (on_text && !reply.text.empty()) on_text(reply.text);
    co_return reply;
  }

  Task<ChooseReply> choose(ChooseRequest request) override {
    CO_TRY_VOID(check(request, config_.limits));
    ChooseReply reply;
    reply.probabilities = inference::softmax(
        reflex_scores(request.context, request.scene, request.options, config_.seed), kTemperature);
    reply.choice = inference::best_of(reply.probabilities);
    reply.method = "reflex";
    reply.prompt = request.scene;
    co_return reply;
  }

  Task<EmbedReply> embed(EmbedRequest /*request*/) override {
    co_return fail(Code::unavailable, "engine.no_model", "a reflex has no embedding model");
  }

  Task<Usage> warm(GenerateRequest /*request*/) override { co_return Usage{}; }

 private:
  ReflexConfig config_;
};

}  // namespace

std::unique_ptr<Engine> make_reflex_engine(ReflexConfig config) {
  return std::make_unique<ReflexEngine>(std::move(config));
}

}  // namespace troupe::engine
