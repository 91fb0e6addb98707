#pragma once
// The work of one model: waiting and running sequences, finished ones kept for their prefix. Engine thread
// only. Bounded: slots running, cached_prefixes kept, waiting by the inbox's tickets (at most 54 runs per
// ticket).
#include <memory>
#include <optional>
#include <vector>

#include "adapters/engine_llama/model.h"
#include "adapters/engine_llama/prompt.h"
#include "adapters/engine_llama/run.h"
#include "adapters/engine_llama/sequences.h"
#include "inference/cost.h"
#include "inference/lru.h"
#include "inference/step_plan.h"

namespace troupe::engine {

class Lane {
 public:
  virtual ~Lane() = default;
  // The best that could be done next; nullopt = nothing to do. Begins waiting work where there is room.
  virtual std::optional<inference::Rank> prepare(rt::Instant now) = 0;
  virtual void step(rt::Instant now) = 0;
  virtual bool idle() const = 0;
  virtual void count(std::array<std::uint64_t, 4>& waiting, std::uint64_t& running) const = 0;
  virtual void fail_all(const Error& error) = 0;
};

class ChatLane final : public Lane {
 public:
  ChatLane(Model& model, ChatFormat format, const LlamaConfig& config, Inbox& inbox);
  ~ChatLane() override;

  void add(std::unique_ptr<Run> run);
  const Model& model() const { return model_; }
  const ChatFormat& format() const { return format_; }
  inference::Lru<std::vector<double>>& priors() { return priors_; }

  std::optional<inference::Rank> prepare(rt::Instant now) override;
  void step(rt::Instant now) override;
  bool idle() const override { return waiting_.empty() && running_.empty(); }
  void count(std::array<std::uint64_t, 4>& waiting, std::uint64_t& running) const override;
  void fail_all(const Error& error) override;

 private:
  using RunPtr = std::unique_ptr<Run>;
  inference::StepItem item(const Run& run) const;
  inference::Rank rank(const Run& run, rt::Instant now) const;
  void sweep(rt::Instant now);
  void admit(rt::Instant now);
  enum class Start { started, deferred, no_room };
  Start try_start(RunPtr& run, rt::Instant now);
  bool park_for(const Run& better);
  void end_run(std::size_t index);
  void make_room();
  inference::StepLimits limits() const;
  void finish_step(const std::vector<inference::Share>& plan, rt::Instant now);

  Model& model_;
  ChatFormat format_;
  const LlamaConfig& config_;
  Inbox& inbox_;
  Sequences sequences_;
  inference::CostModel cost_;
  inference::Lru<std::vector<double>> priors_;
  std::vector<RunPtr> waiting_;
  std::vector<RunPtr> running_;
  bool short_of_cells_ = false;  // nobody starts until somebody has ended
  llama_batch batch_;
};

// Tokens of a step, at most: the largest chunk and one token for each sequence.
int batch_max(const LlamaConfig& config);
constexpr int kRowsMax = 64;

}  // namespace troupe::engine
