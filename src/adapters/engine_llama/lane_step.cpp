#include <fmt/format.h>

#include <algorithm>

#include "adapters/engine_llama/lane.h"
#include "base/log.h"

namespace troupe::engine {

namespace {

// Below this a step of silver or bronze is mostly overhead, however often gold comes.
constexpr auto kStepLeast = std::chrono::milliseconds(20);
// Tokens. Somebody waits for the first word behind them, and each step more costs what a step costs once
// more.
constexpr int kEnding = 24;

}  // namespace

// In use: each token of a step looks at all of them (one cache for all sequences).
double ChatLane::cells() const {
  std::size_t out = 0;
  for (const auto& run : running_) out += run->filled - run->forked;
  return static_cast<double>(out);
}

inference::StepShape ChatLane::shape_of(int tokens, int rows) const {
  return {.tokens = tokens,
          .rows = rows,
          .attended = tokens * cells(),
          .threads = static_cast<int>(inbox_.counters().threads.load())};
}

int ChatLane::writing() const {
  return static_cast<int>(
      std::ranges::count_if(running_, [](const RunPtr& run) { return run->generates(); }));
}

std::optional<rt::nanoseconds> ChatLane::next_token() const {
  const auto together = std::max(1, writing());
  return cost_.predict(shape_of(together, together));
}

// Until it is of use: what is left of its tokens, and of a structured answer the shortest.
std::optional<rt::nanoseconds> ChatLane::rest_of(const Run& run, std::size_t filled, bool least) const {
  const auto time = [&](const inference::StepShape& shape) {
    return least ? cost_.at_least(shape) : cost_.predict(shape);
  };
  const auto tokens = static_cast<int>(run.tokens.size() - filled);
  const auto from = std::max(run.rows_from, filled);
  const int rows = from < run.tokens.size() ? static_cast<int>(run.tokens.size() - from) : 0;
  auto out = time(shape_of(tokens, rows));
  const int more = run.answer_least - static_cast<int>(run.tokens.size() - run.prompt_tokens);
  if (!out || more <= 0) return out;
  if (const auto token = time(shape_of(1, 1))) *out += more * *token;
  return out;
}

bool ChatLane::only_ahead() const {
  return std::ranges::all_of(running_, [](const RunPtr& run) { return run->is_ahead(); });
}

// One call at most: nobody waits for the end of its steps.
bool ChatLane::alone_in_gold() const {
  const Ticket* first = nullptr;
  const auto is_another = [&](const RunPtr& run) {
    if (run->tier > Tier::gold) return false;
    if (first == nullptr) first = run->ticket.get();
    return run->ticket.get() != first;
  };
  return std::ranges::none_of(running_, is_another) && std::ranges::none_of(waiting_, is_another);
}

inference::StepLimits ChatLane::limits() const {
  // What generates rides along; the chunks are what is left of the step's time then.
  const auto generating =
      static_cast<int>(std::ranges::count_if(running_, [](const RunPtr& run) { return run->left() == 1; }));
  const bool quiet = inbox_.writing() == 0;
  const auto span = [&](std::chrono::milliseconds of_tier) -> rt::nanoseconds {
    const auto normal = quiet ? std::max(of_tier, config_.reading_step) : of_tier;
    if (quiet && only_ahead()) return normal;
    return inbox_.step_budget(normal, kStepLeast);
  };
  const auto base = shape_of(generating, generating);
  const auto in_use = cells();
  const auto chunk = [&](const inference::StepShape& with, rt::nanoseconds budget) {
    return cost_.chunk(with, in_use, budget, 0, config_.chunk_max);
  };
  // Unless gold comes so often that steps are short for its sake.
  const auto reading = [&](std::chrono::milliseconds of_tier) {
    const auto budget = span(of_tier);
    const int tokens = chunk(base, budget);
    return quiet && budget >= config_.reading_step
               ? std::max(tokens, std::min(config_.reading_least, config_.chunk_max))
               : tokens;
  };
  const int gold = chunk(shape_of(0, 0), alone_in_gold() ? std::max(config_.gold_step, config_.reading_step)
                                                         : config_.gold_step);
  return {.chunk = {gold, gold, reading(config_.silver_step), reading(config_.bronze_step)},
          .chunk_min = config_.chunk_min,
          .ending = quiet ? kEnding : 0,
          .batch_max = config_.chunk_max + model_.config().slots,
          .rows_max = kRowsMax,
          .ageing = config_.ageing};
}

Step ChatLane::assemble(const inference::StepPlan& plan) {
  const auto& leader = *running_[plan.shares.front().item];
  const bool of_gold = leader.tier <= Tier::gold;
  Step step{.lead = plan.lead,
            .may_stop = of_gold || plan.lead > Tier::gold,
            .ahead = only_ahead(),
            .gold_due = {},
            .shape = {},
            .parts = {}};
  if (of_gold) step.gold_due = leader.deadline;
  batch_.n_tokens = 0;
  int rows = 0;
  for (const auto& share : plan.shares) {
    auto& run = *running_[share.item];
    step.parts.push_back({run.ticket, share.tokens});
    for (int i = 0; i < share.tokens; ++i) {
      const auto position = run.filled + static_cast<std::size_t>(i);
      const auto at = batch_.n_tokens++;
      batch_.token[at] = run.tokens[position];
      batch_.pos[at] = static_cast<llama_pos>(position);
      batch_.n_seq_id[at] = 1;
      batch_.seq_id[at][0] = run.seq;
      batch_.logits[at] = position >= run.rows_from ? 1 : 0;
      rows += batch_.logits[at];
    }
  }
  step.shape = shape_of(batch_.n_tokens, rows);
  return step;
}

void ChatLane::step(rt::Instant now) {
  std::vector<inference::StepItem> items;
  items.reserve(running_.size());
  for (const auto& run : running_) items.push_back(item(*run));
  const auto plan = inference::plan_step(items, limits(), now);
  if (plan.shares.empty()) return;
  const auto step = assemble(plan);
  const auto outcome = run_step(model_.context(), batch_, step, model_.config().name, cost_, config_, inbox_);
  switch (outcome.rc) {
    case 0:
      return finish_step(plan, outcome.ended);
    case 1:
      return make_room(outcome.ended);
    case 2:
      return;  // llama.cpp has dropped the step's positions, so everybody stands where they stood
    default:
      return fail_step(plan, outcome.rc);
  }
}

void ChatLane::finish_step(const inference::StepPlan& plan, rt::Instant now) {
  auto& counters = inbox_.counters();
  std::vector<std::size_t> ended;
  int at = 0;
  for (const auto& share : plan.shares) {
    auto& run = *running_[share.item];
    run.served = now;
    const bool generated = run.filled >= run.prompt_tokens;
    if (!generated) counters.prompt_tokens.fetch_add(static_cast<std::uint64_t>(share.tokens));
    for (int i = 0; i < share.tokens; ++i, ++at) {
      const auto position = run.filled++;
      if (position < run.rows_from) continue;
      const float* row = llama_get_logits_ith(model_.context(), at);
      run.rows_from = position + 1;  // never handed out twice, also when the run starts again
      const bool first = !run.has_begun();
      run.on_row(position, {row, model_.vocab_size()});
      if (first && run.has_begun()) run.deadline = run.due();  // it has kept the first of its two
    }
    if (run.left() == 0) {
      run.on_done();
      ended.push_back(share.item);
    }
  }
  std::ranges::sort(ended, std::greater<>());
  for (const auto index : ended) end_run(index, now);
}

void ChatLane::fail_step(const inference::StepPlan& plan, int rc) {
  log::error("engine", "{}: llama_decode answers {}", model_.config().name, rc);
  std::vector<std::size_t> failed;
  for (const auto& share : plan.shares) failed.push_back(share.item);
  std::ranges::sort(failed, std::greater<>());
  for (const auto index : failed) {
    running_[index]->on_error({Code::unavailable, "engine.failed",
                               fmt::format("{} failed to compute (code {})", model_.config().name, rc), 0});
    sequences_.free(take_out(index)->seq);
  }
}

}  // namespace troupe::engine
