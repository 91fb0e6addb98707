#pragma once
// Port: something that thinks. In process (llama), over HTTP (openai) or without any model (reflex).
//
// Guarantee   Each call completes once: with an answer, or with an error. Text already streamed stays valid.
// Deadline    Absolute, in every request. Near it an engine may end a text at the end of a sentence. At it,
//             generate() answers what it has, marked `deadline`, if it streamed anything, else
//             `deadline_exceeded`. Work that cannot be in time is dropped early: `deadline_exceeded`
//             engine.doomed. What has no first token at `first_token_by` is dropped within one step,
//             likewise.
// Structure   With a json_schema the answer is whole, or it is an error: engine.json_cut (`deadline_exceeded`
//             for lack of time, `exhausted` for lack of tokens). An engine without a grammar may answer what
//             does not match: who asked looks at it.
// Markup      Text is what is said: thoughts, control tokens and tool calls of a model's own are not in it.
//             What was thought counts against reasoning_tokens_max, not tokens_max, and no stop string is
//             looked for in it.
// Cancel      Cancelling the task stops the work within one step.
// Order       Earliest deadline first inside a tier; gold before silver before bronze.
// Threads     Call on the io thread; on_text runs on the io thread.
// Bounds      Engine::limits(): waiting requests (then `exhausted` engine.busy), prompt tokens (then
//             `invalid_argument` engine.prompt_too_long, naming the limit), new tokens. thoughts() lists
//             kThoughtsMax.
// Errors      `unavailable` engine.no_model, engine.failed; `invalid_argument` engine.bad_grammar (also when
//             nothing matches the schema), engine.bad_method; `exhausted` engine.no_cells; `not_found`
//             engine.no_logprobs: log probabilities were asked for and the engine has none.
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "rt/task.h"

namespace troupe::engine {

enum class Tier { reflex, gold, silver, bronze };
std::string_view tier_name(Tier tier);

enum class Role { system, user, assistant };
std::string_view role_name(Role role);

struct ChatMessage {
  Role role = Role::user;
  std::string text;  // plain text: template tokens in it are tokenised as text, never as control tokens
};

struct Sampling {
  double temperature = 0.7;
  double top_p = 0.9;
  double min_p = 0.05;
  double repeat_penalty = 1.1;
  // Taken from the logit of each token that was generated before, once and for each time; -2 to 2. Like
  // repeat_penalty, in free text only: a structure repeats its quotes and braces by right.
  double presence_penalty = 0;
  double frequency_penalty = 0;
  // The same seed, model and prompt give the same text on one machine, as long as the prompt is equally warm
  // and nothing else shares its steps: those change the rounding, and a near tie may go the other way.
  std::uint64_t seed = 0;
};

struct GenerateRequest {
  std::string model;   // a name of models(); "" = the engine's default for the tier
  std::string caller;  // for whom (an NPC, a player), for people who watch; cut to kCallerBytesMax
  Tier tier = Tier::silver;
  std::vector<ChatMessage> messages;
  int tokens_max = 96;
  Sampling sampling;
  std::vector<std::string> stop;
  // What a person says aloud: never shown before it is certain that it is no thought.
  bool speech = false;
  int reasoning_tokens_max = 1024;  // beside tokens_max, where the model thinks first
  std::string json_schema;          // "" = free text; else the answer is JSON that matches
  std::string grammar;              // GBNF; at most one of the two
  // Log probabilities in the reply, each token's with so many of the likeliest in its place; -1 = none.
  int top_logprobs = -1;
  rt::Instant deadline = rt::Instant::never();
  // An answer that has not begun by then is of no use, however soon it would end.
  rt::Instant first_token_by = rt::Instant::never();
  // When the caller will probably think again: how long what was computed for it is worth keeping. never =
  // not known.
  rt::Instant think_again = rt::Instant::never();
};

// Why an answer is shorter than the model wanted it.
enum class Cut {
  none,
  deadline,  // time was up
  sentence,  // ended at a sentence because the next one would not have been finished in time
  closed,    // a JSON answer that was led to its end early
};
std::string_view cut_name(Cut cut);

enum class Finish { stop, length, deadline, cancelled };
std::string_view finish_name(Finish finish);

struct Usage {
  int prompt_tokens = 0;
  int cached_tokens = 0;  // of the prompt, found in the prefix cache
  int new_tokens = 0;
  int reasoning_tokens = 0;  // of new_tokens: thought and not said
  std::int64_t queue_us = 0;
  std::int64_t first_token_us = 0;  // from the call
  std::int64_t total_us = 0;
  std::int64_t cost_microusd = 0;  // 0: it costs nothing, or nobody said what
  // What the scheduler decided, for `why`. 0 where an engine cannot know.
  int preemptions = 0;    // steps of this call that were stopped for somebody more urgent
  int wasted_tokens = 0;  // computed for it and thrown away
  // At the start of the work: time left beyond what it was predicted to take; 0 = no deadline.
  std::int64_t slack_us = 0;
  std::int64_t predicted_us = 0;  // of the steps that it took part in
  std::int64_t computed_us = 0;   // what they really took
  Cut cut = Cut::none;
};

// How likely a token was: the model's own distribution, before penalties, grammar and temperature.
struct TokenLogprob {
  struct Candidate {
    std::string token;  // its bytes, which need not be whole characters
    double logprob = 0;
  };
  std::string token;
  double logprob = 0;
  std::vector<Candidate> top;  // the likeliest first
};

struct GenerateReply {
  std::string text;
  std::string reasoning;  // what was thought first, a few KiB at most; for `why`
  Finish finish = Finish::stop;
  bool held_back = false;  // set by whoever moderates it: the text is what may be shown
  std::string model;
  std::string model_hash;
  Usage usage;
  // Where they were asked for, of the tokens that the text is made of. May be missing when the deadline cut
  // it.
  std::vector<TokenLogprob> logprobs;
};

// A choice among options in one pass, without generation. `context` is what calls share (who is choosing),
// `scene` is what changed; the prior of the options without the scene is taken out (see docs/adr on
// choosing).
struct ChooseRequest {
  std::string model;
  std::string caller;
  // How the model is read: "letters", "letters_minus_prior", "letters_rotated", "text_minus_prior", "meaning"
  // or "cross_encoder"; "" = what the engine is configured for. Engines without logits ignore it and say in
  // the reply what they did.
  std::string method;
  Tier tier = Tier::gold;
  std::string language;  // code, of the words that a chat model is asked in; "" = en
  std::string context;
  std::string scene;
  std::vector<std::string> options;  // 2 to 26, short phrases
  rt::Instant deadline = rt::Instant::never();
  rt::Instant think_again = rt::Instant::never();
};

struct ChooseReply {
  std::size_t choice = 0;
  std::vector<double> probabilities;  // one per option, sum 1
  std::string method;
  std::string model;
  std::string model_hash;
  std::string prompt;  // as assembled, for `why`
  Usage usage;
};

struct EmbedRequest {
  std::string model;
  Tier tier = Tier::silver;  // bronze: nobody waits
  std::string caller;
  std::vector<std::string> texts;
  rt::Instant deadline = rt::Instant::never();
};

struct EmbedReply {
  std::vector<std::vector<float>> vectors;  // unit length
  std::string model;
  Usage usage;
};

struct ModelInfo {
  std::string name;
  std::string hash;  // SHA-256 of the weights, hex
  int context_tokens = 0;
  int embedding_size = 0;  // 0: not an embedding model
  bool writes = true;      // false: it has no words of its own, it embeds or chooses
  std::vector<Tier> tiers;
};

struct Limits {
  std::size_t waiting_max = 1024;
  int prompt_tokens_max = 4096;
  int new_tokens_max = 1024;
  std::size_t options_max = 26;  // 26 at most: they are lettered
  std::size_t embed_texts_max = 256;
};

// What every engine refuses before it begins: `invalid_argument` engine.bad_request, and says what.
Result<void> check(const GenerateRequest& request);
Result<void> check(const ChooseRequest& request, const Limits& limits);
Result<void> check(const EmbedRequest& request, const Limits& limits);

// One call as somebody who watches sees it: who thinks now, and how recent thoughts ended.
struct ThoughtView {
  enum class State { waiting, prefill, generating, ended };
  enum class Outcome { open, met, late, dropped, cancelled, failed };
  std::uint64_t number = 0;  // of the call, ascending
  std::string caller;
  std::string model;
  Tier tier = Tier::silver;
  State state = State::waiting;
  Outcome outcome = Outcome::open;
  std::string reason;          // of the error that ended it, e.g. engine.doomed
  std::int64_t waited_us = 0;  // from the call until the first step (or until now)
  std::int64_t slack_us = 0;   // deadline minus now, or minus the end; negative = late; 0 = no deadline
  int prompt_tokens = 0;
  int new_tokens = 0;
  int preemptions = 0;
  int wasted_tokens = 0;
};
std::string_view state_name(ThoughtView::State state);
std::string_view outcome_name(ThoughtView::Outcome outcome);

constexpr int kTopLogprobsMax = 20;
constexpr std::size_t kCallerBytesMax = 64;
constexpr std::size_t kThoughtsMax = 128;  // the calls at work first, then the newest of those that ended

class Engine {
 public:
  virtual ~Engine() = default;
  virtual std::string_view name() const = 0;
  virtual std::vector<ModelInfo> models() const = 0;
  virtual const Limits& limits() const = 0;
  // on_text gets whole UTF-8 pieces in order; empty = not streamed.
  virtual Task<GenerateReply> generate(GenerateRequest request,
                                       std::function<void(std::string_view)> on_text) = 0;
  virtual Task<ChooseReply> choose(ChooseRequest request) = 0;
  virtual Task<EmbedReply> embed(EmbedRequest request) = 0;
  // Prefills the prompt of `request` at the lowest priority, so that a later generate() finds it warm. Best
  // effort.
  virtual Task<Usage> warm(GenerateRequest request) = 0;
  // Whether this model is known to think before it speaks, so that an answer costs that much more.
  virtual bool thinks(std::string_view /*model*/) const { return false; }
  // Any thread. Bounded by kThoughtsMax; empty for an engine that answers at once.
  virtual std::vector<ThoughtView> thoughts() const { return {}; }
};

}  // namespace troupe::engine
