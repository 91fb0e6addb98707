#pragma once
// Asking another service of this process outside of a turn.
#include "host/host.h"
#include "services/npc/mind.h"

namespace troupe::npc {

template <class Reply, class Request>
Result<Reply> asked(const Timeline& timeline, const Request& request) {
  TRY(const auto bytes, timeline.query(as_npc(timeline.config().world), Request::descriptor()->full_name(),
                                       request.SerializeAsString()));
  Reply reply;
  reply.ParseFromString(bytes);
  return reply;
}

}  // namespace troupe::npc
