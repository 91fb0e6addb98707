#pragma once
// What somebody could do now, and what of it weighs most. Owned by Choice; io thread; reads only.
#include <string>
#include <vector>

#include "services/npc/choice_rules.h"
#include "services/npc/minds.h"
#include "troupe/v1/capabilities.pb.h"

namespace troupe::npc {

struct Choices {
  std::vector<Option> options;
  std::vector<pb::Action> actions;  // parallel to the options
  std::vector<Weighed> top;         // one a verb, the best first
};

class Options {
 public:
  explicit Options(const Ground& ground) : pack_(ground.pack), config_(ground.config), texts_(ground.texts) {}
  Choices of(Turn& turn, const Mind& mind) const;

 private:
  const pack::Pack& pack_;
  const NpcConfig& config_;
  const pack::PromptTexts& texts_;
};

// One option a verb, and `most` beside the best: five ways to walk would crowd out everything else.
std::vector<Weighed> one_a_verb(std::vector<Weighed> weighed, const std::vector<Option>& options,
                                std::size_t most);

}  // namespace troupe::npc
