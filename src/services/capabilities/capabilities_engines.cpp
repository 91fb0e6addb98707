// Engines and features: what is built in, and what designers registered in this world.
#include <fmt/format.h>

#include "services/capabilities/capabilities_service.h"

namespace troupe {

void CapabilitiesService::mount_engines() {
  host_.serve(&CapabilitiesService::engines, this);
  host_.serve(&CapabilitiesService::features, this);
  host_.serve(&CapabilitiesService::suggest, this);
  host_.serve(&CapabilitiesService::register_engine, this);
  host_.serve(&CapabilitiesService::register_feature, this);
}

Result<pb::CapabilitiesEnginesReply> CapabilitiesService::engines(
    const Caller&, const pb::CapabilitiesEnginesRequest& request) const {
  TRY(const auto found, engines_.engines(request.engine()));
  pb::CapabilitiesEnginesReply reply;
  reply.mutable_engines()->Assign(found.begin(), found.end());
  return reply;
}

Result<pb::CapabilitiesFeaturesReply> CapabilitiesService::features(
    const Caller&, const pb::CapabilitiesFeaturesRequest& request) const {
  TRY(const auto found, engines_.features(request.engine(), request.version(), request.category()));
  pb::CapabilitiesFeaturesReply reply;
  reply.mutable_features()->Assign(found.begin(), found.end());
  return reply;
}

Result<pb::CapabilitiesSuggestReply> CapabilitiesService::suggest(
    const Caller&, const pb::CapabilitiesSuggestRequest& request) const {
  const auto limit = request.limit() == 0 ? 10 : static_cast<std::size_t>(request.limit());
  TRY(const auto found, engines_.suggest(request.engine(), request.version(), request.context(), limit));
  pb::CapabilitiesSuggestReply reply;
  reply.mutable_features()->Assign(found.begin(), found.end());
  return reply;
}

Result<pb::EngineVersion> CapabilitiesService::register_engine(
    Turn& turn, const Caller&, const pb::CapabilitiesRegisterEngineRequest& request) {
  TRY_VOID(engines_.check(request.engine()));
  registered_engines_.put(turn, request.engine());
  return request.engine();
}

Result<pb::Feature> CapabilitiesService::register_feature(
    Turn& turn, const Caller&, const pb::CapabilitiesRegisterFeatureRequest& request) {
  TRY_VOID(engines_.check(request.feature()));
  registered_features_.put(turn, request.feature());
  return request.feature();
}

}  // namespace troupe
