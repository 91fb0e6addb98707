#pragma once
// Which sequences of one context are free. Engine thread only. A fork copies no cells: llama.cpp marks them
// as shared (unified cache). Only who works has cells: every token of a step is computed against all cells in
// use, whoever they belong to. What is finished goes to the shelf (prefix_shelf.h).
#include <llama.h>

#include <vector>

#include "adapters/engine_llama/model.h"

namespace troupe::engine {

class Sequences {
 public:
  explicit Sequences(Model& model);

  // An empty one. There is one for each slot.
  llama_seq_id take();
  // One that holds the first `length` tokens of what `donor`, which is at work, holds.
  llama_seq_id fork(llama_seq_id donor, std::size_t length);
  void free(llama_seq_id seq);

 private:
  Model& model_;
  std::vector<llama_seq_id> free_;
};

}  // namespace troupe::engine
