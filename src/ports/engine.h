#pragma once
// Port: something that thinks. In process (llama), over HTTP (openai) or without any model (reflex).
//
// Guarantee   Each call completes once: with an answer, or with an error. Text already streamed stays valid.
// Deadline    Absolute, in every request. At the deadline generate() answers what it has, marked `deadline`, if it
//             streamed anything, else `deadline_exceeded`; work that cannot meet it is dropped early.
// Cancel      Cancelling the task stops the work within one step.
// Order       Earliest deadline first inside a tier; gold before silver before bronze.
// Threads     Call on the io thread; on_text runs on the io thread.
// Bounds      Engine::limits(): waiting requests (then `exhausted` engine.busy), prompt tokens (then
//             `invalid_argument` engine.prompt_too_long, naming the limit), new tokens.
// Errors      `unavailable` engine.no_model, engine.failed; `invalid_argument` engine.bad_grammar.
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

struct ChatMessage {
  Role role = Role::user;
  std::string text;  // plain text: template tokens in it are tokenised as text, never as control tokens
};

struct Sampling {
  double temperature = 0.7;
  double top_p = 0.9;
  double min_p = 0.05;
  double repeat_penalty = 1.1;
  // The same seed, model and prompt give the same text on one machine, as long as the prompt is equally warm and nothing
  // else shares its steps: those change the rounding, and a near tie may go the other way.
  std::uint64_t seed = 0;
};

struct GenerateRequest {
  std::string model;  // a name of models(); "" = the engine's default for the tier
  Tier tier = Tier::silver;
  std::vector<ChatMessage> messages;
  int tokens_max = 96;
  Sampling sampling;
  std::vector<std::string> stop;
  std::string json_schema;  // "" = free text; else the answer is JSON that matches
  std::string grammar;      // GBNF; at most one of the two
  rt::Instant deadline = rt::Instant::never();
};

enum class Finish { stop, length, deadline, cancelled };
std::string_view finish_name(Finish finish);

struct Usage {
  int prompt_tokens = 0;
  int cached_tokens = 0;  // of the prompt, found in the prefix cache
  int new_tokens = 0;
  std::int64_t queue_us = 0;
  std::int64_t first_token_us = 0;  // from the call
  std::int64_t total_us = 0;
  std::int64_t cost_microusd = 0;  // 0: it costs nothing, or nobody said what
};

struct GenerateReply {
  std::string text;
  Finish finish = Finish::stop;
  std::string model;
  std::string model_hash;
  Usage usage;
};

// A choice among options in one pass, without generation. `context` is what calls share (who is choosing), `scene` is
// what changed; the prior of the options without the scene is taken out (see docs/adr on choosing).
struct ChooseRequest {
  std::string model;
  Tier tier = Tier::gold;
  std::string context;
  std::string scene;
  std::vector<std::string> options;  // 2 to 26, short phrases
  rt::Instant deadline = rt::Instant::never();
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
  std::vector<Tier> tiers;
};

struct Limits {
  std::size_t waiting_max = 1024;
  int prompt_tokens_max = 4096;
  int new_tokens_max = 1024;
  std::size_t options_max = 26;
  std::size_t embed_texts_max = 256;
};

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
  // Prefills the prompt of `request` at the lowest priority, so that a later generate() finds it warm. Best effort.
  virtual Task<Usage> warm(GenerateRequest request) = 0;
};

}  // namespace troupe::engine
