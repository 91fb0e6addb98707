#include "adapters/engine_llama/encoded_choice.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "base/log.h"
#include "inference/choice.h"

namespace troupe::engine {

namespace {

struct Part {
  std::vector<llama_token> tokens;
  std::string_view text;
};

enum class Keep { beginning, end };

// Whole words of a text, `most` tokens at most. Words are tokenised apart from each other, so their counts
// add up.
Part fitting(const Model& model, std::string_view text, std::size_t most, Keep keep) {
  Part part{model.tokenize(text, false), text};
  if (part.tokens.size() <= most) return part;
  const bool from_end = keep == Keep::end;
  std::size_t room = most;
  std::size_t kept = 0;  // bytes
  while (kept < text.size()) {
    const auto left = from_end ? text.substr(0, text.size() - kept) : text.substr(kept);
    // With the spaces that part it from what is kept already.
    const auto last = left.find_last_not_of(' ');
    const auto first = left.find_first_not_of(' ');
    const auto begin = from_end ? left.rfind(' ', last) : first;
    const auto word = from_end ? left.substr(begin == std::string_view::npos ? 0 : begin)
                               : left.substr(0, left.find(' ', first));
    const auto count = model.tokenize(word, false).size();
    if (count > room) break;
    room -= count;
    kept += word.size();
  }
  part.text = from_end ? text.substr(text.size() - kept) : text.substr(0, kept);
  part.tokens = model.tokenize(part.text, false);
  part.tokens.resize(std::min(part.tokens.size(), most));
  return part;
}

void append(std::vector<llama_token>& to, const std::vector<llama_token>& more) {
  to.insert(to.end(), more.begin(), more.end());
}

}  // namespace

Result<Passage> passage_of(const Model& model, const ChooseRequest& request, std::size_t tokens_max) {
  std::vector<std::vector<llama_token>> options;
  std::size_t taken = 2;  // [CLS], and the first [SEP]
  for (const auto& option : request.options) {
    options.push_back(model.tokenize(option, false));
    taken += options.back().size() + 1;
  }
  const auto who = fitting(model, request.context, kWhoTokensMax, Keep::beginning);
  taken += who.tokens.size();
  const auto room = tokens_max > taken ? tokens_max - taken : 0;
  const auto scene = fitting(model, request.scene, room, Keep::end);
  if (taken > tokens_max || (room < kSceneTokensMin && scene.text.size() < request.scene.size())) {
    return fail(Code::invalid_argument, "engine.prompt_too_long",
                fmt::format("{} options and who somebody is have {} tokens; {} takes {}, and of them {} are "
                            "kept for the scene: offer fewer options, or shorter ones",
                            options.size(), taken, model.info().name, tokens_max, kSceneTokensMin));
  }
  const auto end = llama_vocab_sep(model.vocab());
  Passage out;
  out.tokens.push_back(llama_vocab_bos(model.vocab()));
  append(out.tokens, who.tokens);
  append(out.tokens, scene.tokens);
  out.tokens.push_back(end);
  out.text = fmt::format("{}{}{}", who.text, who.text.empty() ? "" : " ", scene.text);
  for (std::size_t i = 0; i < options.size(); ++i) {
    const auto begin = out.tokens.size();
    append(out.tokens, options[i]);
    out.tokens.push_back(end);
    out.options.push_back({begin, out.tokens.size()});
    out.text += " [SEP] " + request.options[i];
  }
  return out;
}

EncodedChoiceLane::EncodedChoiceLane(Model& model, const LlamaConfig& config, Inbox& inbox)
    : model_(model),
      config_(config),
      inbox_(inbox),
      batch_(llama_batch_init(model.info().context_tokens, 0, 1)) {}

EncodedChoiceLane::~EncodedChoiceLane() { llama_batch_free(batch_); }

void EncodedChoiceLane::start(TicketPtr ticket, std::shared_ptr<ChooseCall> call) {
  const auto most = std::min(model_.info().context_tokens, config_.limits.prompt_tokens_max);
  auto passage = passage_of(model_, call->request, static_cast<std::size_t>(most));
  if (!passage) return call->done.set(std::unexpected(std::move(passage).error()));
  Question question{{std::move(ticket)}, std::move(call), *std::move(passage)};
  question.tokens = static_cast<int>(question.passage.tokens.size());
  jobs_.push_back(std::move(question));
}

inference::StepShape EncodedChoiceLane::shape_of(const Question& question) const {
  return {.tokens = question.tokens,
          .rows = question.tokens,
          .attended = static_cast<double>(question.tokens) * question.tokens,
          .threads = static_cast<int>(inbox_.counters().threads.load())};
}

std::optional<inference::Rank> EncodedChoiceLane::prepare(rt::Instant now, bool /*spare*/) {
  auto first = put_in_order(jobs_, now, config_.ageing);
  // Who cannot be in time makes room for who can.
  while (first && config_.order == Order::tiers &&
         inference::doomed(cost_.at_least(shape_of(jobs_.front())), now, jobs_.front().ticket->deadline)) {
    inbox_.counters().doomed.fetch_add(1);
    jobs_.front().call->done.set(
        fail(Code::deadline_exceeded, "engine.doomed", "the deadline could not have been met"));
    jobs_.erase(jobs_.begin());
    first = put_in_order(jobs_, now, config_.ageing);
  }
  return first;
}

Step EncodedChoiceLane::assemble(const Question& question, rt::Instant now) {
  const auto& ticket = *question.ticket;
  const bool of_gold = ticket.tier <= Tier::gold;
  const auto lead = inference::aged_tier(ticket.tier, now - question.served, config_.ageing);
  Step step{.lead = lead,
            .may_stop = of_gold || lead > Tier::gold,
            .ahead = false,
            .gold_due = {},
            .shape = shape_of(question),
            .parts = {{question.ticket, question.tokens}}};
  if (of_gold) step.gold_due = ticket.deadline;
  batch_.n_tokens = question.tokens;
  for (int i = 0; i < question.tokens; ++i) {
    batch_.token[i] = question.passage.tokens[static_cast<std::size_t>(i)];
    batch_.pos[i] = i;
    batch_.n_seq_id[i] = 1;
    batch_.seq_id[i][0] = 0;
    batch_.logits[i] = 1;
  }
  return step;
}

void EncodedChoiceLane::step(rt::Instant now) {
  auto& question = jobs_.front();
  const auto step = assemble(question, now);
  question.begin(now);
  const auto outcome = run_step(model_.context(), batch_, step, model_.config().name, cost_, config_, inbox_);
  if (outcome.rc == 2) return;  // stopped for somebody: it is asked again
  if (outcome.rc == 0) {
    inbox_.counters().prompt_tokens.fetch_add(static_cast<std::uint64_t>(question.tokens));
    question.call->done.set(answer(question));
  } else {
    log::error("engine", "{}: llama_decode answers {}", model_.config().name, outcome.rc);
    question.call->done.set(
        fail(Code::unavailable, "engine.failed",
             fmt::format("{} failed to compute (code {})", model_.config().name, outcome.rc)));
  }
  jobs_.erase(jobs_.begin());
}

Result<ChooseReply> EncodedChoiceLane::answer(const Question& question) const {
  const auto& head = model_.choice_head();
  std::vector<double> scores;
  for (const auto& [begin, end] : question.passage.options) {
    double sum = 0;
    for (auto row = begin; row < end; ++row) {
      const float* state = llama_get_embeddings_ith(model_.context(), static_cast<std::int32_t>(row));
      if (state == nullptr)
        return fail(Code::unavailable, "engine.failed", model_.config().name + " gave no hidden states");
      sum += std::inner_product(head.weights.begin(), head.weights.end(), state, 0.0);
    }
    scores.push_back(sum / static_cast<double>(end - begin) + head.bias);
  }
  constexpr auto kMethod = ChooseMethod::cross_encoder;
  const auto fallback = model_.config().choose_temperature.at(static_cast<std::size_t>(kMethod));
  auto probabilities = inference::softmax(scores, head.temperature.value_or(fallback));
  auto usage = question.usage(inbox_.env().now());
  usage.first_token_us = usage.total_us;
  return ChooseReply{.choice = inference::best_of(probabilities),
                     .probabilities = std::move(probabilities),
                     .method = std::string(choose_method_name(kMethod)),
                     .model = model_.info().name,
                     .model_hash = model_.info().hash,
                     .prompt = question.passage.text,
                     .usage = usage};
}

void EncodedChoiceLane::count(std::array<std::uint64_t, 4>& waiting, std::uint64_t& running) const {
  count_jobs(jobs_, waiting, running);
}

void EncodedChoiceLane::fail_all(const Error& error) { fail_jobs(jobs_, error); }

}  // namespace troupe::engine
