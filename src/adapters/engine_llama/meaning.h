#pragma once
// choose() of an embedding model: the option whose meaning is nearest to the scene's. io thread only.
#include <string>
#include <vector>

#include "inference/lru.h"
#include "ports/engine.h"

namespace troupe::engine {

// What options mean, for when they are offered again: options repeat, scenes do not.
using OptionVectors = inference::Lru<std::vector<float>>;

class MeaningQuestion {
 public:
  MeaningQuestion(ChooseRequest request, OptionVectors& known);

  // What has to be embedded: the scene, then the options that are not known.
  EmbedRequest embedding() const;
  // From the vectors of those, in their order; keeps what was new in `known`.
  ChooseReply answer(EmbedReply embedded, double temperature, OptionVectors& known);

 private:
  ChooseRequest request_;
  std::vector<std::vector<float>> options_;  // empty: not known yet
};

}  // namespace troupe::engine
