#pragma once
// OpenAI's paths: /v1/models, /v1/chat/completions, /v1/embeddings, so that any client for those works here.
// HTTP and JSON only; what thinks is the backend, which app wires to the router. Owned by the edge; io
// thread. Bounds: a stream's text that waits for a slow client (then the stream ends with an error).
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "base/units.h"
#include "edge/openai_door.h"
#include "edge/routes.h"
#include "ports/engine.h"
#include "rt/task.h"

namespace troupe::edge {

// For whom, and for how much.
struct Account {
  std::string player;              // `user`; "" = the caller. Counts where the caller may act for others.
  std::optional<MicroUsd> budget;  // X-Troupe-Budget-Microusd: at most this much for the call
};

// `model` empty: the tier was named instead. The deadline is the call's.
struct ChatRequest {
  engine::GenerateRequest generate;
  Account account;
  bool seeded = false;      // the client named the seed; else it is drawn
  bool by_meaning = false;  // X-Troupe-Cache: meaning; an answer to the same in other words will do
};
struct ChooseRequest {
  engine::ChooseRequest choose;
  Account account;
};
struct EmbedRequest {
  engine::EmbedRequest embed;
  Account account;
};

// Implemented outside. An unknown model is `not_found`. Cancelling the task stops the work.
class OpenAiBackend {
 public:
  virtual ~OpenAiBackend() = default;
  // `on_text` gets whole UTF-8 pieces in order, on the io thread; empty = not streamed.
  virtual Task<engine::GenerateReply> chat(Caller caller, ChatRequest request,
                                           std::function<void(std::string_view)> on_text) = 0;
  virtual Task<engine::ChooseReply> choose(Caller caller, ChooseRequest request) = 0;
  virtual Task<engine::EmbedReply> embed(Caller caller, EmbedRequest request) = 0;
  virtual Task<std::vector<engine::ModelInfo>> models(Caller caller) = 0;
};

struct ParsedChat;
struct ToolUse;
struct ToolVerdict;

class OpenAiApi {
 public:
  OpenAiApi(const rt::Env& env, OpenAiBackend& backend, rt::Group& group, std::size_t stream_queue_bytes_max,
            const OpenAiRules& rules)
      : env_(env),
        backend_(backend),
        group_(group),
        stream_queue_bytes_max_(stream_queue_bytes_max),
        door_(env.clock, rules) {}

  void add_routes(Routes& routes);

 private:
  class Answers;  // of one request: `n` of them, under way

  Task<HttpReply> models(HttpCall call);
  Task<HttpReply> chat(HttpCall call);
  Task<HttpReply> embeddings(HttpCall call);
  // Which function is called, if any.
  Task<ToolVerdict> decide(Caller caller, ToolUse tools, ChatRequest request);

  rt::Env env_;
  OpenAiBackend& backend_;
  rt::Group& group_;
  std::size_t stream_queue_bytes_max_;
  OpenAiDoor door_;
};

}  // namespace troupe::edge
