// bench_tokens WEIGHTS: how fast engine_llama reads and writes for one caller.
#include <fmt/format.h>

#include "base/check.h"
#include "bench/harness/answers.h"
#include "bench/harness/engine_bench.h"

namespace {

using namespace troupe;

constexpr std::uint64_t kStoriesMax = 100;
constexpr std::uint64_t kWarmUps = 1'000'000;  // texts of a round's warm-up, as llama-bench has one

// A story that no earlier round has begun with, so that nothing of it is cached.
std::string fresh_text(std::uint64_t round, std::size_t words) {
  static constexpr std::string_view kWords[] = {"harbour", "lantern", "keeper", "rope",   "tide", "market",
                                                "boat",    "stone",   "winter", "letter", "door", "river",
                                                "bridge",  "bread",   "song",   "storm"};
  const rt::Draw draw(round, "bench", "tokens");
  std::string text;
  for (std::size_t i = 0; i < words; ++i) {
    text += kWords[draw.below(std::size(kWords), i)];
    text += i % 9 == 8 ? ". " : " ";
  }
  return text;
}

engine::GenerateReply ask(bench::EngineBench& bench, std::string text, int tokens_max) {
  engine::GenerateRequest request;
  request.messages = {{engine::Role::user, std::move(text)}};
  request.tokens_max = tokens_max;
  auto answers = bench.ask({std::move(request)});
  return std::move(answers.front().reply);
}

}  // namespace

int main(int argc, char** argv) {
  TROUPE_CHECK(argc == 2, "usage: bench_tokens WEIGHTS");
  bench::EngineBench engine(argv[1]);
  return bench::answer_lines({
      // prompt ROUND WORDS: from the call to the first token, sampling included.
      {"prompt",
       [&](const bench::Words& words) -> bench::Figures {
         const auto round = std::stoull(words[0]);
         const auto length = std::stoull(words[1]);
         ask(engine, fresh_text(kWarmUps + round, length), 1);
         const auto usage = ask(engine, fresh_text(round, length), 1).usage;
         TROUPE_CHECK(usage.cached_tokens == 0, "the text is new");
         return {{"prompt_tokens", {static_cast<double>(usage.prompt_tokens)}},
                 {"tokens_per_s", {usage.prompt_tokens * 1e6 / static_cast<double>(usage.first_token_us)}}};
       }},
      // generate ROUND TOKENS: from the first token to the last, sampling and streaming included. A story may
      // end early, so
      // it is told until there are enough tokens.
      {"generate",
       [&](const bench::Words& words) -> bench::Figures {
         const rt::Draw draw(std::stoull(words[0]), "bench", "stories");
         const int wanted = std::stoi(words[1]);
         std::int64_t us = 0;
         int written = 0;
         ask(engine, fresh_text(kWarmUps + draw.bits(0), 12), 1);
         for (std::uint64_t story = 0; written < wanted && story < kStoriesMax; ++story) {
           const auto usage =
               ask(engine, fresh_text(draw.bits(story), 12) + "Tell this as a very long story.",
                   wanted - written + 1)
                   .usage;
           written += std::max(0, usage.new_tokens - 1);
           us += usage.total_us - usage.first_token_us;
         }
         TROUPE_CHECK(written >= wanted, "the stories are long enough to be timed");
         return {{"tokens_per_s", {written * 1e6 / static_cast<double>(us)}}};
       }},
  });
}
