#pragma once
// The work of one model: waiting and running sequences, finished ones kept for their prefix. Engine thread
// only. Bounded: slots running, the shelf by its limits, waiting by the inbox's tickets (at most 54 runs per
// ticket).
#include <memory>
#include <optional>
#include <vector>

#include "adapters/engine_llama/model.h"
#include "adapters/engine_llama/prefix_shelf.h"
#include "adapters/engine_llama/prompt.h"
#include "adapters/engine_llama/run.h"
#include "adapters/engine_llama/sequences.h"
#include "adapters/engine_llama/step.h"
#include "inference/cost.h"
#include "inference/lru.h"
#include "inference/step_plan.h"

namespace troupe::engine {

class Lane {
 public:
  virtual ~Lane() = default;
  // The best that could be done next; nullopt = nothing to do. Begins waiting work where there is room and it
  // is worth it; `spare`: the machine has nothing else to do, so everything is worth it.
  virtual std::optional<inference::Rank> prepare(rt::Instant now, bool spare) = 0;
  virtual void step(rt::Instant now) = 0;
  virtual bool idle() const = 0;
  virtual int writing() const { return 0; }  // how many answers grow by a token a step
  virtual void count(std::array<std::uint64_t, 4>& waiting, std::uint64_t& running) const = 0;
  virtual void fail_all(const Error& error) = 0;
};

class ChatLane final : public Lane {
 public:
  ChatLane(Model& model, ChatFormat format, const LlamaConfig& config, Inbox& inbox);
  ~ChatLane() override;

  void add(std::unique_ptr<Run> run);
  Model& model() const { return model_; }
  const ChatFormat& format() const { return format_; }
  Sequences& sequences() { return sequences_; }
  PrefixShelf& shelf() { return shelf_; }
  inference::Lru<std::vector<double>>& priors() { return priors_; }
  // What generating the next token of everybody who generates is predicted to take; nullopt = not known yet.
  std::optional<rt::nanoseconds> next_token() const;

  std::optional<inference::Rank> prepare(rt::Instant now, bool spare) override;
  void step(rt::Instant now) override;
  bool idle() const override { return waiting_.empty() && running_.empty(); }
  int writing() const override;
  void count(std::array<std::uint64_t, 4>& waiting, std::uint64_t& running) const override;
  void fail_all(const Error& error) override;

 private:
  using RunPtr = std::unique_ptr<Run>;
  inference::StepItem item(const Run& run) const;
  inference::Rank rank(const Run& run, rt::Instant now) const;
  // lane.cpp: who works.
  bool chooses() const { return config_.order == Order::tiers; }  // what is worth the work
  void sweep(rt::Instant now);
  bool is_over(Run& run, rt::Instant now, std::optional<rt::nanoseconds> token);
  void out_of_time(Run& run, rt::Instant now);
  void give_up(Run& run);
  void admit(rt::Instant now, bool spare);
  enum class Start { started, deferred, no_room };
  // Where a run finds its first tokens: with who is at work, and more of them on the shelf.
  struct Source {
    Run* donor = nullptr;
    std::size_t forked = 0;
    std::size_t length = 0;  // of both
  };
  Start try_start(RunPtr& run, rt::Instant now, bool spare);
  bool worth_it(const Run& run, std::size_t found, rt::Instant now) const;
  void begin(Run& run, std::size_t found, rt::Instant now);
  std::optional<std::size_t> least_of_all() const;
  bool park_for(const Run& better);
  void clear_for(const Run& run);
  RunPtr take_out(std::size_t index);
  void put_away(Run& run, std::size_t tokens, PrefixShelf::Use use);
  void end_run(std::size_t index, rt::Instant now);
  void make_room(rt::Instant now);
  // lane_step.cpp: what they do.
  double cells() const;
  inference::StepShape shape_of(int tokens, int rows) const;
  std::optional<rt::nanoseconds> rest_of(const Run& run, std::size_t filled, bool least) const;
  bool only_ahead() const;
  bool alone_in_gold() const;
  inference::StepLimits limits() const;
  Step assemble(const inference::StepPlan& plan);
  void finish_step(const inference::StepPlan& plan, rt::Instant now);
  void fail_step(const inference::StepPlan& plan, int rc);

  Model& model_;
  ChatFormat format_;
  const LlamaConfig& config_;
  Inbox& inbox_;
  Sequences sequences_;
  PrefixShelf shelf_;
  inference::CostModel cost_;
  inference::Lru<std::vector<double>> priors_;
  std::vector<RunPtr> waiting_;
  std::vector<RunPtr> running_;
  bool short_of_cells_ = false;  // until somebody has ended, who starts does so in place of a worse one
  llama_batch batch_;
};

// Tokens of a step, at most: the largest chunk and one token for each sequence.
int batch_max(const LlamaConfig& config);
constexpr int kRowsMax = 64;

}  // namespace troupe::engine
