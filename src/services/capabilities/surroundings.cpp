#include "services/capabilities/surroundings.h"

#include <algorithm>

#include "troupe/v1/npc.pb.h"
#include "troupe/v1/time.pb.h"
#include "troupe/v1/weather.pb.h"
#include "troupe/v1/world.pb.h"

namespace troupe::capabilities {

using google::protobuf::Struct;
using pack::ActorKind;
using pack::Condition;
using pack::ParamType;

namespace {

std::string text_of(const Struct& document, const std::string& key) {
  const auto found = document.fields().find(key);
  return found == document.fields().end() ? std::string() : found->second.string_value();
}

std::map<std::string, pack::Value> simple_members(const Struct& document) {
  std::map<std::string, pack::Value> state;
  for (const auto& [key, value] : document.fields()) {
    if (key == "place" || key == "money" || key == "kind") continue;
    if (value.kind_case() == google::protobuf::Value::kBoolValue) state[key] = value.bool_value();
    if (value.kind_case() == google::protobuf::Value::kNumberValue) state[key] = value.number_value();
    if (value.kind_case() == google::protobuf::Value::kStringValue) state[key] = value.string_value();
  }
  return state;
}

template <class Predicate>
bool any_condition(const std::vector<const pack::Verb*>& verbs, Predicate predicate) {
  return std::ranges::any_of(
      verbs, [&](const pack::Verb* verb) { return std::ranges::any_of(verb->preconditions, predicate); });
}

void set_value(google::protobuf::Value& to, const pack::Value& from) {
  if (const auto* yes = std::get_if<bool>(&from)) to.set_bool_value(*yes);
  if (const auto* number = std::get_if<double>(&from)) to.set_number_value(*number);
  if (const auto* text = std::get_if<std::string>(&from)) to.set_string_value(*text);
}

void set_state(Struct& fields, const std::map<std::string, pack::Value>& before,
               const std::map<std::string, pack::Value>& after) {
  for (const auto& [key, value] : after) {
    const auto old = before.find(key);
    if (old == before.end() || old->second != value) set_value((*fields.mutable_fields())[key], value);
  }
}

// Members that are otherwise, as a merge patch; a good that is used up is gone.
Struct difference(const Person& before, const Person& after) {
  Struct patch;
  auto& fields = *patch.mutable_fields();
  if (after.place != before.place) fields["place"].set_string_value(after.place);
  if (after.money != before.money) fields["money"].set_number_value(static_cast<double>(after.money));
  for (const auto& [good, count] : after.items) {
    const auto old = before.items.find(good);
    if (count == (old == before.items.end() ? 0 : old->second)) continue;
    auto& item = (*fields["items"].mutable_struct_value()->mutable_fields())[good];
    if (count == 0) {
      item.set_null_value(google::protobuf::NULL_VALUE);
    } else {
      item.set_number_value(static_cast<double>(count));
    }
  }
  set_state(patch, before.state, after.state);
  return patch;
}

Struct whole(const Person& person) {
  Struct document;
  auto& fields = *document.mutable_fields();
  fields["place"].set_string_value(person.place);
  fields["money"].set_number_value(static_cast<double>(person.money));
  auto& items = *fields["items"].mutable_struct_value()->mutable_fields();
  for (const auto& [good, count] : person.items) {
    if (count > 0) items[good].set_number_value(static_cast<double>(count));
  }
  set_state(document, {}, person.state);
  return document;
}

void add_patch(pb::StateBatchRequest& batch, std::string_view kind, const std::string& id,
               std::uint64_t version, Struct patch) {
  if (patch.fields().empty()) return;
  auto& change = *batch.add_changes()->mutable_patch();
  change.set_kind(std::string(kind));
  change.set_id(id);
  change.set_version(version);
  *change.mutable_patch() = std::move(patch);
}

}  // namespace

Person SurroundingsReader::person(const pb::StateDocument& document) const {
  Person made{.kind = document.kind() == "npc" ? ActorKind::npc : ActorKind::player,
              .id = document.id(),
              .name = document.id(),
              .place = text_of(document.document(), "place"),
              .state = simple_members(document.document()),
              .version = document.version()};
  if (made.kind == ActorKind::npc) {
    if (const auto* npc = pack_.npc(made.id)) made.name = npc->name;
  }
  const auto& fields = document.document().fields();
  if (const auto money = fields.find("money"); money != fields.end()) {
    made.money = static_cast<std::int64_t>(money->second.number_value());
  }
  if (const auto items = fields.find("items"); items != fields.end()) {
    for (const auto& [good, count] : items->second.struct_value().fields()) {
      made.items[good] = static_cast<std::int64_t>(count.number_value());
    }
  }
  return made;
}

Thing SurroundingsReader::thing(const pb::StateDocument& document) const {
  Thing made{.id = document.id(),
             .kind = text_of(document.document(), "kind"),
             .name = document.id(),
             .place = text_of(document.document(), "place"),
             .state = simple_members(document.document()),
             .version = document.version()};
  if (const auto* feature = pack_.feature(made.id)) made.name = feature->name;
  return made;
}

void SurroundingsReader::add(Reading& reading, const pb::StateDocument& document) const {
  if (!reading.seen.emplace(document.kind(), document.id()).second) return;
  if (document.kind() == "feature") {
    reading.around.things.push_back(thing(document));
  } else {
    reading.around.people.push_back(person(document));
  }
}

Result<void> SurroundingsReader::read_actor(Reading& reading, ActorKind kind,
                                            const std::string& actor) const {
  pb::StateGetRequest request;
  request.set_kind(std::string(name_of(kind)));
  request.set_id(actor);
  auto document = host_.ask<pb::StateDocument>(reading.self, request);
  if (document) {
    reading.around.actor = person(*document);
  } else if (kind == ActorKind::player && document.error().code == Code::not_found) {
    reading.around.actor = {.kind = kind, .id = actor, .name = actor, .place = pack_.world.arrival.str()};
  } else {
    return std::unexpected(std::move(document).error());
  }
  reading.seen.emplace(request.kind(), actor);
  reading.around.here = pack_.place(reading.around.actor.place);
  return {};
}

Result<void> SurroundingsReader::read_near(Reading& reading, const std::string& kind) const {
  pb::StateQueryRequest request;
  request.set_kind(kind);
  request.set_place(reading.around.actor.place);
  request.set_limit(static_cast<int>(limits_.near_max));
  TRY(const auto reply, host_.ask<pb::StateQueryReply>(reading.self, request));
  for (const auto& document : reply.documents()) add(reading, document);
  return {};
}

// Whoever is not there stays unknown: the argument is refused by name.
void SurroundingsReader::read_named(Reading& reading, const std::string& kind, const std::string& id) const {
  if (reading.seen.contains({kind, id})) return;
  pb::StateGetRequest request;
  request.set_kind(kind);
  request.set_id(id);
  if (const auto document = host_.ask<pb::StateDocument>(reading.self, request)) add(reading, *document);
}

void SurroundingsReader::read_args(Reading& reading, const std::vector<const pack::Verb*>& verbs,
                                   const Args& args) const {
  constexpr std::string_view kPlayer = "player:";
  for (const auto* verb : verbs) {
    for (const auto& param : verb->params) {
      const auto given = args.find(param.name);
      if (given == args.end()) continue;
      const std::string& value = given->second;
      if (param.type == ParamType::feature) read_named(reading, "feature", value);
      if (param.type == ParamType::npc || param.type == ParamType::person) read_named(reading, "npc", value);
      if (param.type == ParamType::player || param.type == ParamType::person) {
        read_named(reading, "player", value.starts_with(kPlayer) ? value.substr(kPlayer.size()) : value);
      }
    }
  }
}

void SurroundingsReader::read_sky(Reading& reading, const std::vector<const pack::Verb*>& verbs) const {
  if (any_condition(verbs, [](const Condition& c) { return c.kind == Condition::Kind::phase; })) {
    if (const auto time = host_.ask<pb::TimeState>(reading.self, pb::TimeGetRequest())) {
      reading.around.phase = pack::find_name<pack::Phase>(pack::kPhaseNames, time->phase());
    }
  }
  if (reading.around.here == nullptr) return;
  if (any_condition(verbs, [](const Condition& c) { return c.kind == Condition::Kind::weather; })) {
    pb::WeatherGetRequest request;
    request.set_region(reading.around.here->region.str());
    if (const auto weather = host_.ask<pb::WeatherNow>(reading.self, request)) {
      reading.around.no_weather = weather->state() == "none";
      reading.around.weather = pack::find_name<pack::Weather>(pack::kWeatherNames, weather->state());
    }
  }
}

// What goods go for here, what NPCs ask of the actor for them, and an NPC of everybody.
void SurroundingsReader::read_prices(Reading& reading, const std::vector<const pack::Verb*>& verbs) const {
  if (std::ranges::none_of(verbs, [](const auto* verb) { return asks_price(*verb); })) return;
  pb::WorldPricesRequest here;
  here.set_place(reading.around.actor.place);
  if (const auto reply = host_.ask<pb::WorldPricesReply>(reading.self, here)) {
    for (const auto& price : reply->prices()) reading.around.prices[price.good()] = price.price();
  }
  const auto read = [&](const Person& seller, const Person& buyer) {
    if (seller.kind != ActorKind::npc) return;
    pb::NpcRelationRequest request;
    request.set_npc(seller.id);
    request.set_towards(relation_key(buyer));
    const auto reply = host_.ask<pb::NpcRelationReply>(reading.self, request);
    if (reply && reply->price_factor() > 0)
      reading.around.price_factors[{relation_key(seller), relation_key(buyer)}] = reply->price_factor();
  };
  for (const auto& person : reading.around.people) {
    read(person, reading.around.actor);
    read(reading.around.actor, person);
  }
}

void SurroundingsReader::read_feelings(Reading& reading, const std::vector<const pack::Verb*>& verbs) const {
  const Person& actor = reading.around.actor;
  read_prices(reading, verbs);
  if (actor.kind != ActorKind::npc) return;
  std::set<std::string> wanted;
  for (const auto* verb : verbs) {
    for (const auto& condition : verb->preconditions) {
      if (condition.kind == Condition::Kind::relation) wanted.insert(condition.key);
    }
    for (const auto& effect : verb->effects) {
      if (effect.kind == pack::Effect::Kind::tell)
        wanted.insert("confidence");  // secrets are told to the trusted
    }
  }
  for (const auto& person : reading.around.people) {
    for (const auto& feeling : wanted) {
      pb::NpcRelationRequest request;
      request.set_npc(actor.id);
      request.set_towards(relation_key(person));
      request.set_feeling(feeling);
      if (const auto reply = host_.ask<pb::NpcRelationReply>(reading.self, request)) {
        reading.around.feelings[{relation_key(person), feeling}] =
            feeling == "confidence" ? reply->confidence() : reply->value();
      }
    }
  }
}

Result<Surroundings> SurroundingsReader::read(const Caller& caller, ActorKind kind, const std::string& actor,
                                              const std::vector<const pack::Verb*>& verbs,
                                              const Args& args) const {
  Reading reading;
  reading.self = {
      .role = pb::ROLE_SERVICE, .world = caller.world, .deadline = caller.deadline, .trace = caller.trace};
  TRY_VOID(read_actor(reading, kind, actor));
  if (!reading.around.actor.place.empty()) {
    for (const char* near : {"feature", "npc", "player"}) TRY_VOID(read_near(reading, near));
  }
  read_args(reading, verbs, args);
  read_sky(reading, verbs);
  read_feelings(reading, verbs);
  return std::move(reading.around);
}

pb::StateBatchRequest changes_of(const Surroundings& around, const Outcome& outcome) {
  pb::StateBatchRequest batch;
  bool actor_changes = false;
  for (const auto& after : outcome.people) {
    const bool is_actor = after.kind == around.actor.kind && after.id == around.actor.id;
    if (is_actor && after.version == 0) {
      actor_changes = true;
      auto& put = *batch.add_changes()->mutable_put();
      put.set_kind(std::string(name_of(after.kind)));
      put.set_id(after.id);
      *put.mutable_document() = whole(after);
      continue;
    }
    const auto before = std::ranges::find_if(around.people, [&](const Person& person) {
      return person.kind == after.kind && person.id == after.id;
    });
    add_patch(batch, name_of(after.kind), after.id, after.version,
              difference(is_actor ? around.actor : *before, after));
  }
  for (const auto& after : outcome.things) {
    const auto before = std::ranges::find(around.things, after.id, &Thing::id);
    Struct patch;
    set_state(patch, before->state, after.state);
    add_patch(batch, "feature", after.id, after.version, std::move(patch));
  }
  if (around.actor.version == 0 && !actor_changes) {  // a newcomer who changed nothing is there all the same
    auto& put = *batch.add_changes()->mutable_put();
    put.set_kind(std::string(name_of(around.actor.kind)));
    put.set_id(around.actor.id);
    *put.mutable_document() = whole(around.actor);
  }
  return batch;
}

}  // namespace troupe::capabilities
