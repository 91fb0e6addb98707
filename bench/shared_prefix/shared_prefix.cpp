// bench_shared_prefix WEIGHTS: many characters of one world are spoken to at once.
#include "base/check.h"
#include "bench/harness/answers.h"
#include "bench/harness/engine_bench.h"

namespace {

using namespace troupe;

// ask TOKENS SYSTEM USER...: one request per USER, all with the same SYSTEM.
bench::Figures ask(bench::EngineBench& engine, const bench::Words& words) {
  std::vector<engine::GenerateRequest> requests;
  for (std::size_t i = 2; i < words.size(); ++i) {
    engine::GenerateRequest request;
    request.messages = {{engine::Role::system, words[1]}, {engine::Role::user, words[i]}};
    request.tokens_max = std::stoi(words[0]);
    request.sampling = {.seed = i - 2};
    requests.push_back(std::move(request));
  }
  bench::Figures figures;
  for (const auto& answer : engine.ask(std::move(requests))) {
    TROUPE_CHECK(answer.first_ms > 0, "every request was answered with text");
    figures["first_ms"].push_back(answer.first_ms);
    figures["prompt_tokens"].push_back(answer.reply.usage.prompt_tokens);
    figures["cached_tokens"].push_back(answer.reply.usage.cached_tokens);
    figures["new_tokens"].push_back(answer.reply.usage.new_tokens);
    figures["total_ms"].push_back(static_cast<double>(answer.reply.usage.total_us) / 1e3);
  }
  return figures;
}

}  // namespace

int main(int argc, char** argv) {
  TROUPE_CHECK(argc == 2, "usage: bench_shared_prefix WEIGHTS");
  bench::EngineBench engine(argv[1]);
  return bench::answer_lines({{"ask", [&](const bench::Words& words) { return ask(engine, words); }}});
}
