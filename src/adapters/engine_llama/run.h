#pragma once
// One sequence that a model computes: a prompt to prefill, rows of logits to hand out, perhaps tokens to
// append. Lives on the engine thread, owned by its lane.
#include <llama.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "adapters/engine_llama/ticket.h"

namespace troupe::engine {

class Run {
 public:
  static constexpr std::size_t kNoRows = std::numeric_limits<std::size_t>::max();

  Run(TicketPtr t, std::vector<llama_token> all) : ticket(std::move(t)), tokens(std::move(all)) {}
  virtual ~Run() = default;
  Run(const Run&) = delete;

  // The logits that follow tokens[position]. Called in order for each position from rows_from on; may append
  // to `tokens` for the run to go on.
  virtual void on_row(std::size_t position, std::span<const float> logits) = 0;
  // Every token is computed and nothing was appended. Called once, unless on_error().
  virtual void on_done() = 0;
  virtual void on_error(Error error) = 0;
  // Its deadline has come. Answers what there is.
  virtual void on_deadline() {
    on_error(
        {Code::deadline_exceeded, "engine.deadline", "the deadline passed before the answer was ready", 0});
  }

  std::size_t left() const { return tokens.size() - filled; }
  // It has written something, also when it had to start again since.
  bool has_begun() const { return tokens.size() > prompt_tokens; }
  // When it is of no use any more: without a first token that is sooner.
  rt::Instant due() const {
    return has_begun() ? ticket->deadline : std::min(ticket->deadline, ticket->first_token_by);
  }
  // It writes its answer now: from here on it has something to show at the deadline.
  bool generates() const { return filled > 0 && filled >= prompt_tokens && has_begun(); }

  // Nobody needs it yet, nor waits for what it shares with them.
  bool is_ahead() const { return !ages && tier > Tier::silver; }

  TicketPtr ticket;
  std::vector<llama_token> tokens;  // what the sequence holds or shall hold
  std::size_t prompt_tokens = 0;    // what came with the call
  std::size_t filled = 0;           // of them, computed
  std::size_t rows_from = kNoRows;  // rows are wanted from this position on
  Run* donor = nullptr;             // who is at work and shares its first cells with this one
  std::size_t forked = 0;           // how many; they are counted as the donor's
  std::size_t keep = kNoRows;       // tokens worth keeping for others when it ends
  std::size_t cached = 0;           // tokens that were found instead of computed, at its first start
  int answer_least = 0;             // tokens that it has to generate at the least to be of use
  llama_seq_id seq = -1;
  bool ages = true;  // false: work ahead of any need, which never comes before somebody's
  bool started = false;
  rt::Instant began;   // the first time it got a slot
  rt::Instant served;  // its last step
  // What others need who wait for its prefix: never worse than its own.
  Tier tier = Tier::silver;
  rt::Instant deadline = rt::Instant::never();
};

}  // namespace troupe::engine
