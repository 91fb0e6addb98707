#pragma once
// choose() of a cross-encoder: an encoder reads who, scene and all options in one pass,
//
//   [CLS] who scene [SEP] option [SEP] option [SEP] ...
//
// and a head scores each option: the mean of the last hidden states of its tokens and of the [SEP] after it,
// times the head's weights, plus its bias. There is no prior and nothing is cached. One question a step:
// several together would keep the first one waiting, and a pass of a hundred tokens fills the cores already.
// Engine thread only.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapters/engine_llama/choose.h"
#include "adapters/engine_llama/jobs.h"

namespace troupe::engine {

// Of who somebody is, so many tokens are read: more of it takes attention from the scene (measured: what is
// long and has nothing to do with the scene costs 7 right choices of a hundred).
constexpr std::size_t kWhoTokensMax = 64;
// Options that leave less than this for a scene that is longer are refused.
constexpr std::size_t kSceneTokensMin = 64;

// A question as the encoder reads it.
struct Passage {
  struct Span {
    std::size_t begin = 0;
    std::size_t end = 0;  // behind its [SEP]
  };
  std::vector<llama_token> tokens;
  std::vector<Span> options;
  std::string text;  // the same for people
};

// Whole words of `who` from its beginning, up to kWhoTokensMax; of a scene that does not fit, its end, where
// what has just happened stands. `invalid_argument` engine.prompt_too_long where the options leave no room.
Result<Passage> passage_of(const Model& model, const ChooseRequest& request, std::size_t tokens_max);

class EncodedChoiceLane final : public Lane {
 public:
  EncodedChoiceLane(Model& model, const LlamaConfig& config, Inbox& inbox);
  ~EncodedChoiceLane() override;

  void start(TicketPtr ticket, std::shared_ptr<ChooseCall> call);

  std::optional<inference::Rank> prepare(rt::Instant now, bool spare) override;
  void step(rt::Instant now) override;
  bool idle() const override { return jobs_.empty(); }
  void count(std::array<std::uint64_t, 4>& waiting, std::uint64_t& running) const override;
  void fail_all(const Error& error) override;

 private:
  struct Question : Job {
    std::shared_ptr<ChooseCall> call;
    Passage passage{};
  };
  inference::StepShape shape_of(const Question& question) const;
  Step assemble(const Question& question, rt::Instant now);
  Result<ChooseReply> answer(const Question& question) const;

  Model& model_;
  const LlamaConfig& config_;
  Inbox& inbox_;
  inference::CostModel cost_;
  std::vector<Question> jobs_;
  llama_batch batch_;
};

}  // namespace troupe::engine
