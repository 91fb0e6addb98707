#pragma once
// embed(): the lane of an embedding model. Texts of several calls share a step; nothing is cached. Engine
// thread only.
#include <memory>
#include <optional>
#include <vector>

#include "adapters/engine_llama/jobs.h"
#include "adapters/engine_llama/lane.h"

namespace troupe::engine {

struct EmbedCall {
  EmbedCall(const rt::Env& env, EmbedRequest r) : request(std::move(r)), done(env) {}
  const EmbedRequest request;
  rt::OneShot<EmbedReply> done;
};

class EmbedLane final : public Lane {
 public:
  EmbedLane(Model& model, const LlamaConfig& config, Inbox& inbox);
  ~EmbedLane() override;

  void start(TicketPtr ticket, std::shared_ptr<EmbedCall> call);
  const Model& model() const { return model_; }

  std::optional<inference::Rank> prepare(rt::Instant now, bool spare) override;
  void step(rt::Instant now) override;
  bool idle() const override { return jobs_.empty(); }
  void count(std::array<std::uint64_t, 4>& waiting, std::uint64_t& running) const override;
  void fail_all(const Error& error) override;

 private:
  struct Texts : Job {
    std::shared_ptr<EmbedCall> call;
    std::vector<std::vector<llama_token>> texts{};
    std::size_t next = 0;  // the first text that is not computed
    EmbedReply reply{};
  };
  void answer(Texts& job);
  struct Part {
    std::size_t job;
    std::size_t text;
  };
  Step assemble(rt::Instant now, std::vector<Part>& parts);
  void finish_step(const std::vector<Part>& parts, int rc, rt::Instant now);

  Model& model_;
  const LlamaConfig& config_;
  Inbox& inbox_;
  inference::CostModel cost_;
  std::vector<Texts> jobs_;
  llama_batch batch_;
  int batch_max_;
};

}  // namespace troupe::engine
