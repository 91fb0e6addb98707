#include "talk/values.h"

#include <fmt/format.h>

#include <algorithm>

#include "pack/query.h"
#include "talk/first_person.h"
#include "talk/reading.h"
#include "talk/say.h"
#include "talk/saying.h"

namespace troupe::talk {

namespace {

constexpr int kHourRoundsUpFrom = 45;  // minutes past
constexpr int kNoonHour = 12;
constexpr int kLightHour = 6, kDarkHour = 20;  // in the middle of pack::Phase::dawn; the end of dusk
constexpr int kAgeStep = 5;                    // others' ages are guessed

// What a value is evidence of, by its name in templates.
struct Rests {
  std::string_view name;
  std::string_view kind;
};
constexpr Rests kRests[] = {
    {"clock", "time"},      {"phase", "time"},        {"season", "time"},        {"month", "time"},
    {"weekday", "time"},    {"nth", "time"},          {"year", "time"},          {"weather", "weather"},
    {"warmth", "weather"},  {"trade", "persona"},     {"since", "persona"},      {"doing", "activity"},
    {"mood", "mood"},       {"popinion", "feelings"}, {"opinion", "feelings"},   {"way", "route"},
    {"money", "world"},     {"happened", "event"},    {"present", "presence"},   {"world_text", "world"},
    {"friend", "feelings"}, {"foe", "feelings"},      {"then_doing", "activity"}};
// Values that must stay in other words for the same.
constexpr std::string_view kKeyNames[] = {"price", "P",      "L",      "G",    "pplace", "pwork",
                                          "phome", "gplace", "seller", "home", "work",   "festival"};

// So much of a text as somebody says at once.
std::string first_sentences(std::string_view text) {
  constexpr std::size_t kWords = 40;
  std::string out;
  std::size_t count = 0;
  for (const std::string& sentence : sentences(text)) {
    count += tokens(sentence).size();
    if (!out.empty() && count > kWords) break;
    out += (out.empty() ? "" : " ") + sentence;
  }
  return out;
}

std::string upper_month(const pack::Calendar& calendar, std::size_t month) {
  return month < calendar.months.size() ? calendar.months[month].name : std::string();
}

}  // namespace

SceneValues::SceneValues(const World& world, const Person& person, const Scene& scene, const Part& part,
                         const Ask& ask)
    : world_(world),
      pack_(*world.pack),
      saying_(world.language->saying),
      words_(world.language->words),
      person_(person),
      npc_(*person.npc),
      scene_(scene),
      part_(part),
      ask_(ask),
      seed_(seed_of({npc_.id.str(), scene.listener, part.line, std::to_string(scene.turn)})) {
  find_thing();
  find_market();
  find_nearest_of_kinds();
  find_festival();
}

void SceneValues::find_thing() {
  if (ask_.of != nullptr && ask_.of->of_leader) who_ = world_.leader;
  if (ask_.thing == kNothing) return;
  const Thing& thing = world_.things.at(ask_.thing);
  if (thing.type == ThingType::person) who_ = pack_.npc(thing.id);
  if (thing.type == ThingType::place) place_ = pack_.place(thing.id);
  if (thing.type == ThingType::feature) place_ = pack_.place(thing.place);
  if (thing.type == ThingType::good) good_ = pack_.good(thing.id);
  if (thing.type == ThingType::faction) faction_ = pack_.faction(thing.id);
  if (who_ == nullptr) return;
  const auto at = scene_.places.find(who_->id);
  who_place_ = at == scene_.places.end() ? place_by_day(pack_, *who_, scene_.clock) : at->second;
}

void SceneValues::find_market() {
  if (good_ == nullptr) return;
  double nearest = -1;
  for (const pack::PlaceId& place : good_->sold_at) {
    const double metres = pack::distance(pack_, scene_.here, place);
    if (metres < 0 || (nearest >= 0 && metres >= nearest)) continue;
    nearest = metres;
    market_ = place;
  }
  const auto sellers = world_.sellers.find(good_->id);
  if (sellers == world_.sellers.end()) return;
  for (const pack::NpcId& seller : sellers->second) {
    const auto works = world_.works_at.find(seller);
    const bool there = works != world_.works_at.end() && works->second == market_;
    if (seller_ == nullptr && there && seller != npc_.id) seller_ = pack_.npc(seller.str());
  }
}

void SceneValues::find_nearest_of_kinds() {
  if (ask_.of == nullptr || place_ != nullptr) return;
  for (const std::string& kind : ask_.of->kinds) {
    double nearest = -1;
    for (const pack::Place& place : pack_.places) {
      if (place.kind != kind) continue;
      const double metres = pack::distance(pack_, scene_.here, place.id);
      if (metres < 0 || (nearest >= 0 && metres >= nearest)) continue;
      nearest = metres;
      place_ = &place;
    }
    if (place_ != nullptr) return;
  }
}

// The one that is asked for, or the next in the year.
void SceneValues::find_festival() {
  const auto& festivals = pack_.calendar.festivals;
  if (festivals.empty() || !scene_.date) return;
  if (ask_.thing != kNothing && world_.things.at(ask_.thing).type == ThingType::festival) {
    const auto found = std::ranges::find(festivals, world_.things.at(ask_.thing).id, &pack::Festival::id);
    festival_ = found == festivals.end() ? nullptr : &*found;
    return;
  }
  const auto month_of = [&](const pack::Festival& festival) {
    const auto found = std::ranges::find(pack_.calendar.months, festival.month, &pack::Month::id);
    return static_cast<std::size_t>(found - pack_.calendar.months.begin());
  };
  const std::pair now{scene_.date->month, scene_.date->day};
  const auto order = [&](const pack::Festival& festival) {
    const std::pair at{month_of(festival), festival.day};
    return std::tuple{at < now, at.first, at.second};
  };
  festival_ = &*std::ranges::min_element(festivals, {}, order);
}

void SceneValues::note(std::string kind, std::string id) const {
  Evidence one{std::move(kind), std::move(id), "pack", 0};
  const bool of_now = one.kind != "person" && one.kind != "place" && one.kind != "good" &&
                      one.kind != "festival" && one.kind != "faction" && one.kind != "persona" &&
                      one.kind != "route";
  if (of_now) one.source = "world";
  if (!is_among(evidence_, one)) evidence_.push_back(std::move(one));
}

std::optional<std::string> SceneValues::fill(std::string_view text) const {
  Values values;
  goal_ = place_ == nullptr ? pack::PlaceId() : place_->id;
  const auto names = placeholders(text);
  for (const std::string& name : names) {
    if (name == "pplace") goal_ = who_place_;
    if (name == "pwork" && who_ != nullptr) goal_ = world_.works_at.at(who_->id);
    if (name == "phome" && who_ != nullptr) goal_ = who_->home;
    if (name == "gplace") goal_ = market_;
  }
  for (const std::string& name : names) {
    Value found = value(name);
    if (!found) found = value(lower_first(name));
    if (!found || found->empty()) return std::nullopt;
    values[name] = begins_large(name) && name.size() > 1 ? upper_first(*found) : *found;
  }
  for (const std::string& name : names) {
    for (const Rests& rests : kRests) {
      if (rests.name == lower_first(name)) note(std::string(rests.kind), "");
    }
    if (name == "price" && good_ != nullptr) note("price", good_->id.str());
    if (is_among(kKeyNames, std::string_view(name)) && !is_among(keys_, values[name]))
      keys_.push_back(values[name]);
  }
  if (who_ != nullptr) note("person", who_->id.str());
  if (place_ != nullptr) note("place", place_->id.str());
  if (good_ != nullptr) note("good", good_->id.str());
  if (faction_ != nullptr) note("faction", faction_->id.str());
  if (festival_ != nullptr &&
      std::ranges::any_of(names, [](const auto& n) { return fold(n).starts_with("festival"); }))
    note("festival", festival_->id);
  // "{way}, love.": the full stop of the way goes.
  std::string out = filled(text, values);
  for (const std::string_view wrong : {".,", ".;"}) {
    for (std::size_t at = out.find(wrong); at != std::string::npos; at = out.find(wrong)) out.erase(at, 1);
  }
  return upper_first(out);
}

SceneValues::Value SceneValues::value(std::string_view name) const {
  for (const auto source :
       {&SceneValues::of_self, &SceneValues::of_now, &SceneValues::of_here, &SceneValues::of_festival,
        &SceneValues::of_person, &SceneValues::of_place, &SceneValues::of_good}) {
    if (Value found = (this->*source)(name)) return found;
  }
  if (name == "way") return way();
  return std::nullopt;
}

SceneValues::Value SceneValues::place_name(const pack::PlaceId& id) const {
  const pack::Place* place = pack_.place(id.str());
  return place == nullptr ? std::nullopt : Value(place->name);
}

SceneValues::Value SceneValues::of_self(std::string_view name) const {
  if (name == "name") return npc_.name;
  if (name == "role") return npc_.role;
  if (name == "a_role") return with_article(words_, npc_.role);
  if (name == "age") return std::to_string(npc_.age);
  if (name == "trade") return person_.trade;
  if (name == "home") return place_name(npc_.home);
  if (name == "work") return place_name(world_.works_at.at(npc_.id));
  if (name == "wares") return wares_text();
  if (name == "opinion") return opinion_text(world_, scene_.for_listener, scene_.listener_name, true, seed_);
  if (name == "faction") {
    const pack::Faction* faction = pack_.faction(npc_.faction.str());
    return faction == nullptr ? std::nullopt : Value(faction->name);
  }
  if (name == "mood") {
    const auto found = saying_.moods.find(std::string(pack::name_of(scene_.mood)));
    if (found == saying_.moods.end()) return std::nullopt;
    return pick(found->second, scene_.said, seed_).text;
  }
  if (name == "friend" || name == "foe") return liked_most(name == "friend");
  if (name == "since") {
    for (const Item& item : person_.items) {
      if (item.kind == Item::Kind::me && world_.language->asking.since.find_any(fold(item.says)))
        return item.says;
    }
    return world_.language->asking.since.find_any(fold(person_.trade)) ? Value(person_.trade) : std::nullopt;
  }
  if (name == "doing") {
    if (!scene_.doing_said.empty()) return scene_.doing_said;
    return activity_in_first_person(saying_.first_person, scene_.doing);
  }
  return name == "then_doing" ? doing_then() : std::nullopt;
}

// What they do at the time of day that the line names, as on any day; none of what is private.
SceneValues::Value SceneValues::doing_then() const {
  const auto& times = world_.language->asking.times;
  const auto meant = std::ranges::find_if(
      times, [&](const TimeOfDay& time) { return time.patterns.find_any(part_.folded); });
  if (meant == times.end() || npc_.routine.empty()) return std::nullopt;
  const pack::RoutineEntry& entry = pack::routine_at(npc_, meant->clock);
  return entry.is_private ? std::nullopt : activity_said(world_, entry);
}

// Whom they like best of the people of the pack, or least; none where nobody is liked, or nobody disliked.
SceneValues::Value SceneValues::liked_most(bool most) const {
  constexpr double kLiked = .5, kDisliked = .2;
  const auto liking = [&](const pack::Npc& npc) {
    const auto found = scene_.feelings.find(npc.id);
    const Feelings feelings =
        found == scene_.feelings.end() ? Feelings::of(pack::relation_to(npc_, npc.id.str())) : found->second;
    const double warm = (feelings.affection + feelings.trust) / 2;
    const double cold = std::max({feelings.anger, feelings.disgust, feelings.fear});
    return most ? warm - cold / 2 : cold - warm / 2;
  };
  const pack::Npc* best = nullptr;
  for (const pack::Npc& npc : pack_.npcs) {
    if (npc.id != npc_.id && (best == nullptr || liking(npc) > liking(*best))) best = &npc;
  }
  if (best == nullptr || liking(*best) < (most ? kLiked : kDisliked)) return std::nullopt;
  return best->name;
}

std::string phase_name(const Scene& scene) {
  constexpr int kNoon = 12 * 60;
  if (scene.phase == pack::Phase::day) return scene.clock.minute < kNoon ? "morning" : "afternoon";
  return std::string(pack::name_of(scene.phase));
}

namespace {

const Warmth* warmth_of(const Saying& saying, const Scene& scene) {
  if (!scene.temperature_c) return nullptr;
  const auto found = std::ranges::find_if(
      saying.warmth, [&](const Warmth& warmth) { return *scene.temperature_c < warmth.below; });
  return found == saying.warmth.end() ? nullptr : &*found;
}

}  // namespace

SceneValues::Value SceneValues::of_now(std::string_view name) const {
  const pack::Calendar& calendar = pack_.calendar;
  if (name == "clock") {
    const int hour = scene_.clock.minute / 60 + (scene_.clock.minute % 60 >= kHourRoundsUpFrom ? 1 : 0);
    return number_word(saying_, hour % 12 == 0 ? 12 : hour % 12);
  }
  if (name == "phase") return saying_.phases.at(phase_name(scene_)).says;
  if (name == "dawn") return number_word(saying_, kLightHour);
  if (name == "dusk") return number_word(saying_, kDarkHour - kNoonHour);
  if (name == "weather") {
    if (!scene_.weather) return std::nullopt;
    return saying_.weather.at(std::string(pack::name_of(*scene_.weather))).says;
  }
  if (name == "warmth") {
    const Warmth* warmth = warmth_of(saying_, scene_);
    return warmth == nullptr ? std::nullopt : Value(warmth->wording.says);
  }
  if (!scene_.date) return std::nullopt;
  if (name == "season") return saying_.seasons.at(std::string(pack::name_of(scene_.date->season))).says;
  if (name == "month") return upper_month(calendar, scene_.date->month);
  if (name == "nth") return ordinal_word(saying_, scene_.date->day);
  if (name == "year") return std::to_string(scene_.date->year);
  if (name == "weekday")
    return scene_.date->weekday < calendar.weekdays.size() ? Value(calendar.weekdays[scene_.date->weekday])
                                                           : std::nullopt;
  return std::nullopt;
}

SceneValues::Value SceneValues::of_here(std::string_view name) const {
  if (name == "world") return pack_.world.title;
  if (name == "world_text") return first_sentences(pack_.world.text);
  if (name == "here") return place_name(scene_.here);
  if (name == "money") return pack_.world.money.text;
  if (name == "coin") return pack_.world.money.coin;
  if (name == "C") return faction_ == nullptr ? std::nullopt : Value(faction_->name);
  if (name == "ctext") return faction_ == nullptr ? std::nullopt : Value(tidied(faction_->text));
  if (name == "last") return last_said();
  if (name == "source") return teller() == nullptr ? std::nullopt : Value(teller()->name);
  if (name == "present") return listed(scene_.present, saying_.list_last);
  if (name == "happened") return scene_.just_now.empty() ? std::nullopt : Value(scene_.just_now.back().text);
  if (name == "near") return places_around(pack_.place(scene_.here.str()));
  return name == "toward" ? places_toward(pack_.place(scene_.here.str())) : std::nullopt;
}

// The last line; of one that only said another again, that other.
SceneValues::Value SceneValues::last_said() const {
  if (scene_.said.empty()) return std::nullopt;
  std::string_view out = scene_.said.back();
  for (const std::string& earlier : scene_.said) {
    if (!earlier.empty() && earlier.size() < out.size() && out.ends_with(earlier)) out = earlier;
  }
  return std::string(out);
}

const Item* SceneValues::last_fact() const {
  if (scene_.said.empty()) return nullptr;
  const auto found = std::ranges::find_if(person_.items, [&](const Item& item) {
    return item.kind == Item::Kind::fact && !item.says.empty() && scene_.said.back().ends_with(item.says);
  });
  return found == person_.items.end() ? nullptr : &*found;
}

const pack::Npc* SceneValues::teller() const {
  const Item* item = last_fact();
  return item == nullptr ? nullptr : pack_.npc(item->source);
}

SceneValues::Value SceneValues::of_festival(std::string_view name) const {
  if (festival_ == nullptr) return std::nullopt;
  if (name == "festival")
    return has_article(words_, festival_->name) ? lower_first(festival_->name) : festival_->name;
  if (name == "festival_nth") return ordinal_word(saying_, festival_->day);
  if (name == "festival_text") return tidied(festival_->text);
  if (name != "festival_month") return std::nullopt;
  const auto month = std::ranges::find(pack_.calendar.months, festival_->month, &pack::Month::id);
  return month == pack_.calendar.months.end() ? std::nullopt : Value(month->name);
}

SceneValues::Value SceneValues::of_person(std::string_view name) const {
  if (who_ == nullptr) return std::nullopt;
  if (name == "P") return who_->name;
  if (name == "p") return short_name(words_, who_->name);
  if (name == "prole") return who_->role;
  if (name == "a_prole") {
    return has_article(words_, who_->role) ? who_->role : filled(saying_.the_role, {{"role", who_->role}});
  }
  if (name == "page")
    return std::to_string(std::max(who_->age - who_->age % kAgeStep, std::min(who_->age, kAgeStep)));
  if (name == "pplace") return place_name(who_place_);
  if (name == "pwork") return place_name(world_.works_at.at(who_->id));
  if (name == "phome") return place_name(who_->home);
  if (name != "popinion") return std::nullopt;
  const auto found = scene_.feelings.find(who_->id);
  const Feelings feelings =
      found == scene_.feelings.end() ? Feelings::of(pack::relation_to(npc_, who_->id.str())) : found->second;
  return opinion_text(world_, feelings, who_->name, false, seed_);
}

SceneValues::Value SceneValues::price_of(const pack::Good& good) const {
  const auto found = scene_.prices.find(good.id);
  return std::to_string(found == scene_.prices.end() ? good.base_price : found->second);
}

SceneValues::Value SceneValues::of_good(std::string_view name) const {
  if (good_ == nullptr) return std::nullopt;
  if (name == "G" || name == "good") return good_->name;
  if (name == "price") return price_of(*good_);
  if (name == "unit") return good_->unit;
  if (name == "gplace") return place_name(market_);
  return name == "seller" && seller_ != nullptr ? Value(seller_->name) : std::nullopt;
}

std::string SceneValues::wares_text() const {
  std::vector<std::string> out;
  for (const pack::GoodId& id : scene_.sells) {
    const pack::Good* good = pack_.good(id.str());
    const auto count = scene_.carries.find(id);
    if (good == nullptr || (count != scene_.carries.end() && count->second == 0)) continue;
    out.push_back(filled(saying_.item_at_price, {{"G", good->name},
                                                 {"price", price_of(*good).value_or("")},
                                                 {"coin", pack_.world.money.coin},
                                                 {"unit", good->unit}}));
  }
  return listed(out, saying_.list_last);
}

SceneValues::Value SceneValues::way() const {
  if (goal_.empty()) return std::nullopt;
  return way_text(world_, scene_.here, goal_, seed_);
}

bool SceneValues::holds(std::string_view condition) const {
  const bool sells = good_ != nullptr && is_among(scene_.sells, good_->id);
  const auto carried = good_ == nullptr ? scene_.carries.end() : scene_.carries.find(good_->id);
  const bool has = carried != scene_.carries.end() && carried->second > 0;
  if (condition == "me") return who_ == &npc_;
  if (condition == "mine") return sells && has;
  if (condition == "out") return sells && !has;
  if (condition == "yes_or_no") return part_.wants_yes_or_no;
  if (condition == "alone") return scene_.present.empty();
  if (condition == "spoken") return !scene_.said.empty();
  if (condition == "heard") return teller() != nullptr;
  if (condition == "seen") {
    const Item* item = last_fact();
    const pack::Fact* fact = item == nullptr || !item->source.empty() ? nullptr : pack_.fact(item->id);
    return fact != nullptr && fact->source == pack::FactSource::witnessed;
  }
  if (condition == "selling") {
    return std::ranges::any_of(scene_.sells, [&](const pack::GoodId& id) {
      const pack::Good* good = pack_.good(id.str());
      return good != nullptr && is_among(good->sold_at, scene_.here);
    });
  }
  if (condition != "here") return false;
  if (who_ != nullptr) return who_place_ == scene_.here;
  if (good_ != nullptr) return market_ == scene_.here;
  return place_ != nullptr && place_->id == scene_.here;
}

std::optional<bool> SceneValues::answer_to(const std::vector<Claim>& claims) const {
  for (const Claim claim : claims) {
    if (const auto found = holds_claim(claim)) return found;
  }
  return std::nullopt;
}

std::optional<bool> SceneValues::says(
    const std::vector<std::pair<bool, const std::set<std::string, std::less<>>*>>& states) const {
  bool mentioned = false;
  for (const auto& [is_now, names] : states) {
    const bool named = std::ranges::any_of(tokens(part_.line),
                                           [&](const Token& token) { return names->contains(token.folded); });
    if (named && is_now) return true;
    mentioned |= named;
  }
  return mentioned ? std::optional(false) : std::nullopt;
}

}  // namespace troupe::talk
