#include "adapters/engine_llama/llama_engine.h"

#include "adapters/engine_llama/test_models.h"
#include "ports/engine_suite.h"
#include "ports/engine_suite_deadlines.h"

namespace troupe::engine {
namespace {

EngineUnderTest llama() {
  EngineUnderTest out;
  out.name = "llama";
  out.open = [](const rt::Env& env, Limits limits) -> Result<std::unique_ptr<Engine>> {
    LlamaConfig config = test_config();
    config.models = {smollm(), minilm()};
    config.limits = limits;
    return open_llama_engine(env, config);
  };
  out.working = [](Engine& engine) { return dynamic_cast<LlamaEngine&>(engine).stats().in_flight; };
  return out;
}

INSTANTIATE_TEST_SUITE_P(Llama, EngineSuite, testing::Values(llama()));

}  // namespace
}  // namespace troupe::engine
