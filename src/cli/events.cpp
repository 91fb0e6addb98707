#include "cli/events.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "host/registry.h"

namespace troupe::cli {

namespace {

// A payload, with the words that its values stand for.
class Told {
 public:
  Told(const Json& event, const Names& names)
      : event_(event), payload_(object_in(event, "payload")), names_(names) {}

  std::string text(const char* key) const { return text_in(payload_, key); }
  std::int64_t number(const char* key) const { return number_in(payload_, key); }
  double real(const char* key) const { return real_in(payload_, key); }
  bool flag(const char* key) const { return flag_in(payload_, key); }
  std::string time(const char* key) const { return game_time(number(key)); }
  const Json& payload() const { return payload_; }
  std::string subject() const { return text_in(event_, "subject"); }

  std::string person(const char* key) const { return person_named(text(key)); }
  std::string person_named(std::string id) const {
    if (id.starts_with("player:")) id = id.substr(7);
    return known(names_.people, id);
  }
  std::string place(const char* key) const { return known(names_.places, text(key)); }
  // PARTLY_CLOUDY -> partly cloudy
  std::string word(const char* key) const {
    std::string out = lower_ascii(text(key));
    std::ranges::replace(out, '_', ' ');
    return out;
  }
  std::string quoted(const char* key) const { return "\"" + text(key) + "\""; }
  // " (why)" or nothing.
  std::string in_brackets(const char* key) const { return text(key).empty() ? "" : " (" + text(key) + ")"; }
  std::string keys() const {
    std::string out;
    for (const auto& key : list_in(payload_, "keys")) {
      if (key.is_string()) out += (out.empty() ? "" : ", ") + key.get<std::string>();
    }
    return out;
  }

 private:
  static std::string known(const std::map<std::string, std::string>& names, const std::string& id) {
    const auto found = names.find(id);
    return found == names.end() ? id : found->second;
  }

  const Json& event_;
  const Json& payload_;
  const Names& names_;
};

std::string shown(const Json& value) { return value.is_string() ? value.get<std::string>() : compact(value); }

std::string sky(const Told& t) {
  return fmt::format("{}, wind {:.0f} km/h", degrees(t.real("temperature_c")), t.real("wind_kmh"));
}

std::string scale_changed(const Told& t) {
  if (t.flag("paused")) return "the clock stands still";
  return fmt::format("the clock runs at {:g} game seconds a second", t.real("scale"));
}

std::string decided(const Told& t) {
  double best = 0;
  for (const auto& p : list_in(t.payload(), "probabilities")) {
    if (p.is_number()) best = std::max(best, p.get<double>());
  }
  std::string out = fmt::format("{} chooses: {} ({}", t.person("npc"), t.text("choice"), t.text("tier"));
  if (best > 0) {
    out += fmt::format(", {:.0f} % among {} options", 100 * best, list_in(t.payload(), "options").size());
  }
  out += ")";
  if (!t.text("verdict").empty()) out += "; " + t.text("verdict");
  return out;
}

std::string executed(const Told& t) {
  if (!t.text("text").empty()) return t.text("text");
  return t.person("actor") + ": " + text_in(object_in(t.payload(), "action"), "verb");
}

std::string refused(const Told& t) {
  return fmt::format("{} cannot {}: {}", t.person("actor"), text_in(object_in(t.payload(), "action"), "verb"),
                     t.text("message").empty() ? t.text("reason") : t.text("message"));
}

std::string thing_changed(const Told& t) {
  std::string out;
  for (const auto& [key, value] : object_in(t.payload(), "changed").items()) {
    out += fmt::format("{}{} is {}", out.empty() ? "" : ", ", key, shown(value));
  }
  return t.text("id") + ": " + (out.empty() ? t.keys() : out);
}

std::string setting(const Told& t) {
  const auto value = t.payload().find("value");
  return fmt::format("{}.{} is now {}", t.text("category"), t.text("key"),
                     value == t.payload().end() ? "nothing" : shown(*value));
}

std::string flag_changed(const Told& t) {
  const Json& flag = object_in(t.payload(), "flag");
  return fmt::format("{} is {}", text_in(flag, "flag"), flag_in(flag, "on") ? "on" : "off");
}

std::string inferred(const Told& t) {
  return fmt::format("{} for {}: {} after {:.0f} ms, {} new tokens{}", t.text("model"), t.person("npc"),
                     t.text("kind"), static_cast<double>(t.number("total_us")) / 1000, t.number("new_tokens"),
                     t.flag("deadline_met") ? "" : ", too late");
}

// "the pack is another: npcs +eve, goods -eel; as the world began: seed", "goes on with: services -weather"
std::string pack_changed(const Told& t) {
  if (t.flag("unknown")) return "the pack is another; what is otherwise is not known";
  constexpr std::size_t kShown = 8;
  std::string out;
  for (const auto& part : list_in(t.payload(), "parts")) {
    out += (out.empty() ? "" : ", ") + text_in(part, "part");
    for (const auto& [key, sign] :
         {std::pair("added", '+'), std::pair("removed", '-'), std::pair("changed", '~')}) {
      std::size_t shown_ids = 0;
      for (const auto& id : list_in(part, key)) {
        if (++shown_ids <= kShown) out += fmt::format(" {}{}", sign, shown(id));
      }
      if (shown_ids > kShown) out += fmt::format(" and {} more", shown_ids - kShown);
    }
  }
  std::string holds;
  for (const auto& key : list_in(t.payload(), "holds")) holds += (holds.empty() ? "" : ", ") + shown(key);
  if (!t.text("from_hash").empty() && t.text("from_hash") == t.text("to_hash")) return "goes on with: " + out;
  return "the pack is another: " + (out.empty() ? "nothing that is kept" : out) +
         (holds.empty() ? "" : "; as the world began: " + holds);
}

struct Words {
  std::string_view type;
  std::string (*say)(const Told& t);
};

constexpr Words kWords[] = {
    // ---- time
    {"MinuteTicked", [](const Told& t) { return "it is " + t.text("clock"); }},
    {"PhaseChanged", [](const Told& t) { return t.word("to") + " comes, after " + t.word("from"); }},
    {"DayChanged",
     [](const Told& t) {
       return fmt::format("day {} begins: {}, {} {}", t.number("day"), t.text("weekday"),
                          t.number("day_of_month"), t.text("month"));
     }},
    {"SeasonChanged", [](const Told& t) { return t.word("to") + " begins"; }},
    {"FestivalStarted", [](const Told& t) { return t.text("name") + " begins" + t.in_brackets("text"); }},
    {"DayWorldActivated", [](const Told&) { return std::string("the day world is awake"); }},
    {"NightWorldActivated", [](const Told&) { return std::string("the night world is awake"); }},
    {"TimeScaleChanged", scale_changed},
    {"TimeAdvanced", [](const Told& t) { return "the clock was set forward to " + t.time("to_ms"); }},
    {"TimerFired", [](const Told& t) { return "timer '" + t.text("name") + "' is due"; }},
    // ---- the world as a whole
    {"PackChanged", pack_changed},
    {"PriceChanged",
     [](const Told& t) {
       return fmt::format("{} costs {} now, {} before", t.text("good"), t.number("to"), t.number("from"));
     }},
    {"ShortageBegan", [](const Told& t) { return t.text("good") + " runs short"; }},
    {"ShortageEnded", [](const Told& t) { return "there is enough " + t.text("good") + " again"; }},
    {"ShockBegan",
     [](const Told& t) {
       return "a " + t.word("kind") + " of " + (t.text("good").empty() ? "everything" : t.text("good")) +
              t.in_brackets("reason");
     }},
    {"ShockEnded",
     [](const Told& t) {
       return "the " + t.word("kind") + " of " + (t.text("good").empty() ? "everything" : t.text("good")) +
              " has faded";
     }},
    {"FactionRelationChanged",
     [](const Told& t) {
       return fmt::format("{} towards {}: {:.2f} now{}", t.text("faction"), t.text("towards"),
                          t.real("value"), t.in_brackets("reason"));
     }},
    {"ConflictBegan",
     [](const Told& t) { return t.text("faction") + " and " + t.text("against") + " are in conflict"; }},
    {"ConflictEnded",
     [](const Told& t) { return t.text("faction") + " and " + t.text("against") + " are at peace"; }},
    {"ConflictResolved",
     [](const Told& t) {
       return fmt::format("{} and {}: {}{}", t.text("faction"), t.text("against"), t.text("how"),
                          t.in_brackets("place"));
     }},
    {"TerritoryChanged",
     [](const Told& t) { return "it is held by " + t.text("to") + " now, no longer by " + t.text("from"); }},
    {"FactionBetrayed", [](const Told& t) { return t.text("by") + " has betrayed " + t.text("faction"); }},
    {"FactionRetaliated",
     [](const Told& t) { return t.text("faction") + " takes revenge on " + t.text("against"); }},
    // ---- weather
    {"WeatherChanged",
     [](const Told& t) { return fmt::format("{} after {}; {}", t.word("to"), t.word("from"), sky(t)); }},
    {"WeatherTransitioned", [](const Told& t) { return t.word("state") + "; " + sky(t); }},
    {"WeatherSevere",
     [](const Told& t) { return t.word("state") + " is coming, " + t.time("starts_at_ms"); }},
    // ---- npc
    {"DialogueStarted",
     [](const Told& t) {
       return fmt::format("{} to {}: {}", t.person("player"), t.person("npc"), t.quoted("text"));
     }},
    {"DialogueEnded",
     [](const Told& t) {
       return fmt::format("{} to {}: {}{}", t.person("npc"), t.person("player"), t.quoted("text"),
                          t.in_brackets("tier"));
     }},
    {"NpcMoved",
     [](const Told& t) {
       return fmt::format("{} sets out from {} for {}{}", t.person("npc"), t.place("from"), t.place("to"),
                          t.in_brackets("reason"));
     }},
    {"NpcArrived",
     [](const Told& t) {
       const std::string doing = t.text("activity").empty() ? "" : " and " + t.text("activity");
       return t.person("npc") + " arrives at " + t.place("place") + doing;
     }},
    {"NpcAppeared",
     [](const Told& t) {
       return t.person("npc") + " is new here, at " + t.place("place") + t.in_brackets("reason");
     }},
    {"NpcLeft",
     [](const Told& t) {
       return t.person("npc") + " is gone for good from " + t.place("place") + t.in_brackets("reason");
     }},
    {"IntentChanged",
     [](const Told& t) {
       const std::string doing = t.text("activity").empty() ? t.text("intent") : t.text("activity");
       return t.person("npc") + ": " + doing + t.in_brackets("reason");
     }},
    {"NpcDecided", decided},
    {"NpcExpressionChanged",
     [](const Told& t) { return t.person("npc") + " looks " + t.text("expression"); }},
    {"NpcReflex",
     [](const Told& t) { return t.person("npc") + ": " + t.text("reflex") + t.in_brackets("target"); }},
    {"NpcDied", [](const Told& t) { return t.person("npc") + " has died" + t.in_brackets("cause"); }},
    {"EmotionChanged",
     [](const Told& t) {
       return fmt::format("{} is {} now, no longer {}{}", t.person("npc"), t.text("to"), t.text("from"),
                          t.in_brackets("reason"));
     }},
    {"RelationChanged",
     [](const Told& t) {
       return fmt::format("{} towards {}: {} is {:.2f} now{}", t.person("npc"), t.person("towards"),
                          t.text("feeling"), t.real("value"), t.in_brackets("reason"));
     }},
    {"MemoryAdded", [](const Told& t) { return t.person("npc") + " will remember: " + t.text("text"); }},
    {"RumourTold",
     [](const Told& t) {
       return fmt::format("{} tells {}: {} ({:.2f})", t.person("teller"), t.person("listener"),
                          t.quoted("text"), t.real("confidence"));
     }},
    {"TalkOverheard",
     [](const Told& t) {
       return fmt::format("{} to {}: {}", t.person("npc"), t.person("to"), t.quoted("text"));
     }},
    {"PlayerAddressed",
     [](const Told& t) {
       return fmt::format("{} to {}: {}{}", t.person("npc"), t.person("player"), t.quoted("text"),
                          t.in_brackets("reason"));
     }},
    {"TalkJoined",
     [](const Told& t) {
       return fmt::format("{} to {} and {}: {}", t.person("npc"), t.person("player"), t.person("to"),
                          t.quoted("text"));
     }},
    {"MemoriesForgotten", [](const Told& t) { return t.person("npc") + " forgets " + t.person("player"); }},
    // ---- capabilities
    {"VerbExecuted", executed},
    {"VerbRefused", refused},
    {"VerbOffered",
     [](const Told& t) {
       return t.person("actor") + " asks " + t.person("player") + ": " + t.text("text") + "?";
     }},
    {"VerbOfferEnded",
     [](const Told& t) {
       return "the offer of " + t.person("actor") + " to " + t.person("player") + ": " + t.text("how");
     }},
    {"FactHeard",
     [](const Told& t) {
       return fmt::format("{} tells {}: {}", t.person("from"), t.person("player"), t.quoted("text"));
     }},
    // ---- state
    {"PlayerStateChanged", [](const Told& t) { return t.person("player") + ": " + t.keys() + " changed"; }},
    {"NpcStateChanged", [](const Told& t) { return t.person("npc") + ": " + t.keys() + " changed"; }},
    {"EntityStateChanged", thing_changed},
    // ---- router
    {"JobEnded",
     [](const Told& t) {
       const std::string what = t.text("problem").empty() ? t.quoted("text") : t.text("problem");
       return fmt::format("{} ({}) {}: {}", t.text("job"), t.text("kind"), t.text("state"), what);
     }},
    // ---- settings
    {"SettingChanged", setting},
    {"PreferenceChanged", [](const Told& t) { return t.person("player") + ": " + setting(t); }},
    {"FlagChanged", flag_changed},
    {"PlayerTierChanged",
     [](const Told& t) {
       return fmt::format("{} is {} now, no longer {}", t.person("player"), t.text("to"), t.text("from"));
     }},
    // ---- events
    {"AudioCueTriggered", [](const Told& t) { return "sound: " + t.text("cue"); }},
    {"BiomeChanged", [](const Told& t) { return t.text("from") + " has become " + t.text("to"); }},
    {"FloraChanged", [](const Told& t) { return t.text("kind") + ": " + t.text("change"); }},
    {"FaunaChanged", [](const Told& t) { return t.text("kind") + ": " + t.text("change"); }},
    {"WorldStateChanged",
     [](const Told& t) {
       return t.text("text").empty() ? t.text("key") + " is now " + t.text("value") : t.text("text");
     }},
    {"QuestStateChanged",
     [](const Told& t) {
       return fmt::format("{}: quest {} is {}", t.person("player"), t.text("quest"), t.text("state"));
     }},
    {"EntityGone",
     [](const Told& t) {
       return t.text("kind") + " " + t.text("id") + " is gone" + t.in_brackets("reason");
     }},
    {"NarrativeGenerated", [](const Told& t) { return t.text("kind") + ": " + t.text("text"); }},
    {"StoryNodeCompleted", [](const Told& t) { return t.person("player") + " has done " + t.text("node"); }},
    {"EventDeadLettered",
     [](const Told& t) {
       return fmt::format("{} gave up on event {}: {}", t.text("consumer"), t.number("sequence"),
                          t.text("reason"));
     }},
    // ---- ai, models
    {"GuardrailViolated",
     [](const Told& t) {
       return fmt::format("held back, {} {}: {} at level {}", t.text("direction") == "in" ? "from" : "for",
                          t.person("player"), t.text("category"), t.number("level"));
     }},
    {"InferenceCompleted", inferred},
    {"ModelSwitched",
     [](const Told& t) {
       return fmt::format("{} uses {} now, no longer {}", t.text("tier"), t.text("to"), t.text("from"));
     }},
};

const Words* find_words(std::string_view type) {
  const auto found = std::ranges::find(kWords, type, &Words::type);
  return found == std::end(kWords) ? nullptr : found;
}

Ink ink_of(std::string_view type) {
  const auto known = find_event_type(type);
  if (!known) return Ink::plain;
  static constexpr std::pair<std::string_view, Ink> kInks[] = {
      {"time", Ink::yellow},        {"weather", Ink::blue}, {"npc", Ink::cyan},
      {"capabilities", Ink::green}, {"ai", Ink::magenta},   {"models", Ink::magenta}};
  for (const auto& [service, ink] : kInks) {
    if ((*known)->info.service() == service) return ink;
  }
  return Ink::plain;
}

}  // namespace

Names ask_names(HttpClient& client) {
  Names names;
  if (const auto people = call_rpc(client, "npc.List")) {
    for (const auto& npc : list_in(*people, "npcs")) names.people[text_in(npc, "id")] = text_in(npc, "name");
  }
  if (const auto world = call_rpc(client, "world.Get")) {
    for (const auto& place : list_in(*world, "places")) {
      names.places[text_in(place, "id")] = text_in(place, "name");
    }
  }
  return names;
}

bool has_words(std::string_view type) { return find_words(type) != nullptr; }

std::string sentence(const Json& event, const Names& names) {
  const std::string type = text_in(event, "type");
  if (const auto* words = find_words(type)) return one_line(words->say(Told(event, names)));
  std::string out;
  if (const auto known = find_event_type(type)) out = (*known)->info.summary();
  for (const auto& [key, value] : object_in(event, "payload").items()) {
    out += fmt::format("{}{}={}", out.empty() ? "" : " ", key, shown(value));
  }
  return one_line(out);
}

std::string event_line(const Json& event, const Names& names, const Style& style) {
  const std::string type = one_line(text_in(event, "type"));
  return fmt::format("{}  {}  {}  {}  {}",
                     style(Ink::dim, pad(std::to_string(number_in(event, "sequence")), 6)),
                     pad(game_time(number_in(event, "at_ms")), 12), style(ink_of(type), pad(type, 19)),
                     pad(one_line(text_in(event, "subject")), 10), sentence(event, names));
}

}  // namespace troupe::cli
