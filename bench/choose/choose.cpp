// bench_choose WEIGHTS chat|embedding|choice: one choice after the other, as the server's gold tier makes
// them.
#include "base/check.h"
#include "bench/harness/answers.h"
#include "bench/harness/engine_bench.h"

namespace {

using namespace troupe;

// ask METHOD CONTEXT SCENE OPTION...
bench::Figures ask(bench::EngineBench& engine, const bench::Words& words) {
  TROUPE_CHECK(words.size() >= 5, "ask METHOD CONTEXT SCENE OPTION OPTION...");
  engine::ChooseRequest request;
  request.method = words[0];
  request.context = words[1];
  request.scene = words[2];
  request.options.assign(words.begin() + 3, words.end());
  const auto chosen = engine.choose(std::move(request));
  TROUPE_CHECK(chosen.reply.method == words[0], "the engine answers by the method that was asked for");
  return {{"ms", {chosen.ms}},
          {"p", chosen.reply.probabilities},
          {"prompt_tokens", {static_cast<double>(chosen.reply.usage.prompt_tokens)}},
          {"cached_tokens", {static_cast<double>(chosen.reply.usage.cached_tokens)}}};
}

engine::ModelKind kind_of(std::string_view name) {
  if (name == "choice") return engine::ModelKind::cross_encoder;
  return name == "embedding" ? engine::ModelKind::embedding : engine::ModelKind::chat;
}

}  // namespace

int main(int argc, char** argv) {
  TROUPE_CHECK(argc == 3, "usage: bench_choose WEIGHTS chat|embedding|choice");
  bench::EngineBench engine(argv[1], kind_of(argv[2]));
  return bench::answer_lines({{"ask", [&](const bench::Words& words) { return ask(engine, words); }}});
}
