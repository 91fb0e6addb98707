#pragma once
// Engines behind OpenAI's HTTP protocol: vLLM, SGLang, llama-server, a cloud. One engine for all of them;
// each of its models is at an upstream of its own.
//
// Owner    Whoever called open_openai_engine(); destroying it closes every connection and answers what waits
//          with `unavailable` engine.stopping. `env` must outlive it.
// Threads  Engine's methods and upstreams() on the io thread; stats() on any thread. One thread of its own
//          (`curl`).
// Cancel   Closes the connection, which is what stops the upstream; so do the deadline and a stop string.
// Bounded  Per upstream: Limits::waiting_max calls, `parallel` of them at the upstream, the others wait in the
//          order of the port's contract; kReplyBytesMax a reply (16 times that for vectors), kEventBytesMax a
//          line of a stream, kHeadBytesMax of headers; `timeout` where a call has no deadline.
// Errors   Beside the port's: `unavailable` engine.unreachable, engine.not_trusted, engine.address_refused,
//          engine.redirected, engine.cut_off, engine.bad_reply, engine.bad_key, engine.refused; `exhausted`
//          engine.upstream_busy (with retry_after_ms); `deadline_exceeded` engine.silent: the upstream had
//          the request and said nothing useful in time.
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ports/engine.h"

namespace troupe::engine {

inline constexpr std::size_t kReplyBytesMax = 1024 * 1024;
inline constexpr std::size_t kEventBytesMax = 256 * 1024;
inline constexpr std::int64_t kPriceMax = 1'000'000'000;  // 1,000 dollars per million tokens

// What an upstream understands beyond the protocol.
enum class Dialect {
  compatible,  // nothing: the fields that everybody knows
  openai,      // OpenAI itself: `max_completion_tokens`
  vllm,
  sglang,
  llama,  // llama-server
};
std::string_view dialect_name(Dialect dialect);

// Millionths of a dollar per million tokens.
struct Prices {
  std::int64_t prompt = 0;
  std::int64_t cached = -1;  // of the prompt, found in the upstream's cache; -1: as `prompt`
  std::int64_t output = 0;
};

struct OpenAiModelConfig {
  std::string name;   // as Troupe calls it: lower case letters, digits, '.', '_', '-'; 48 at most
  std::string url;    // "https://host/v1"; http only with `allow_addresses`
  std::string model;  // as the upstream calls it
  std::vector<Tier> tiers;
  int embedding_size = 0;  // above 0: an embedding model
  int context_tokens = 4096;
  Dialect dialect = Dialect::compatible;
  bool priority = false;  // the upstream schedules by `priority`: 0 gold, 10 silver, 20 bronze, 30 warm
  bool logprobs = true;   // ask for `top_logprobs` where there is a choice
  std::string key_file;   // one line; only its owner may read it
  std::string ca_file;    // instead of the system's certificates
  std::vector<std::string> allow_addresses;  // networks; empty = public addresses only
  int parallel = 16;                         // 1 to 256 requests at once
  int retries = 2;                           // 0 to 5, inside of the deadline
  int redirects = 0;                         // 0 to 3 to follow
  std::chrono::milliseconds connect_timeout{2'000};
  std::chrono::milliseconds timeout{120'000};  // of a request; the deadline is the other limit
  Prices prices;
};

struct OpenAiConfig {
  std::vector<OpenAiModelConfig> models;
  Limits limits;
};

// One upstream, as it was last seen.
struct UpstreamView {
  std::string name;
  std::string url;
  std::string model;
  bool asked = false;   // false: nothing is known yet
  std::string problem;  // "" = it answers
};

struct OpenAiStats {
  std::uint64_t requests = 0;     // sent, retries too
  std::uint64_t connections = 0;  // made
  std::uint64_t in_flight = 0;    // requests that have not ended
  std::uint64_t retries = 0;
};

class OpenAiEngine : public Engine {
 public:
  virtual std::vector<UpstreamView> upstreams() const = 0;
  virtual OpenAiStats stats() const = 0;
};

// What is wrong with a configuration, without looking at files: "" or one sentence.
std::string openai_model_problem(const OpenAiModelConfig& model);

// Reads the keys and asks every upstream for its models, in the background: who is away now may come later.
// Errors are `invalid_argument` engine.bad_config and name the model.
Result<std::unique_ptr<OpenAiEngine>> open_openai_engine(const rt::Env& env, OpenAiConfig config);

}  // namespace troupe::engine
