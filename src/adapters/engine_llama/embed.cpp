#include "adapters/engine_llama/embed.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace troupe::engine {

namespace {

std::vector<float> unit(std::span<const float> vector) {
  double squares = 0;
  for (const auto value : vector) squares += static_cast<double>(value) * value;
  const double length = std::sqrt(squares);
  std::vector<float> out(vector.begin(), vector.end());
  if (length > 0) {
    for (auto& value : out) value = static_cast<float>(value / length);
  }
  return out;
}

}  // namespace

EmbedLane::EmbedLane(Model& model, const LlamaConfig& config, Inbox& inbox)
    : model_(model),
      config_(config),
      inbox_(inbox),
      batch_(llama_batch_init(model.info().context_tokens, 0, 1)),
      batch_max_(std::min(config.chunk_max, model.info().context_tokens)) {}

EmbedLane::~EmbedLane() { llama_batch_free(batch_); }

void EmbedLane::start(TicketPtr ticket, std::shared_ptr<EmbedCall> call) {
  Texts job{{std::move(ticket)}, call};
  const auto& info = model_.info();
  for (const auto& text : call->request.texts) {
    auto tokens = model_.tokenize(text, false, true);
    if (tokens.size() > static_cast<std::size_t>(info.context_tokens)) {
      return call->done.set(fail(
          Code::invalid_argument, "engine.prompt_too_long",
          fmt::format("a text has {} tokens; {} takes {}", tokens.size(), info.name, info.context_tokens)));
    }
    job.tokens += static_cast<int>(tokens.size());
    job.texts.push_back(std::move(tokens));
  }
  job.reply.vectors.resize(job.texts.size());
  if (job.texts.empty()) return answer(job);
  jobs_.push_back(std::move(job));
}

std::optional<inference::Rank> EmbedLane::prepare(rt::Instant now, bool /*spare*/) {
  return put_in_order(jobs_, now, config_.ageing);
}

// As many texts as fit into one batch, the most urgent first; at least one.
Step EmbedLane::assemble(rt::Instant now, std::vector<Part>& parts) {
  const auto& leader = *jobs_.front().ticket;
  Step step{.lead = leader.tier, .may_stop = true, .ahead = false, .gold_due = {}, .shape = {}, .parts = {}};
  if (leader.tier <= Tier::gold) step.gold_due = leader.deadline;
  batch_.n_tokens = 0;
  for (std::size_t j = 0; j < jobs_.size(); ++j) {
    auto& job = jobs_[j];
    int taken = 0;
    for (auto text = job.next; text < job.texts.size(); ++text) {
      const auto& tokens = job.texts[text];
      const auto total = batch_.n_tokens + static_cast<int>(tokens.size());
      if (parts.size() >= static_cast<std::size_t>(model_.config().slots) ||
          (!parts.empty() && total > batch_max_))
        break;
      for (std::size_t i = 0; i < tokens.size(); ++i) {
        const auto at = batch_.n_tokens++;
        batch_.token[at] = tokens[i];
        batch_.pos[at] = static_cast<llama_pos>(i);
        batch_.n_seq_id[at] = 1;
        batch_.seq_id[at][0] = static_cast<llama_seq_id>(parts.size());
        batch_.logits[at] = 1;
      }
      parts.push_back({j, text});
      taken += static_cast<int>(tokens.size());
    }
    if (taken == 0) break;
    step.parts.push_back({job.ticket, taken});
    job.begin(now);
  }
  const double tokens = batch_.n_tokens;
  step.shape = {.tokens = batch_.n_tokens,
                .rows = static_cast<int>(parts.size()),
                .attended = tokens * tokens,
                .threads = static_cast<int>(inbox_.counters().threads.load())};
  return step;
}

void EmbedLane::step(rt::Instant now) {
  std::vector<Part> parts;
  const auto step = assemble(now, parts);
  const auto memory = model_.memory();
  if (memory != nullptr) llama_memory_clear(memory, false);  // decoder models that embed
  const auto outcome = run_step(model_.context(), batch_, step, model_.config().name, cost_, config_, inbox_);
  if (outcome.rc != 2) finish_step(parts, outcome.rc, outcome.ended);
}

void EmbedLane::finish_step(const std::vector<Part>& parts, int rc, rt::Instant now) {
  if (rc == 0) inbox_.counters().prompt_tokens.fetch_add(static_cast<std::uint64_t>(batch_.n_tokens));
  const auto size = static_cast<std::size_t>(model_.info().embedding_size);
  for (std::size_t seq = 0; seq < parts.size(); ++seq) {
    auto& job = jobs_[parts[seq].job];
    const float* vector =
        rc == 0 ? llama_get_embeddings_seq(model_.context(), static_cast<llama_seq_id>(seq)) : nullptr;
    if (vector == nullptr) {
      job.call->done.set(fail(Code::unavailable, "engine.failed",
                              fmt::format("{} failed to compute (code {})", model_.config().name, rc)));
      job.next = job.texts.size();
      continue;
    }
    job.reply.vectors[parts[seq].text] = unit({vector, size});
    job.next = std::max(job.next, parts[seq].text + 1);
    job.served = now;
  }
  for (auto& job : jobs_) {
    if (job.next == job.texts.size()) answer(job);
  }
  std::erase_if(jobs_, [](const Texts& job) { return job.next == job.texts.size(); });
}

void EmbedLane::answer(Texts& job) {
  job.reply.model = model_.info().name;
  job.reply.usage = job.usage(inbox_.env().now());
  job.call->done.set(std::move(job.reply));
}

void EmbedLane::count(std::array<std::uint64_t, 4>& waiting, std::uint64_t& running) const {
  count_jobs(jobs_, waiting, running);
}

void EmbedLane::fail_all(const Error& error) { fail_jobs(jobs_, error); }

}  // namespace troupe::engine
