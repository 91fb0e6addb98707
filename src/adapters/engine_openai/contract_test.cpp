// The port's contract against a real upstream, and what only a real one shows.
#include "adapters/engine_openai/llama_server.h"
#include "adapters/engine_openai/openai_engine.h"
#include "ports/engine_suite.h"
#include "ports/engine_suite_deadlines.h"

namespace troupe::engine {
namespace {

// One server of each kind for the whole program, started when the first test needs it.
class Servers : public testing::Environment {
 public:
  LlamaServer& chat() {
    if (!chat_) {
      chat_ = std::make_unique<LlamaServer>(
          "smollm2-135m/smollm2-135m-instruct-q4_1.gguf",
          std::vector<std::string>{"--ctx-size", "4096", "--parallel", "2", "--slots", "--jinja"});
    }
    return *chat_;
  }
  LlamaServer& embeddings() {
    if (!embeddings_) {
      embeddings_ =
          std::make_unique<LlamaServer>("minilm-l6-v2/minilm-l6-v2-f16.gguf",
                                        std::vector<std::string>{"--embeddings", "--ctx-size", "512"});
    }
    return *embeddings_;
  }
  void TearDown() override {
    chat_.reset();
    embeddings_.reset();
  }

 private:
  std::unique_ptr<LlamaServer> chat_, embeddings_;
};
Servers* const servers = static_cast<Servers*>(testing::AddGlobalTestEnvironment(new Servers));

OpenAiModelConfig chat_model() {
  OpenAiModelConfig model;
  model.name = "smollm2";
  model.url = servers->chat().url();
  model.model = "smollm2-135m";
  model.tiers = {Tier::gold, Tier::silver, Tier::bronze};
  model.context_tokens = 2048;
  model.dialect = Dialect::llama;
  model.allow_addresses = {"127.0.0.0/8"};
  return model;
}

OpenAiModelConfig embedding_model() {
  auto model = chat_model();
  model.name = "minilm";
  model.url = servers->embeddings().url();
  model.model = "minilm-l6-v2";
  model.tiers = {};
  model.embedding_size = 384;
  return model;
}

EngineUnderTest llama_server() {
  EngineUnderTest out;
  out.name = "openai";
  out.open = [](const rt::Env& env, Limits limits) -> Result<std::unique_ptr<Engine>> {
    return open_openai_engine(env, {.models = {chat_model(), embedding_model()}, .limits = limits});
  };
  out.working = [](Engine& engine) { return dynamic_cast<OpenAiEngine&>(engine).stats().in_flight; };
  return out;
}

INSTANTIATE_TEST_SUITE_P(LlamaServer, EngineSuite, testing::Values(llama_server()));

class RealUpstream : public EngineFixture<testing::Test> {
 protected:
  void SetUp() override {
    auto opened = open_openai_engine(env_, {.models = {chat_model()}});
    ASSERT_TRUE(opened) << opened.error().message;
    engine_ = *std::move(opened);
  }
  static bool works() {
    return LlamaServer::get(servers->chat().root() + "/slots").find("\"is_processing\":true") !=
           std::string::npos;
  }
};

TEST_F(RealUpstream, ACancelledCallStopsTheServersWork) {
  GenerateRequest request;
  request.messages = {{Role::user, "Tell a very long story of a lighthouse. Do not stop."}};
  request.tokens_max = 1000;
  request.sampling.temperature = 0;
  const auto call = start_generate(request);
  ASSERT_TRUE(turn_until([&] { return call->pieces.size() >= 2; }));
  EXPECT_TRUE(works()) << "the test looks at the right place";
  on_loop([&] { call->handle.stop(); });
  ASSERT_TRUE(turn_until([&] { return !works(); }));
  EXPECT_LT(call->pieces.size(), 500U) << "it went on to the end";
}

TEST_F(RealUpstream, WarmMakesTheNextCallFindItsPrompt) {
  GenerateRequest request;
  std::string lore;
  for (int i = 0; i < 20; ++i)
    lore += "Fact " + std::to_string(i) + ": the harbour has a lighthouse and a market. ";
  request.messages = {{Role::system, lore}, {Role::user, "Who keeps the light?"}};
  request.tokens_max = 4;
  const auto warmed = warm(request);
  ASSERT_TRUE(warmed) << warmed.error().message;
  EXPECT_GT(warmed->prompt_tokens, 100);
  const auto reply = generate(request);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_GT(reply->usage.cached_tokens, reply->usage.prompt_tokens / 2);
}

TEST_F(RealUpstream, ChoosesByLetters) {
  ChooseRequest request;
  request.context = "You guard the gate of the harbour.";
  request.scene = "A stranger draws a knife and runs towards you.";
  request.options = {"raise the shield", "bake bread", "sing a song"};
  const auto reply = choose(request);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->method, "letters_minus_prior");
  EXPECT_LT(reply->probabilities[reply->choice], 1.0) << "measured, not just said";
}

}  // namespace
}  // namespace troupe::engine
