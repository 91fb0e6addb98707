#include "bench/harness/engine_bench.h"

#include "base/check.h"

namespace troupe::bench {

engine::LlamaModelConfig bench_model(const std::string& weights, engine::ModelKind kind) {
  engine::LlamaModelConfig model;
  model.name = "bench";
  model.path = weights;
  model.hash = "-";  // known good: set-up checked it
  model.verify = false;
  model.tiers = {engine::Tier::gold, engine::Tier::silver, engine::Tier::bronze};
  model.kind = kind;
  model.context_tokens = kind == engine::ModelKind::chat ? 2048 : 512;  // as in app/engines.cpp
  return model;
}

EngineBench::EngineBench(const std::string& weights, engine::ModelKind kind) {
  auto opened = engine::open_llama_engine(io_.env, {.models = {bench_model(weights, kind)}});
  TROUPE_CHECK(opened.has_value(), opened.error().message.c_str());
  engine_ = *std::move(opened);
}

std::vector<EngineBench::Answer> EngineBench::ask(std::vector<engine::GenerateRequest> requests) {
  std::vector<Answer> answers(requests.size());
  rt::Group group(io_.env, "bench");
  const auto asked = io_.env.now();
  for (std::size_t i = 0; i < requests.size(); ++i) {
    group.spawn("ask", [&, i]() -> rt::asio::awaitable<void> {
      const auto on_text = [&, i](std::string_view) {
        if (answers[i].first_ms == 0) answers[i].first_ms = ms(io_.env.now() - asked);
      };
      auto reply = co_await engine_->generate(std::move(requests[i]), on_text);
      TROUPE_CHECK(reply.has_value(), reply.error().message.c_str());
      answers[i].reply = *std::move(reply);
    });
  }
  io_.run(group);
  return answers;
}

EngineBench::Chosen EngineBench::choose(engine::ChooseRequest request) {
  Chosen chosen;
  rt::Group group(io_.env, "bench");
  const auto asked = io_.env.now();
  group.spawn("choose", [&]() -> rt::asio::awaitable<void> {
    auto reply = co_await engine_->choose(std::move(request));
    TROUPE_CHECK(reply.has_value(), reply.error().message.c_str());
    chosen.ms = ms(io_.env.now() - asked);
    chosen.reply = *std::move(reply);
  });
  io_.run(group);
  return chosen;
}

std::vector<std::vector<float>> EngineBench::embed(std::vector<std::string> texts) {
  std::vector<std::vector<float>> vectors;
  rt::Group group(io_.env, "bench");
  group.spawn("embed", [&]() -> rt::asio::awaitable<void> {
    engine::EmbedRequest request;
    request.texts = std::move(texts);
    auto reply = co_await engine_->embed(std::move(request));
    TROUPE_CHECK(reply.has_value(), reply.error().message.c_str());
    vectors = std::move(reply->vectors);
  });
  io_.run(group);
  return vectors;
}

}  // namespace troupe::bench
