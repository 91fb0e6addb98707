#pragma once
// What can be done: verbs and their executor; game engines and their features. Owned by app; io thread. Keeps
// registered engine versions and features only (Limits); whatever verbs change belongs to state.
#include <map>
#include <string>
#include <vector>

#include "host/host.h"
#include "host/service.h"
#include "host/table.h"
#include "services/capabilities/busy.h"
#include "services/capabilities/engine_rules.h"
#include "services/capabilities/offers.h"
#include "services/capabilities/surroundings.h"
#include "services/capabilities/verb_options.h"
#include "troupe/v1/capabilities.pb.h"

namespace troupe {

class CapabilitiesService final : public Service {
 public:
  CapabilitiesService(const pack::Pack& pack, Host& host, const capabilities::Limits& limits = {});
  void mount() override;

 private:
  // capabilities_service.cpp: verbs
  Result<pb::CapabilitiesVerbsReply> verbs(const Caller& caller,
                                           const pb::CapabilitiesVerbsRequest& request) const;
  Result<pb::CapabilitiesLegalReply> legal(const Caller& caller,
                                           const pb::CapabilitiesLegalRequest& request) const;
  Result<pb::Verdict> check(const Caller& caller, const pb::CapabilitiesCheckRequest& request) const;
  Result<pb::CapabilitiesGrammarReply> grammar(const Caller& caller,
                                               const pb::CapabilitiesGrammarRequest& request) const;
  Result<pb::Verdict> execute(Turn& turn, const Caller& caller,
                              const pb::CapabilitiesExecuteRequest& request);

  struct Actor {
    pack::ActorKind kind;
    std::string id;
  };
  Result<Actor> actor_of(const Caller& caller, const std::string& kind, const std::string& id) const;
  Result<void> check_bounds(const pb::Action& action) const;
  struct Trial {
    capabilities::Surroundings around;
    Result<capabilities::Judged> judged;
  };
  // An error is one of the asking (no state service); a refusal is in Trial::judged.
  Result<Trial> attempt(const Caller& caller, const Actor& actor, const pb::Action& action) const;
  Result<void> check_free(const Actor& actor, const std::string& verb) const;
  std::int64_t left_ms(const Actor& actor, const std::string& verb) const;
  pb::Verdict refuse(Turn& turn, const Actor& actor, const pb::Action& action, const Error& why,
                     const std::string& place) const;
  void hear(Turn& turn, const Actor& actor, const capabilities::Judged& judged, std::uint64_t cause) const;
  Result<pb::Verdict> carry_out(Turn& turn, const Caller& caller, const Actor& actor, const Trial& trial);
  std::vector<const pack::Verb*> verbs_of(pack::ActorKind kind) const;

  // capabilities_offers.cpp: what takes a player's word
  Result<pb::CapabilitiesOffersReply> offers(const Caller& caller,
                                             const pb::CapabilitiesOffersRequest& request) const;
  Result<pb::Verdict> accept(Turn& turn, const Caller& caller, const pb::CapabilitiesAcceptRequest& request);
  Result<pb::Offer> decline(Turn& turn, const Caller& caller, const pb::CapabilitiesDeclineRequest& request);
  Result<pb::Verdict> offer(Turn& turn, const Actor& actor, const Trial& trial);
  Result<pb::Offer> known_offer(const std::string& id) const;
  void end_offer(Turn& turn, const pb::Offer& offer, const std::string& how);
  void on_timer(Turn& turn, const std::string& key);
  void on_pack_changed(Turn& turn, const pb::PackChanged& change);
  void mount_offers();

  // capabilities_engines.cpp
  Result<pb::CapabilitiesEnginesReply> engines(const Caller& caller,
                                               const pb::CapabilitiesEnginesRequest& request) const;
  Result<pb::CapabilitiesFeaturesReply> features(const Caller& caller,
                                                 const pb::CapabilitiesFeaturesRequest& request) const;
  Result<pb::CapabilitiesSuggestReply> suggest(const Caller& caller,
                                               const pb::CapabilitiesSuggestRequest& request) const;
  Result<pb::EngineVersion> register_engine(Turn& turn, const Caller& caller,
                                            const pb::CapabilitiesRegisterEngineRequest& request);
  Result<pb::Feature> register_feature(Turn& turn, const Caller& caller,
                                       const pb::CapabilitiesRegisterFeatureRequest& request);
  void mount_engines();

  const pack::Pack& pack_;
  Host& host_;
  const capabilities::Limits limits_;
  const capabilities::SurroundingsReader reader_;
  Table<pb::EngineVersion> registered_engines_;
  Table<pb::Feature> registered_features_;
  const capabilities::EngineTable engines_;
  capabilities::Busy busy_;
  capabilities::Offers offers_;
};

}  // namespace troupe
