#pragma once
// choose(): one pass over the question, without generation. What the model prefers before it knows the scene
// (the prior) is taken out; it depends on the options only, so it is computed once and kept.
#include <memory>

#include "adapters/engine_llama/lane.h"

namespace troupe::engine {

struct ChooseCall {
  ChooseCall(const rt::Env& env, ChooseRequest r) : request(std::move(r)), done(env) {}
  const ChooseRequest request;
  rt::OneShot<ChooseReply> done;
};

// Engine thread. Answers through the call's OneShot, now or later.
void start_choose(ChatLane& lane, Inbox& inbox, const Limits& limits, TicketPtr ticket, ChooseMethod method,
                  std::shared_ptr<ChooseCall> call);

}  // namespace troupe::engine
