#include "adapters/engine_llama/choose.h"

#include <fmt/format.h>

#include <algorithm>

#include "adapters/engine_llama/generate.h"
#include "inference/choice.h"
#include "inference/prefix_tree.h"
#include "inference/question.h"

namespace troupe::engine {

namespace {

bool by_letters(ChooseMethod method) { return method != ChooseMethod::text_minus_prior; }
// Texts differ in length, and so does their likelihood: taking all of the prior out would favour the longest
// (measured, ADR 4).
double prior_weight(ChooseMethod method) { return by_letters(method) ? 1 : .5; }
bool less_prior(ChooseMethod method) {
  return method == ChooseMethod::letters_minus_prior || method == ChooseMethod::text_minus_prior;
}

// One question: with the scene, or the prior without it. Collects a score for each option, in each way it is
// asked.
struct Question {
  std::vector<std::vector<double>> ways;
  std::size_t open = 0;  // runs that have not ended

  std::vector<double> scores() const {
    return ways.size() == 1 ? ways.front() : inference::mean_log_probabilities(ways);
  }
};

// Shared by the runs of one choose().
struct Choice {
  ChatLane& lane;
  Inbox& inbox;
  TicketPtr ticket;
  std::shared_ptr<ChooseCall> call;
  ChooseMethod method;
  std::string prior_key;
  std::string prompt;
  Question scene;
  Question prior;
  Usage usage;
  bool failed = false;
  bool counted = false;

  void ended() {
    if (failed || scene.open > 0 || prior.open > 0) return;
    auto scores = scene.scores();
    if (less_prior(method)) {
      lane.priors().put(prior_key, prior.scores());
      scores = inference::subtract_prior(scores, prior.scores(), prior_weight(method));
    }
    const auto temperature = lane.model().config().choose_temperature.at(static_cast<std::size_t>(method));
    auto probabilities = inference::softmax(scores, temperature);
    usage.total_us = usage.first_token_us = micros(inbox.env().now() - ticket->called);
    ticket->fill(usage);
    call->done.set(ChooseReply{.choice = inference::best_of(probabilities),
                               .probabilities = std::move(probabilities),
                               .method = std::string(choose_method_name(method)),
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

// The logits of the letters where the answer begins. In way k the options are rotated by k: letter i is
// option i + k.
class LettersRun final : public ChoiceRun {
 public:
  LettersRun(std::shared_ptr<Choice> choice, Question& question, std::size_t way,
             std::vector<llama_token> all, std::vector<llama_token> letters)
      : ChoiceRun(std::move(choice), question, std::move(all)), way_(way), letters_(std::move(letters)) {
    rows_from = tokens.size() - 1;
  }
  void on_row(std::size_t /*position*/, std::span<const float> logits) override {
    auto& scores = question_.ways[way_];
    for (std::size_t i = 0; i < letters_.size(); ++i) {
      scores[(i + way_) % letters_.size()] = logits[static_cast<std::size_t>(letters_[i])];
    }
  }

 private:
  std::size_t way_;
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
    question_.ways.front()[option_] += inference::log_probability(logits, static_cast<std::size_t>(next));
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

using Runs = std::vector<std::unique_ptr<Run>>;

// Builds the runs of one question; they are added together, after everything that can fail. Answers the first
// prompt.
class Asking {
 public:
  Asking(std::shared_ptr<Choice> choice, const Limits& limits, Runs& runs)
      : choice_(std::move(choice)), request_(choice_->call->request), limits_(limits), runs_(runs) {}

  Result<Prompt> ask(Question& question, const std::string& context, const std::string& scene) {
    question.ways.assign(choice_->method == ChooseMethod::letters_rotated ? request_.options.size() : 1,
                         std::vector<double>(request_.options.size(), 0.0));
    if (by_letters(choice_->method)) return ask_letters(question, context, scene);
    return ask_texts(question, context, scene);
  }

 private:
  Result<Prompt> prompt(std::span<const std::string> options, const std::string& context,
                        const std::string& scene) {
    const auto messages = choose_messages(inference::question_words(request_.language), context, scene,
                                          options, by_letters(choice_->method));
    return bounded_prompt(choice_->lane, limits_, messages);
  }

  Result<Prompt> ask_letters(Question& question, const std::string& context, const std::string& scene) {
    TRY(const auto letters, letter_tokens(choice_->lane.model(), request_.options.size()));
    auto options = request_.options;
    TRY(auto first, prompt(options, context, scene));
    // The context is what other calls share; the scene will not come again.
    auto keep = context.empty() ? 0 : first.ends.front();
    for (std::size_t way = 0; way < question.ways.size(); ++way) {
      auto tokens = first.tokens;
      if (way > 0) {
        std::ranges::rotate(options, options.begin() + 1);
        TRY(auto next, prompt(options, context, scene));
        tokens = std::move(next.tokens);
        // The other rotations fork where the options begin.
        if (way == 1) keep = inference::common_prefix(first.tokens, tokens);
      }
      runs_.push_back(std::make_unique<LettersRun>(choice_, question, way, std::move(tokens), letters));
    }
    set_keep(question.ways.size(), keep);
    return first;
  }

  Result<Prompt> ask_texts(Question& question, const std::string& context, const std::string& scene) {
    TRY(auto asked, prompt(request_.options, context, scene));
    const auto& model = choice_->lane.model();
    const auto& begins = inference::question_words(request_.language).begins;
    const auto begun = model.tokenize(begins, false);
    asked.tokens.insert(asked.tokens.end(), begun.begin(), begun.end());
    asked.text += begins;
    for (std::size_t i = 0; i < request_.options.size(); ++i) {
      auto option = model.tokenize(" " + request_.options[i], false);
      if (option.empty())
        return fail(Code::invalid_argument, "engine.bad_options", "an option without tokens");
      const auto last = option.back();
      option.pop_back();
      auto all = asked.tokens;
      all.insert(all.end(), option.begin(), option.end());
      runs_.push_back(
          std::make_unique<TextRun>(choice_, question, i, asked.tokens.size(), std::move(all), last));
    }
    // They fork from each other, so the question has to outlive the first of them.
    set_keep(request_.options.size(), asked.tokens.size() - 1);
    return asked;
  }

  void set_keep(std::size_t newest, std::size_t keep) {
    for (auto run = runs_.end() - static_cast<std::ptrdiff_t>(newest); run != runs_.end(); ++run)
      (*run)->keep = keep;
  }

  std::shared_ptr<Choice> choice_;
  const ChooseRequest& request_;
  const Limits& limits_;
  Runs& runs_;
};

}  // namespace

void start_choose(ChatLane& lane, Inbox& inbox, const Limits& limits, TicketPtr ticket, ChooseMethod method,
                  std::shared_ptr<ChooseCall> call) {
  const auto& request = call->request;
  auto choice = std::make_shared<Choice>(Choice{.lane = lane,
                                                .inbox = inbox,
                                                .ticket = ticket,
                                                .call = call,
                                                .method = method,
                                                .prior_key = std::string(choose_method_name(method)) + '\n',
                                                .prompt = {},
                                                .scene = {},
                                                .prior = {},
                                                .usage = {},
                                                .failed = false,
                                                .counted = false});
  // (With its length: an option may contain any separator.)
  for (const auto& option : request.options)
    choice->prior_key += std::to_string(option.size()) + ':' + option;

  const auto begin = [&]() -> Result<void> {
    Runs runs;
    Asking asking(choice, limits, runs);
    TRY(auto prompt, asking.ask(choice->scene, request.context, request.scene));
    choice->prompt = std::move(prompt.text);
    choice->usage.prompt_tokens = static_cast<int>(prompt.tokens.size());
    if (less_prior(method)) {
      if (const auto* known = lane.priors().find(choice->prior_key)) {
        choice->prior.ways = {*known};
      } else {
        TRY_VOID(asking.ask(choice->prior, "", ""));
      }
    }
    for (auto& run : runs) lane.add(std::move(run));
    return {};
  };
  if (auto begun = begin(); !begun) call->done.set(std::unexpected(std::move(begun).error()));
}

}  // namespace troupe::engine
