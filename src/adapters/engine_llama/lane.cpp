#include "adapters/engine_llama/lane.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "inference/prefix.h"

namespace troupe::engine {

namespace {

constexpr std::size_t kWorthWaiting = 32;  // shared tokens that make it better to wait for another's prefill

bool before(const TicketPtr& a, const TicketPtr& b) { return a->number < b->number; }

}  // namespace

int batch_max(const LlamaConfig& config) {
  int slots = 1;
  for (const auto& model : config.models) slots = std::max(slots, model.slots);
  return config.chunk_max + slots;
}

ChatLane::ChatLane(Model& model, ChatFormat format, const LlamaConfig& config, Inbox& inbox)
    : model_(model),
      format_(std::move(format)),
      config_(config),
      inbox_(inbox),
      sequences_(model),
      priors_(config.priors_max),
      batch_(llama_batch_init(batch_max(config), 0, 1)) {}

ChatLane::~ChatLane() { llama_batch_free(batch_); }

void ChatLane::add(std::unique_ptr<Run> run) {
  run->served = run->ticket->called;
  run->tier = run->ticket->tier;
  run->deadline = run->ticket->deadline;
  run->prompt_tokens = run->tokens.size();
  run->reserve = std::max(run->reserve, run->tokens.size());
  waiting_.push_back(std::move(run));
}

inference::StepItem ChatLane::item(const Run& run) const {
  const auto offset = run.rows_from == Run::kNoRows ? run.left()
                      : run.rows_from > run.filled  ? run.rows_from - run.filled
                                                    : 0;
  return {.tier = run.tier,
          .deadline = run.deadline,
          .served = run.served,
          .arrival = run.ticket->number,
          .tokens = static_cast<int>(run.left()),
          .rows_from = static_cast<int>(offset)};
}

inference::Rank ChatLane::rank(const Run& run, rt::Instant now) const {
  return inference::rank_of(item(run), now, config_.ageing);
}

inference::StepLimits ChatLane::limits() const {
  const auto chunk = [&](std::chrono::milliseconds budget) {
    return cost_.chunk(budget, config_.chunk_min, config_.chunk_max);
  };
  return {.chunk = {chunk(config_.gold_step), chunk(config_.gold_step), chunk(config_.silver_step),
                    chunk(config_.bronze_step)},
          .batch_max = config_.chunk_max + model_.config().slots,
          .rows_max = kRowsMax,
          .ageing = config_.ageing};
}

// Who has left makes room; who is out of time gets what there is.
void ChatLane::sweep(rt::Instant now) {
  std::erase_if(waiting_, [&](RunPtr& run) {
    if (run->ticket->gone.load()) return true;
    if (now < run->ticket->deadline) return false;
    run->on_deadline();
    return true;
  });
  for (std::size_t i = running_.size(); i-- > 0;) {
    auto& run = *running_[i];
    if (run.ticket->gone.load()) {
      end_run(i);
    } else if (now >= run.ticket->deadline) {
      run.on_deadline();
      end_run(i);
    }
  }
}

// Takes the run from running_ and keeps what it computed for others.
void ChatLane::end_run(std::size_t index) {
  short_of_cells_ = false;
  auto run = std::move(running_[index]);
  running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(index));
  run->tokens.resize(std::min(run->filled, run->keep));
  sequences_.keep(run->seq, std::move(run->tokens));
}

std::optional<inference::Rank> ChatLane::prepare(rt::Instant now) {
  sweep(now);
  admit(now);
  std::optional<inference::Rank> best;
  for (const auto& run : running_) {
    const auto r = rank(*run, now);
    if (!best || r < *best) best = r;
  }
  return best;
}

void ChatLane::admit(rt::Instant now) {
  if (running_.empty()) short_of_cells_ = false;
  if (waiting_.empty() || short_of_cells_) return;
  std::ranges::sort(waiting_, {}, [&](const RunPtr& run) { return rank(*run, now); });
  const auto slots = static_cast<std::size_t>(model_.config().slots);
  // Comparing prompts costs time: look at a few more than can start, no further.
  std::size_t looks = 4 * slots;
  for (std::size_t i = 0; i < waiting_.size() && looks > 0; --looks) {
    if (running_.size() >= slots && !park_for(*waiting_[i])) break;
    const auto outcome = try_start(waiting_[i], now);
    if (outcome == Start::no_room) break;
    if (outcome == Start::started) {
      waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(i));
    } else {
      ++i;
    }
  }
}

// `started` also when the run was answered at once (it could not be in time).
ChatLane::Start ChatLane::try_start(RunPtr& run, rt::Instant now) {
  const std::size_t usable = std::min(run->rows_from, run->tokens.size());
  const std::span<const llama_token> wanted(run->tokens.data(), usable);
  auto found = sequences_.find(wanted);
  Run* leader = nullptr;
  std::size_t coming = 0;
  for (const auto& other : running_) {
    const auto shared = inference::common_prefix(wanted, other->tokens);
    const auto ready = std::min(shared, other->filled);
    if (ready > found.length && ready >= Sequences::kLeastShared) found = {other->seq, ready};
    if (shared > coming && other->filled < shared) {
      coming = shared;
      leader = other.get();
    }
  }
  if (leader != nullptr && inference::worth_waiting(found.length, coming, kWorthWaiting)) {
    // The leader works for this one too, so it inherits its urgency.
    leader->tier = std::min(leader->tier, run->tier);
    leader->deadline = std::min(leader->deadline, run->deadline);
    return Start::deferred;
  }
  if (cost_.doomed(static_cast<int>(run->tokens.size() - found.length), now, run->ticket->deadline)) {
    inbox_.counters().doomed.fetch_add(1);
    run->on_error({Code::deadline_exceeded, "engine.doomed", "the deadline could not have been met", 0});
    return Start::started;
  }
  // Cells that all of them may need: what each adds, and the longest shared prefix once. Several different
  // prefixes are more than that; make_room() is for those.
  std::size_t shared = found.length;
  std::size_t own = run->reserve - std::min(run->reserve, found.length);
  for (const auto& other : running_) {
    shared = std::max(shared, other->forked);
    own += other->reserve - std::min(other->reserve, other->forked);
  }
  if (!running_.empty() && own + shared > static_cast<std::size_t>(model_.config().kv_tokens))
    return Start::no_room;

  run->seq = sequences_.fork(found.seq, found.length);
  run->filled = run->forked = found.length;
  if (!run->started) {
    run->started = true;
    run->began = now;
    run->cached = found.length;
    inbox_.counters().cached_tokens.fetch_add(found.length);
  }
  running_.push_back(std::move(run));
  return Start::started;
}

// Makes a slot free for a run of a better tier. What the parked one computed stays in the cache, so that it
// goes on later where it stopped (unless somebody needed the cells meanwhile).
bool ChatLane::park_for(const Run& better) {
  const auto worst = std::ranges::max_element(running_, [](const RunPtr& a, const RunPtr& b) {
    return a->tier != b->tier ? a->tier < b->tier : before(a->ticket, b->ticket);
  });
  if (worst == running_.end() || (*worst)->tier <= better.tier) return false;
  auto run = std::move(*worst);
  running_.erase(worst);
  sequences_.keep(run->seq,
                  {run->tokens.begin(), run->tokens.begin() + static_cast<std::ptrdiff_t>(run->filled)});
  run->seq = -1;
  run->filled = 0;
  run->tier = run->ticket->tier;
  run->deadline = run->ticket->deadline;
  waiting_.push_back(std::move(run));
  return true;
}

// llama.cpp found no cells for a step. Kept prefixes go first, then the run that matters least starts again
// later.
void ChatLane::make_room() {
  if (sequences_.evict()) {
    inbox_.counters().evictions.fetch_add(1);
    return;
  }
  const auto worst = std::ranges::max_element(running_, [](const RunPtr& a, const RunPtr& b) {
    return a->tier != b->tier ? a->tier < b->tier : before(a->ticket, b->ticket);
  });
  if (worst == running_.end()) return;
  auto run = std::move(*worst);
  running_.erase(worst);
  inbox_.counters().wasted_tokens.fetch_add(run->filled - std::min(run->filled, run->cached));
  sequences_.free(run->seq);
  run->seq = -1;
  run->filled = 0;
  if (running_.empty()) {
    run->on_error({Code::exhausted, "engine.no_cells", "the model's kv_tokens are too few for this call", 0});
  } else {
    // Started again at once it would take back the cells that the others need to go on.
    short_of_cells_ = true;
    inbox_.counters().restarts.fetch_add(1);
    waiting_.push_back(std::move(run));
  }
}

void ChatLane::step(rt::Instant now) {
  std::vector<inference::StepItem> items;
  items.reserve(running_.size());
  for (const auto& run : running_) items.push_back(item(*run));
  const auto plan = inference::plan_step(items, limits(), now);
  if (plan.empty()) return;

  batch_.n_tokens = 0;
  std::vector<TicketPtr> tickets;
  for (const auto& share : plan) {
    auto& run = *running_[share.item];
    tickets.push_back(run.ticket);
    for (int i = 0; i < share.tokens; ++i) {
      const auto position = run.filled + static_cast<std::size_t>(i);
      const auto at = batch_.n_tokens++;
      batch_.token[at] = run.tokens[position];
      batch_.pos[at] = static_cast<llama_pos>(position);
      batch_.n_seq_id[at] = 1;
      batch_.seq_id[at][0] = run.seq;
      batch_.logits[at] = position >= run.rows_from ? 1 : 0;
    }
  }
  auto& counters = inbox_.counters();
  inbox_.step_begins(std::move(tickets));
  const int rc = llama_decode(model_.context(), batch_);
  if (rc == 0) llama_synchronize(model_.context());
  inbox_.step_ended();
  const auto took = inbox_.env().now() - now;
  counters.steps.fetch_add(1);
  counters.busy_us.fetch_add(static_cast<std::uint64_t>(took.count() / 1000));
  if (rc == 0) {
    cost_.measured(batch_.n_tokens, took);
    finish_step(plan, inbox_.env().now());
  } else if (rc == 1) {
    make_room();
  } else if (rc == 2) {
    // Aborted: llama.cpp has dropped the step's positions, so everybody stands where they stood.
    counters.steps_aborted.fetch_add(1);
    counters.wasted_tokens.fetch_add(static_cast<std::uint64_t>(batch_.n_tokens));
  } else {
    log::error("engine", "{}: llama_decode answers {}", model_.config().name, rc);
    std::vector<std::size_t> failed;
    for (const auto& share : plan) failed.push_back(share.item);
    std::ranges::sort(failed, std::greater<>());
    for (const auto index : failed) {
      running_[index]->on_error({Code::unavailable, "engine.failed",
                                 fmt::format("{} failed to compute (code {})", model_.config().name, rc), 0});
      sequences_.free(running_[index]->seq);
      running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(index));
    }
  }
}

void ChatLane::finish_step(const std::vector<inference::Share>& plan, rt::Instant now) {
  auto& counters = inbox_.counters();
  std::vector<std::size_t> ended;
  int at = 0;
  for (const auto& share : plan) {
    auto& run = *running_[share.item];
    run.served = now;
    const bool generated = run.filled >= run.prompt_tokens;
    if (!generated) counters.prompt_tokens.fetch_add(static_cast<std::uint64_t>(share.tokens));
    for (int i = 0; i < share.tokens; ++i, ++at) {
      const auto position = run.filled++;
      if (position < run.rows_from) continue;
      const float* row = llama_get_logits_ith(model_.context(), at);
      run.rows_from = position + 1;  // never handed out twice, also when the run starts again
      run.on_row(position, {row, model_.vocab_size()});
    }
    if (run.left() == 0) {
      run.on_done();
      ended.push_back(share.item);
    }
  }
  std::ranges::sort(ended, std::greater<>());
  for (const auto index : ended) end_run(index);
}

void ChatLane::count(std::array<std::uint64_t, 4>& waiting, std::uint64_t& running) const {
  for (const auto& run : waiting_) ++waiting[static_cast<std::size_t>(run->ticket->tier)];
  running += running_.size();
}

void ChatLane::fail_all(const Error& error) {
  for (auto* list : {&waiting_, &running_}) {
    for (auto& run : *list) run->on_error(error);
    list->clear();
  }
}

}  // namespace troupe::engine
