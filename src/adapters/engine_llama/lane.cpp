#include "adapters/engine_llama/lane.h"

#include <algorithm>

#include "inference/prefix_tree.h"

namespace troupe::engine {

namespace {

constexpr auto kWorthClearing = std::chrono::milliseconds(20);
constexpr std::size_t kWorthWaiting = 32;  // shared tokens that make it better to wait for another's prefill

bool is_gold(const std::unique_ptr<Run>& run) { return run->tier <= Tier::gold; }

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
      shelf_(model),
      priors_(config.priors_max),
      batch_(llama_batch_init(batch_max(config), 0, 1)) {}

ChatLane::~ChatLane() { llama_batch_free(batch_); }

void ChatLane::add(std::unique_ptr<Run> run) {
  run->served = run->ticket->called;
  run->tier = run->ticket->tier;
  run->prompt_tokens = run->tokens.size();
  run->deadline = run->due();
  waiting_.push_back(std::move(run));
}

inference::StepItem ChatLane::item(const Run& run) const {
  const auto offset = run.rows_from == Run::kNoRows ? run.left()
                      : run.rows_from > run.filled  ? run.rows_from - run.filled
                                                    : 0;
  const bool in_turn = config_.order == Order::arrival;
  return {.tier = run.tier,
          .deadline = in_turn ? rt::Instant::never() : run.deadline,
          .served = in_turn    ? rt::Instant{}
                    : run.ages ? run.served
                               : rt::Instant::never(),
          .arrival = run.ticket->number,
          .tokens = static_cast<int>(run.left()),
          .rows_from = static_cast<int>(offset),
          .talks = !run.ticket->first_token_by.is_never()};
}

inference::Rank ChatLane::rank(const Run& run, rt::Instant now) const {
  return inference::rank_of(item(run), now, config_.ageing);
}

// True when the run needs no more work: out of time (it answers what there is before the deadline, not after
// it), or without hope, since even the rest of its prompt takes longer than there is time.
bool ChatLane::is_over(Run& run, rt::Instant now, std::optional<rt::nanoseconds> token) {
  const auto due = run.due();
  if (due.is_never()) return false;
  if (now >= due || (run.generates() && token && now + *token > due)) {
    out_of_time(run, now);
    return true;
  }
  if (!chooses() || run.generates() || !inference::doomed(rest_of(run, run.filled, true), now, due))
    return false;
  give_up(run);
  return true;
}

void ChatLane::out_of_time(Run& run, rt::Instant now) {
  if (now >= run.ticket->deadline || run.has_begun()) return run.on_deadline();
  run.on_error({Code::deadline_exceeded, "engine.first_token", "the first token did not come in time", 0});
}

void ChatLane::give_up(Run& run) {
  inbox_.counters().doomed.fetch_add(1);
  // Who had begun to answer, and had to start again, has something to show.
  if (run.has_begun()) return run.on_deadline();
  run.on_error({Code::deadline_exceeded, "engine.doomed", "the deadline could not have been met", 0});
}

// Who has left makes room; who is out of time gets what there is.
void ChatLane::sweep(rt::Instant now) {
  const auto left = std::erase_if(waiting_, [&](RunPtr& run) {
    if (run->ticket->gone.load()) return true;
    if (now < run->due()) return false;
    out_of_time(*run, now);
    return true;
  });
  // Whoever worked for one of them, too, is no more urgent than before; those who still wait lend theirs
  // again.
  for (const auto& run : running_) {
    if (left == 0) break;
    run->tier = run->ticket->tier;
    run->deadline = run->due();
  }
  const auto token = next_token();
  for (std::size_t i = running_.size(); i-- > 0;) {
    auto& run = *running_[i];
    if (run.ticket->gone.load() || is_over(run, now, token)) end_run(i, now);
  }
}

// Takes the run from running_ and keeps what it computed for others.
void ChatLane::end_run(std::size_t index, rt::Instant now) {
  short_of_cells_ = false;
  const auto run = take_out(index);
  put_away(*run, std::min(run->filled, run->keep), {.used = now, .think_again = run->ticket->think_again});
}

void ChatLane::put_away(Run& run, std::size_t tokens, PrefixShelf::Use use) {
  inbox_.counters().evictions.fetch_add(shelf_.keep(run.seq, std::span(run.tokens).first(tokens), use));
  sequences_.free(run.seq);
  run.seq = -1;
}

// The cells that others share with it belong to whoever shares most of them from now on.
ChatLane::RunPtr ChatLane::take_out(std::size_t index) {
  auto run = std::move(running_[index]);
  running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(index));
  Run* heir = nullptr;
  for (const auto& other : running_) {
    if (other->donor == run.get() && (heir == nullptr || other->forked > heir->forked)) heir = other.get();
  }
  if (heir == nullptr) return run;
  heir->donor = run->donor;
  heir->forked = std::min(heir->forked, run->forked);
  for (const auto& other : running_) {
    if (other->donor == run.get()) other->donor = heir;
  }
  return run;
}

std::optional<inference::Rank> ChatLane::prepare(rt::Instant now, bool spare) {
  sweep(now);
  admit(now, spare);
  std::optional<inference::Rank> best;
  for (const auto& run : running_) {
    const auto r = rank(*run, now);
    if (!best || r < *best) best = r;
  }
  return best;
}

void ChatLane::admit(rt::Instant now, bool spare) {
  if (running_.empty()) short_of_cells_ = false;
  if (waiting_.empty()) return;
  std::ranges::sort(waiting_, {}, [&](const RunPtr& run) { return rank(*run, now); });
  const auto slots = static_cast<std::size_t>(model_.config().slots);
  // Comparing prompts costs time: look at a few more than can start, no further.
  std::size_t looks = 4 * slots;
  for (std::size_t i = 0; i < waiting_.size() && looks > 0; --looks) {
    const auto& next = *waiting_[i];
    // Beside gold nobody else computes; who starts now would only be in its way.
    if (rank(next, now).tier > static_cast<int>(Tier::gold) && std::ranges::any_of(running_, is_gold)) break;
    if ((short_of_cells_ || running_.size() >= slots) && !park_for(next)) break;
    clear_for(next);
    const auto outcome = try_start(waiting_[i], now, spare && running_.empty());
    if (outcome == Start::no_room) {
      if (!park_for(next)) break;
    } else if (outcome == Start::started) {
      waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(i));
    } else {
      ++i;
    }
  }
}

// `started` also when the run was answered at once (it could not be in time).
ChatLane::Start ChatLane::try_start(RunPtr& run, rt::Instant now, bool spare) {
  const std::size_t usable = std::min(run->rows_from, run->tokens.size());
  const std::span<const llama_token> wanted(run->tokens.data(), usable);
  const auto kept = shelf_.find(wanted);
  Source found{.length = kept.length};
  Run* leader = nullptr;
  std::size_t coming = 0;
  for (const auto& other : running_) {
    const auto shared = inference::common_prefix(wanted, other->tokens);
    const auto ready = std::min(shared, other->filled);
    if (ready > found.forked && ready >= PrefixShelf::kLeastShared) {
      found.donor = other.get();
      found.forked = ready;
    }
    if (shared > coming && other->filled < shared) {
      coming = shared;
      leader = other.get();
    }
  }
  found.length = std::max(found.length, found.forked);
  if (leader != nullptr && inference::worth_waiting(found.length, coming, kWorthWaiting)) {
    // The leader works for this one too, so it inherits its urgency.
    leader->tier = std::min(leader->tier, run->tier);
    leader->deadline = std::min(leader->deadline, run->deadline);
    return Start::deferred;
  }
  if (chooses() && inference::doomed(rest_of(*run, found.length, true), now, run->due())) {
    give_up(*run);
    return Start::started;
  }
  if (chooses() && !spare && !run->started && !worth_it(*run, found.length, now)) return Start::deferred;
  // Cells for all prompts. Answers seldom become as long as they may; make_room() is for when they do.
  run->donor = found.donor;
  run->forked = found.forked;
  std::size_t cells = run->tokens.size() - run->forked;
  for (const auto& other : running_) cells += other->tokens.size() - other->forked;
  if (!running_.empty() && cells > static_cast<std::size_t>(model_.config().kv_tokens)) return Start::no_room;

  run->seq = found.donor != nullptr ? sequences_.fork(found.donor->seq, found.forked) : sequences_.take();
  if (found.length > found.forked)
    found.length = shelf_.restore(kept.id, found.forked, found.length, run->seq, now);
  begin(*run, found.length, now);
  running_.push_back(std::move(run));
  return Start::started;
}

// With the share of the machine that better tiers leave, after those of its tier that are at work.
bool ChatLane::worth_it(const Run& run, std::size_t found, rt::Instant now) const {
  auto rest = rest_of(run, found, false);
  for (const auto& other : running_) {
    if (!rest || other->tier != run.tier || other->generates()) continue;
    *rest += rest_of(*other, other->filled, false).value_or(rt::nanoseconds{0});
  }
  return inference::worth_starting(rest, now, run.due(), inbox_.load().left_for(run.tier, now));
}

void ChatLane::begin(Run& run, std::size_t found, rt::Instant now) {
  run.filled = found;
  auto& ticket = *run.ticket;
  ticket.state.store(run.has_begun() ? ThoughtView::State::generating : ThoughtView::State::prefill);
  if (run.started) return;
  run.started = true;
  run.began = now;
  run.cached = found;
  inbox_.counters().cached_tokens.fetch_add(found);
  if (ticket.began_ns.load() != 0) return;  // another run of the same call
  ticket.began_ns.store(now.ns);
  ticket.prompt_tokens.store(static_cast<int>(run.prompt_tokens));
  if (ticket.deadline.is_never()) return;
  ticket.slack_us.store(
      micros(ticket.deadline - now - rest_of(run, found, false).value_or(rt::nanoseconds{0})));
}

// Who matters least: of the worst tier the one that came last.
std::optional<std::size_t> ChatLane::least_of_all() const {
  const auto worst = std::ranges::max_element(running_, [](const RunPtr& a, const RunPtr& b) {
    return a->tier != b->tier ? a->tier < b->tier : before(a->ticket, b->ticket);
  });
  if (worst == running_.end()) return std::nullopt;
  return static_cast<std::size_t>(worst - running_.begin());
}

// Makes a slot free for a run of a better tier. What the parked one computed is put away, so that it goes on
// later where it stopped.
bool ChatLane::park_for(const Run& better) {
  const auto worst = least_of_all();
  if (!worst || running_[*worst]->tier <= better.tier) return false;
  auto run = take_out(*worst);
  // It will go on soon: the last to be evicted.
  put_away(*run, run->filled, {.used = better.ticket->called});
  run->filled = 0;
  run->tier = run->ticket->tier;
  run->deadline = run->due();
  run->ticket->state.store(ThoughtView::State::waiting);
  waiting_.push_back(std::move(run));
  return true;
}

// Gold computes alone, so the others only stand in its way: each of its tokens would look at their cells,
// too. They are put away where that saves more than it costs.
void ChatLane::clear_for(const Run& run) {
  if (run.tier > Tier::gold) return;
  std::size_t in_the_way = 0;
  for (const auto& other : running_) {
    if (!is_gold(other)) in_the_way += other->filled - other->forked;
  }
  auto shape = shape_of(static_cast<int>(run.left()), 1);
  const auto with = cost_.predict(shape);
  shape.attended -= shape.tokens * static_cast<double>(in_the_way);
  const auto without = cost_.predict(shape);
  if (!with || !without || *with - *without < kWorthClearing) return;
  while (park_for(run)) {
  }
}

// llama.cpp found no cells for a step: the run that matters least goes on later.
void ChatLane::make_room(rt::Instant now) {
  const auto worst = least_of_all();
  if (!worst) return;
  auto run = take_out(*worst);
  put_away(*run, run->filled, {.used = now});
  run->filled = 0;
  if (running_.empty()) {
    run->on_error({Code::exhausted, "engine.no_cells", "the model's kv_tokens are too few for this call", 0});
  } else {
    // Started again at once it would take back the cells that the others need to go on.
    short_of_cells_ = true;
    inbox_.counters().restarts.fetch_add(1);
    run->ticket->state.store(ThoughtView::State::waiting);
    waiting_.push_back(std::move(run));
  }
}

void ChatLane::count(std::array<std::uint64_t, 4>& waiting, std::uint64_t& running) const {
  for (const auto& run : waiting_) ++waiting[static_cast<std::size_t>(run->ticket->tier)];
  running += running_.size();
}

void ChatLane::fail_all(const Error& error) {
  for (const auto& run : waiting_) run->on_error(error);
  for (const auto& run : running_) {
    run->on_error(error);
    sequences_.free(run->seq);
  }
  waiting_.clear();
  running_.clear();
}

}  // namespace troupe::engine
