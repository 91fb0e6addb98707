#pragma once
// engine_llama as the server opens it, asked directly. One model, an io thread of its own.
#include <memory>
#include <string>
#include <vector>

#include "adapters/engine_llama/llama_engine.h"
#include "bench/harness/io_thread.h"

namespace troupe::bench {

// A model as app/engines.cpp opens it, for every tier.
engine::LlamaModelConfig bench_model(const std::string& weights,
                                     engine::ModelKind kind = engine::ModelKind::chat);

class EngineBench {
 public:
  // Ends the program with the reason when the weights cannot be loaded.
  explicit EngineBench(const std::string& weights, engine::ModelKind kind = engine::ModelKind::chat);

  struct Answer {
    double first_ms = 0;  // from the question to its first piece of text on the io thread
    engine::GenerateReply reply;
  };
  // All in the same moment, as if so many characters had been spoken to at once. In the order of the
  // requests.
  std::vector<Answer> ask(std::vector<engine::GenerateRequest> requests);

  struct Chosen {
    double ms = 0;  // from the question to the answer on the io thread
    engine::ChooseReply reply;
  };
  Chosen choose(engine::ChooseRequest request);

  // In the order of the texts.
  std::vector<std::vector<float>> embed(std::vector<std::string> texts);

 private:
  IoThread io_;
  std::unique_ptr<engine::LlamaEngine> engine_;
};

}  // namespace troupe::bench
