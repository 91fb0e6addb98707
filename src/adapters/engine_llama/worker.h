#pragma once
// The engine thread: takes calls in, picks the model whose best work is most urgent, runs one step, again.
// Sleeps when there is nothing to do. Owned by the engine; joins in its destructor.
#include <memory>
#include <thread>
#include <vector>

#include "adapters/engine_llama/embed.h"
#include "adapters/engine_llama/encoded_choice.h"
#include "adapters/engine_llama/lane.h"
#include "adapters/engine_llama/prefix_store.h"

namespace troupe::engine {

class Worker {
 public:
  // One lane per model, in the models' order.
  Worker(std::shared_ptr<Inbox> inbox, const LlamaConfig& config, std::vector<std::unique_ptr<Model>> models,
         std::vector<std::unique_ptr<Lane>> lanes);
  ~Worker();
  Worker(const Worker&) = delete;

  // The thread must know its lanes by kind; null when the model is of the other kind.
  ChatLane* chat(std::size_t model) { return dynamic_cast<ChatLane*>(lanes_[model].get()); }
  EncodedChoiceLane* chooser(std::size_t model) {
    return dynamic_cast<EncodedChoiceLane*>(lanes_[model].get());
  }
  EmbedLane* embed(std::size_t model) { return dynamic_cast<EmbedLane*>(lanes_[model].get()); }

 private:
  void run();
  void loop();
  Lane* pick(bool spare);
  void publish_counts();

  std::shared_ptr<Inbox> inbox_;
  const LlamaConfig& config_;
  std::vector<std::unique_ptr<Model>> models_;
  std::vector<std::unique_ptr<Lane>> lanes_;  // before models_ in destruction
  PrefixStore prefixes_;
  std::thread thread_;
};

}  // namespace troupe::engine
