#pragma once
// The history of the world as others ask for it. Owned by app; io thread; keeps nothing. Bound: kChainMax
// links.
#include "host/host.h"
#include "host/service.h"
#include "pack/pack.h"
#include "troupe/v1/world.pb.h"

namespace troupe {

class WorldService final : public Service {
 public:
  WorldService(const pack::Pack& pack, Host& host) : pack_(pack), host_(host) {}
  void mount() override;

 private:
  Result<pb::WorldInfo> get(const Caller& caller, const pb::WorldGetRequest& request) const;
  Task<pb::WorldWhyReply> why(Caller caller, pb::WorldWhyRequest request);
  Task<pb::WorldVerifyReply> verify(Caller caller, pb::WorldVerifyRequest request);
  Task<pb::WorldWhyReply::Link> link(Caller caller, pb::Envelope event);

  const pack::Pack& pack_;
  Host& host_;
};

}  // namespace troupe
