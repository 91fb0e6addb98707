#pragma once
// The history of the world as others ask for it: why something happened, and whether the log is whole. Owned by
// WorldService; io thread; keeps nothing. Bounds: Limits::chain_max links and chain_bytes_max bytes of an answer.
#include "host/host.h"
#include "services/world/world_limits.h"
#include "troupe/v1/world.pb.h"

namespace troupe::world {

class History {
 public:
  History(Host& host, const Limits& limits) : host_(host), limits_(limits) {}
  void mount();

 private:
  Task<pb::WorldWhyReply> why(Caller caller, pb::WorldWhyRequest request);
  Task<pb::WorldVerifyReply> verify(Caller caller, pb::WorldVerifyRequest request);
  Task<pb::WorldWhyReply::Link> link(Caller caller, pb::Envelope event);

  Host& host_;
  const Limits& limits_;
};

}  // namespace troupe::world
