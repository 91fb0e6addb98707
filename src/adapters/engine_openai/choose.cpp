// choose(): one request for the letters' likelihoods, and one more, remembered, for what they are without the
// scene.
#include "adapters/engine_openai/request.h"
#include "adapters/engine_openai/upstream.h"
#include "inference/choice.h"

namespace troupe::engine {

namespace {

std::string as_text(const std::vector<ChatMessage>& messages) {
  std::string out;
  for (const auto& message : messages) {
    if (!out.empty()) out += "\n\n";
    out += message.text;
  }
  return out;
}

Task<Choice> ask_letters(CorePtr core, Upstream* upstream, ChooseRequest request, bool with_scene,
                         bool as_json) {
  Question question{
      .path = "/chat/completions",
      .body = choose_body(upstream->config(), request.tier, choose_messages(request, with_scene),
                          request.options.size(), as_json),
      .tier = request.tier,
      .deadline = request.deadline};
  CO_TRY(const auto body, co_await ask_whole(core, upstream, std::move(question), kReplyBytesMax));
  auto choice = read_choice(body, upstream->config(), request.options.size());
  if (!choice) {
    upstream->failed(choice.error(), core->env.now());
    co_return std::unexpected(choice.error().error);
  }
  co_return *std::move(choice);
}

// Asked beside the question itself; stops when the caller leaves.
class PriorAsked {
 public:
  PriorAsked(const CorePtr& core, Upstream* upstream, const ChooseRequest& request) : done_(core->env) {
    handle_ = core->group.spawn_stoppable(
        "prior", [done = done_, core, upstream, request]() -> rt::asio::awaitable<void> {
          done.set(co_await ask_letters(core, upstream, request, false, false));
        });
  }
  ~PriorAsked() { handle_.stop(); }
  PriorAsked(const PriorAsked&) = delete;
  Task<Choice> wait(rt::Instant deadline) const { return done_.wait(deadline); }

 private:
  rt::OneShot<Choice> done_;
  rt::Group::Handle handle_;
};

void add(Counted& sum, const std::optional<Counted>& more) {
  if (!more) return;
  sum.prompt_tokens += more->prompt_tokens;
  sum.cached_tokens += more->cached_tokens;
  sum.new_tokens += more->new_tokens;
}

struct Weighed {
  std::vector<double> probabilities;
  const char* method = "";
};

Weighed label(std::size_t option, std::size_t options) {
  Weighed out{std::vector<double>(options, 0.0), "label"};
  out.probabilities[option] = 1;  // nothing was measured; this is what it said
  return out;
}

Task<Weighed> weigh(CorePtr core, Upstream* upstream, ChooseRequest request,
                    std::shared_ptr<Counted> counted) {
  const std::size_t options = request.options.size();
  std::string key;
  // (With its length: an option may contain any separator.)
  for (const auto& option : request.options) key += std::to_string(option.size()) + ':' + option;
  if (!upstream->letters_fail) {
    std::vector<double> prior;
    if (const auto* known = upstream->priors.find(key)) prior = *known;
    std::optional<PriorAsked> asked;
    if (prior.empty() && upstream->config().logprobs) asked.emplace(core, upstream, request);
    CO_TRY(const auto choice, co_await ask_letters(core, upstream, request, true, false));
    add(*counted, choice.counted);
    if (!choice.scores.empty()) {
      if (asked) {
        const auto neutral = co_await asked->wait(request.deadline);
        if (neutral) add(*counted, neutral->counted);
        if (neutral && !neutral->scores.empty()) upstream->priors.put(key, prior = neutral->scores);
      }
      // Better a choice that leans to a letter than none.
      if (prior.empty()) co_return Weighed{inference::softmax(choice.scores, 1), "letters"};
      co_return Weighed{inference::softmax(inference::subtract_prior(choice.scores, prior), 1),
                        "letters_minus_prior"};
    }
    if (const auto option = named_option(choice.text, options)) co_return label(*option, options);
  }
  CO_TRY(const auto choice, co_await ask_letters(core, upstream, request, true, true));
  add(*counted, choice.counted);
  const auto option = named_option(choice.text, options);
  if (!option) {
    co_return fail(Code::unavailable, "engine.no_choice",
                   upstream->info.name + " answers a choice with something that is no option");
  }
  upstream->letters_fail = true;
  co_return label(*option, options);
}

}  // namespace

Task<ChooseReply> run_choose(CorePtr core, Upstream* upstream, ChooseRequest request,
                             [[maybe_unused]] Places::Call call) {
  const auto called = core->env.now();
  const auto counted = std::make_shared<Counted>();
  CO_TRY(const auto weighed, co_await weigh(core, upstream, request, counted));
  ChooseReply reply{.choice = inference::best_of(weighed.probabilities),
                    .probabilities = weighed.probabilities,
                    .method = weighed.method,
                    .model = upstream->info.name,
                    .prompt = as_text(choose_messages(request, true)),
                    .usage = usage_of(*counted, upstream->config().prices)};
  reply.usage.total_us = reply.usage.first_token_us = (core->env.now() - called).count() / 1000;
  co_return reply;
}

}  // namespace troupe::engine
