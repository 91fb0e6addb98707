#include "adapters/engine_llama/choose.h"

#include <fmt/format.h>

#include <algorithm>

#include "adapters/engine_llama/generate.h"
#include "inference/choice.h"

namespace troupe::engine {

namespace {

// One question: with the scene, or the prior without it. Collects a score for each option.
struct Question {
  std::vector<double> scores;
  std::size_t open = 0;  // runs that have not ended
};

// Shared by the runs of one choose().
struct Choice {
  ChatLane& lane;
  Inbox& inbox;
  TicketPtr ticket;
  std::shared_ptr<ChooseCall> call;
  std::string prior_key;
  std::string prompt;
  Question scene;
  Question prior;
  Usage usage;
  bool failed = false;
  bool counted = false;

  void ended() {
    if (failed || scene.open > 0 || prior.open > 0) return;
    lane.priors().put(prior_key, prior.scores);
    const auto& config = lane.model().config();
    auto probabilities =
        inference::softmax(inference::subtract_prior(scene.scores, prior.scores), config.choose_temperature);
    usage.total_us = usage.first_token_us = micros(inbox.env().now() - ticket->called);
    call->done.set(ChooseReply{.choice = inference::best_of(probabilities),
                               .probabilities = std::move(probabilities),
                               .method = std::string(choose_method_name(config.choose)),
                               .model = lane.model().info().name,
                               .model_hash = lane.model().info().hash,
                               .prompt = std::move(prompt),
                               .usage = usage});
  }
  void fail(Error error) {
    failed = true;
    call->done.set(std::unexpected(std::move(error)));
  }
};

class ChoiceRun : public Run {
 public:
  ChoiceRun(std::shared_ptr<Choice> choice, Question& question, std::vector<llama_token> all)
      : Run(choice->ticket, std::move(all)), choice_(std::move(choice)), question_(question) {
    ++question_.open;
  }
  void on_done() override {
    if (&question_ == &choice_->scene && !choice_->counted) {
      choice_->counted = true;  // the first of the scene's runs speaks for all: the others fork from it
      choice_->usage.cached_tokens = static_cast<int>(cached);
      choice_->usage.queue_us = micros(began - ticket->called);
    }
    --question_.open;
    choice_->ended();
  }
  void on_error(Error error) override { choice_->fail(std::move(error)); }

 protected:
  std::shared_ptr<Choice> choice_;
  Question& question_;
};

// The logits of the letters where the answer begins.
class LettersRun final : public ChoiceRun {
 public:
  LettersRun(std::shared_ptr<Choice> choice, Question& question, std::vector<llama_token> all,
             std::vector<llama_token> letters)
      : ChoiceRun(std::move(choice), question, std::move(all)), letters_(std::move(letters)) {
    rows_from = tokens.size() - 1;
  }
  void on_row(std::size_t /*position*/, std::span<const float> logits) override {
    for (const auto letter : letters_) question_.scores.push_back(logits[static_cast<std::size_t>(letter)]);
  }

 private:
  std::vector<llama_token> letters_;
};

// The likelihood of one option's text where the answer begins.
class TextRun final : public ChoiceRun {
 public:
  TextRun(std::shared_ptr<Choice> choice, Question& question, std::size_t option, std::size_t prompt_tokens,
          std::vector<llama_token> all, llama_token last)
      : ChoiceRun(std::move(choice), question, std::move(all)), option_(option), last_(last) {
    rows_from = prompt_tokens - 1;
  }
  void on_row(std::size_t position, std::span<const float> logits) override {
    const auto next = position + 1 < tokens.size() ? tokens[position + 1] : last_;
    question_.scores[option_] += inference::log_probability(logits, static_cast<std::size_t>(next));
  }

 private:
  std::size_t option_;
  llama_token last_;  // the option's last token: scored, never computed
};

Result<std::vector<llama_token>> letter_tokens(const Model& model, std::size_t count) {
  std::vector<llama_token> out;
  for (std::size_t i = 0; i < count; ++i) {
    const auto tokens = model.tokenize(std::string(1, static_cast<char>('A' + i)), false);
    if (tokens.size() != 1) {
      return fail(Code::unavailable, "engine.bad_model",
                  model.config().name + " has no single tokens for letters; use text_minus_prior");
    }
    out.push_back(tokens.front());
  }
  return out;
}

// Builds the runs of one question; they are added together, after everything that can fail.
Result<std::vector<std::unique_ptr<Run>>> ask(const std::shared_ptr<Choice>& choice, Question& question,
                                              const Prompt& prompt, std::size_t keep) {
  const auto& request = choice->call->request;
  const auto& model = choice->lane.model();
  std::vector<std::unique_ptr<Run>> out;
  if (model.config().choose == ChooseMethod::letters_minus_prior) {
    TRY(auto letters, letter_tokens(model, request.options.size()));
    out.push_back(std::make_unique<LettersRun>(choice, question, prompt.tokens, std::move(letters)));
  } else {
    question.scores.assign(request.options.size(), 0.0);
    for (std::size_t i = 0; i < request.options.size(); ++i) {
      auto option = model.tokenize(request.options[i], false);
      if (option.empty())
        return fail(Code::invalid_argument, "engine.bad_options", "an option without tokens");
      const auto last = option.back();
      option.pop_back();
      auto all = prompt.tokens;
      all.insert(all.end(), option.begin(), option.end());
      out.push_back(
          std::make_unique<TextRun>(choice, question, i, prompt.tokens.size(), std::move(all), last));
    }
  }
  for (auto& run : out) run->keep = keep;
  return out;
}

}  // namespace

void start_choose(ChatLane& lane, Inbox& inbox, const Limits& limits, TicketPtr ticket,
                  std::shared_ptr<ChooseCall> call) {
  const auto& request = call->request;
  const auto method = lane.model().config().choose;
  auto choice = std::make_shared<Choice>(Choice{.lane = lane,
                                                .inbox = inbox,
                                                .ticket = ticket,
                                                .call = call,
                                                .prior_key = {},
                                                .prompt = {},
                                                .scene = {},
                                                .prior = {},
                                                .usage = {},
                                                .failed = false,
                                                .counted = false});
  for (const auto& option : request.options) choice->prior_key += option + '\n';

  const auto begin = [&]() -> Result<void> {
    const auto messages = choose_messages(request.context, request.scene, request.options, method);
    TRY(auto prompt, bounded_prompt(lane, limits, messages));
    choice->prompt = prompt.text;
    choice->usage.prompt_tokens = static_cast<int>(prompt.tokens.size());
    // The context is what other calls share; the scene will not come again.
    const auto context = request.context.empty() ? 0 : prompt.ends.front();
    // Text runs of one question fork from each other, so the question has to outlive the first of them.
    const auto keep = method == ChooseMethod::text_minus_prior ? prompt.tokens.size() - 1 : context;
    TRY(auto runs, ask(choice, choice->scene, prompt, keep));
    if (const auto* known = lane.priors().find(choice->prior_key)) {
      choice->prior.scores = *known;
    } else {
      const auto neutral = choose_messages("", "", request.options, method);
      TRY(const auto prior, bounded_prompt(lane, limits, neutral));
      TRY(auto more, ask(choice, choice->prior, prior,
                         method == ChooseMethod::text_minus_prior ? prior.tokens.size() - 1 : 0));
      for (auto& run : more) runs.push_back(std::move(run));
    }
    for (auto& run : runs) lane.add(std::move(run));
    return {};
  };
  if (auto begun = begin(); !begun) call->done.set(std::unexpected(std::move(begun).error()));
}

}  // namespace troupe::engine
