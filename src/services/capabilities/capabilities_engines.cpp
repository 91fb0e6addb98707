// Engines and features: what is built in, and what designers registered in the tables of this world.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "services/capabilities/capabilities_service.h"

namespace troupe {

using capabilities::EngineFeature;
using capabilities::EngineVersion;
using db::Values;

namespace {

pb::EngineVersion to_proto(const EngineVersion& engine) {
  pb::EngineVersion out;
  out.set_engine(engine.engine);
  out.set_version(engine.version);
  out.set_released(engine.released);
  return out;
}

pb::Feature to_proto(const EngineFeature& feature) {
  pb::Feature out;
  out.set_engine(feature.engine);
  out.set_category(feature.category);
  out.set_name(feature.name);
  out.set_summary(feature.summary);
  out.set_introduced(feature.introduced);
  out.set_deprecated(feature.deprecated);
  for (const auto& [name, text] : feature.parameters) (*out.mutable_parameters())[name] = text;
  return out;
}

}  // namespace

void CapabilitiesService::mount_engines() {
  auto& timeline = host_.timeline();
  timeline.add_migrations({{"capabilities", 1, R"sql(
    create table capabilities_engines (
      engine text not null,
      version text not null,
      released text not null,
      primary key (engine, version)
    );
    create table capabilities_features (
      engine text not null,
      name text not null,
      category text not null,
      summary text not null,
      introduced text not null,
      deprecated text not null,
      parameters text not null,
      primary key (engine, name)
    ))sql"}});
  timeline.add_table("capabilities_engines", "engine, version");
  timeline.add_table("capabilities_features", "engine, name");
  timeline.add_loader([this](db::Reader& reader) { return load_engines(reader); });
  host_.serve(&CapabilitiesService::engines, this);
  host_.serve(&CapabilitiesService::features, this);
  host_.serve(&CapabilitiesService::suggest, this);
  host_.serve(&CapabilitiesService::register_engine, this);
  host_.serve(&CapabilitiesService::register_feature, this);
}

Result<void> CapabilitiesService::load_engines(db::Reader& reader) {
  engines_.clear_registered();
  TRY(const auto versions, reader.query("select engine, version, released from capabilities_engines"));
  for (const auto& row : versions) engines_.put(EngineVersion{row.text(0), row.text(1), row.text(2)});
  TRY(const auto features, reader.query("select engine, category, name, summary, introduced, deprecated, "
                                        "parameters from capabilities_features"));
  for (const auto& row : features) {
    EngineFeature feature{row.text(0), row.text(1), row.text(2), row.text(3), row.text(4), row.text(5), {}};
    const auto parameters = parse_json(row.text(6));
    if (!parameters || !parameters->is_object())
      return fail(Code::internal, "capabilities.damaged", "the parameters of a feature do not parse");
    for (const auto& [name, text] : parameters->items()) feature.parameters[name] = text.get<std::string>();
    engines_.put(std::move(feature));
  }
  return {};
}

Result<pb::CapabilitiesEnginesReply> CapabilitiesService::engines(
    const Caller&, const pb::CapabilitiesEnginesRequest& request) const {
  TRY(const auto found, engines_.engines(request.engine()));
  pb::CapabilitiesEnginesReply reply;
  for (const auto& engine : found) *reply.add_engines() = to_proto(engine);
  return reply;
}

Result<pb::CapabilitiesFeaturesReply> CapabilitiesService::features(
    const Caller&, const pb::CapabilitiesFeaturesRequest& request) const {
  TRY(const auto found, engines_.features(request.engine(), request.version(), request.category()));
  pb::CapabilitiesFeaturesReply reply;
  for (const auto& feature : found) *reply.add_features() = to_proto(feature);
  return reply;
}

Result<pb::CapabilitiesSuggestReply> CapabilitiesService::suggest(
    const Caller&, const pb::CapabilitiesSuggestRequest& request) const {
  const auto most = static_cast<int>(limits_.suggestions_max);
  if (request.limit() < 0 || request.limit() > most) {
    return fail(Code::invalid_argument, "capabilities.bad_limit",
                fmt::format("limit is {}; expected 1 to {}, or 0 for 10", request.limit(), most));
  }
  if (request.context().size() > 4096) {
    return fail(Code::invalid_argument, "capabilities.too_large", "context has at most 4096 bytes");
  }
  const auto limit = request.limit() == 0 ? 10 : static_cast<std::size_t>(request.limit());
  TRY(const auto found, engines_.suggest(request.engine(), request.version(), request.context(), limit));
  pb::CapabilitiesSuggestReply reply;
  for (const auto& feature : found) *reply.add_features() = to_proto(feature);
  return reply;
}

Result<pb::EngineVersion> CapabilitiesService::register_engine(
    Turn& turn, const Caller&, const pb::CapabilitiesRegisterEngineRequest& request) {
  EngineVersion engine{request.engine().engine(), request.engine().version(), request.engine().released()};
  TRY_VOID(engines_.check(engine));
  turn.write(
      "insert into capabilities_engines (engine, version, released) values ($1, $2, $3) "
      "on conflict (engine, version) do update set released = excluded.released",
      Values{engine.engine, engine.version, engine.released});
  engines_.put(engine);
  return to_proto(engine);
}

Result<pb::Feature> CapabilitiesService::register_feature(
    Turn& turn, const Caller&, const pb::CapabilitiesRegisterFeatureRequest& request) {
  const auto& given = request.feature();
  EngineFeature feature{given.engine(),
                        given.category(),
                        given.name(),
                        given.summary(),
                        given.introduced(),
                        given.deprecated(),
                        {given.parameters().begin(), given.parameters().end()}};
  TRY_VOID(engines_.check(feature));
  turn.write(
      "insert into capabilities_features (engine, name, category, summary, introduced, deprecated, "
      "parameters) "
      "values ($1, $2, $3, $4, $5, $6, $7) on conflict (engine, name) do update set category = "
      "excluded.category, "
      "summary = excluded.summary, introduced = excluded.introduced, deprecated = excluded.deprecated, "
      "parameters = excluded.parameters",
      Values{feature.engine, feature.name, feature.category, feature.summary, feature.introduced,
             feature.deprecated, nlohmann::json(feature.parameters).dump()});
  engines_.put(feature);
  return to_proto(feature);
}

}  // namespace troupe
