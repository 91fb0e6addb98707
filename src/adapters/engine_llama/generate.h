#pragma once
// generate() and warm(): from a request to a run of a lane, and from its tokens to text.
#include <functional>
#include <memory>
#include <string>

#include "adapters/engine_llama/lane.h"

namespace troupe::engine {

// The caller's side of one generate(). The pieces arrive on the io thread and are touched there only.
struct GenerateCall {
  GenerateCall(const rt::Env& env, GenerateRequest r, std::function<void(std::string_view)> f)
      : request(std::move(r)), streams(f != nullptr), on_text(std::move(f)), done(env) {}
  const GenerateRequest request;
  const bool streams;
  std::function<void(std::string_view)> on_text;  // io thread; emptied when the caller leaves
  std::string streamed;                           // io thread
  rt::OneShot<GenerateReply> done;

  void deliver(std::string_view piece) {
    if (!on_text || piece.empty()) return;
    streamed += piece;
    on_text(piece);
  }
};

struct WarmCall {
  WarmCall(const rt::Env& env, GenerateRequest r) : request(std::move(r)), done(env) {}
  const GenerateRequest request;
  rt::OneShot<Usage> done;
};

// Engine thread. Answer through the call's OneShot, now or later.
void start_generate(ChatLane& lane, Inbox& inbox, const Limits& limits, TicketPtr ticket,
                    std::shared_ptr<GenerateCall> call);
void start_warm(ChatLane& lane, Inbox& inbox, const Limits& limits, TicketPtr ticket,
                std::shared_ptr<WarmCall> call);

// The prompt, or `invalid_argument` engine.prompt_too_long, which names the limit.
Result<Prompt> bounded_prompt(const ChatLane& lane, const Limits& limits,
                              std::span<const ChatMessage> messages);

}  // namespace troupe::engine
