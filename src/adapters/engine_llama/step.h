#pragma once
// One pass of one model: predicted, run so that gold or a caller who leaves can stop it, accounted for.
// Engine thread only.
#include <llama.h>

#include <string_view>
#include <vector>

#include "adapters/engine_llama/inbox.h"
#include "inference/cost.h"

namespace troupe::engine {

struct Step {
  Tier lead = Tier::silver;
  bool may_stop = true;                 // by gold
  bool ahead = false;                   // all of it is read ahead
  std::optional<rt::Instant> gold_due;  // of the gold that leads it
  inference::StepShape shape;
  struct Part {
    TicketPtr ticket;
    int tokens = 0;
  };
  std::vector<Part> parts;
};

struct StepOutcome {
  int rc = 0;  // of llama_decode: 0 = done, 1 = no cells, 2 = stopped, else = broken
  rt::Instant ended;
};

// Teaches `cost` what it took.
StepOutcome run_step(llama_context* context, llama_batch& batch, const Step& step, std::string_view model,
                     inference::CostModel& cost, const LlamaConfig& config, Inbox& inbox);

}  // namespace troupe::engine
