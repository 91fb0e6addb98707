#include "talk/say.h"

#include <algorithm>
#include <cmath>

#include "pack/query.h"
#include "talk/reading.h"
#include "talk/saying.h"
#include "talk/values.h"

namespace troupe::talk {

namespace {

// The texts of the first form whose condition holds and whose names have values, filled.
std::vector<std::string> form_texts(const Intent& intent, const pack::Npc& npc, const SceneValues& values) {
  for (const Form& form : intent.forms) {
    if (!form.when.empty() && !values.holds(form.when)) continue;
    const std::vector<std::string>* templates = &form.says;
    if (form.line) {
      const auto own = npc.lines.find(*form.line);
      if (own != npc.lines.end() && !own->second.empty()) templates = &own->second;
    }
    std::vector<std::string> out;
    for (const std::string& text : *templates) {
      if (const auto filled_text = values.fill(text)) out.push_back(*filled_text);
    }
    if (!out.empty()) return out;
  }
  return {};
}

std::vector<std::string> own_lines(const pack::Npc& npc, pack::LineKind kind) {
  const auto own = npc.lines.find(kind);
  return own == npc.lines.end() ? std::vector<std::string>() : own->second;
}

// Yes where most of what is asked stands in the words, no where only one of the two says no.
std::optional<bool> item_says(const World& world, const Item& item, const Part& part, double likeness) {
  constexpr std::size_t kStemsMin = 2;  // fewer could be about anything
  constexpr double kShare = .75;        // of the rarities of what is asked; or
  constexpr double kShareNear = .6;     // less, where the whole is near
  constexpr double kNear = .42;
  if (part.kinds != 0) return std::nullopt;
  double all = 0, shared = 0;
  for (const std::string& one : part.stems) {
    all += world.rarity_of(one);
    if (item.stems.contains(one)) shared += world.rarity_of(one);
  }
  const double share = all == 0 ? 0 : shared / all;
  const bool same = part.stems.size() >= kStemsMin && share >= kShare;
  if (!same && (likeness < kNear || share < kShareNear)) return std::nullopt;
  const Asking& asking = world.language->asking;
  std::string said = fold(item.joined), asked = part.folded;
  // "Were her engines broken?" and "The engines are not broken": what both have is what is asked about.
  for (const Pattern& denial : asking.denial.all) {
    const auto match = denial.find(asked);
    if (!match) continue;
    const std::string word = asked.substr(match.begin, match.end - match.begin);
    const auto in_both = said.find(word);
    if (in_both == std::string::npos) continue;
    said.erase(in_both, word.size());
    asked.erase(match.begin, word.size());
  }
  const auto denies = [&](std::string_view folded) {
    return asking.negation.find_any(folded) || asking.denial.find_any(folded);
  };
  return denies(said) == denies(asked);
}

}  // namespace

Said said_of(const Item& item) {
  Said out;
  out.texts = {item.says};
  switch (item.kind) {
    case Item::Kind::me:
      out.way = Way::written;
      out.evidence = {{"persona", "", "pack", 0}};
      break;
    case Item::Kind::name:
      out.evidence = {{"fact", item.id, "pack", 0}};
      break;
    case Item::Kind::lore:
      out.evidence = {{"world", item.id, "pack", 0}};
      break;
    case Item::Kind::fact:
    case Item::Kind::secret:
      out.way = item.own_words ? Way::written : Way::grounded;
      out.evidence = {{"fact", item.id, item.source.empty() ? "pack" : item.source, 0}};
      break;
  }
  return out;
}

std::optional<Said> say(const World& world, const Person& person, const Scene& scene, const Part& part,
                        const Ask& ask, double likeness) {
  if (ask.item != kNothing) {
    const Item& item = person.items[ask.item];
    Said out = said_of(item);
    const bool may = item.kind == Item::Kind::fact || item.kind == Item::Kind::me;
    // What is near to one sentence of several says nothing of the whole.
    const bool whole = item.kind != Item::Kind::fact || ask.by_author || ask.text == item.plain;
    if (part.wants_yes_or_no && may) out.yes = item_says(world, item, part, whole ? likeness : 0);
    return out;
  }
  const pack::Npc& npc = *person.npc;
  const SceneValues values(world, person, scene, part, ask);
  const Intent* intent = ask.of;
  if (intent == nullptr) return std::nullopt;
  Said out;
  if (intent->line) {
    out.texts = own_lines(npc, *intent->line);
    out.way = intent->family() == "act" ? Way::small : Way::written;
    if (!out.texts.empty()) out.evidence = {{"line", std::string(pack::name_of(*intent->line)), "pack", 0}};
  }
  if (out.texts.empty()) {
    out.texts = form_texts(*intent, npc, values);
    if (intent->family() == "act") out.way = Way::small;
  }
  if (out.texts.empty()) return std::nullopt;
  if (part.wants_yes_or_no) out.yes = values.answer_to(intent->claims);
  out.evidence.insert(out.evidence.end(), values.evidence().begin(), values.evidence().end());
  out.keys = values.keys();
  return out;
}

int minutes_on_foot(const pack::Pack& pack, const pack::PlaceId& from, const pack::PlaceId& to) {
  const double metres = pack::distance(pack, from, to);
  if (metres < 0) return -1;
  return std::max(1, static_cast<int>(std::lround(metres / pack::kWalkMetresPerSecond / 60)));
}

std::string way_text(const World& world, const pack::PlaceId& from, const pack::PlaceId& to,
                     std::uint64_t seed) {
  const pack::Pack& pack = *world.pack;
  const Route& route = world.language->saying.route;
  const pack::Place* target = pack.place(to.str());
  if (target == nullptr || pack.place(from.str()) == nullptr) return {};
  Values values{{"to", target->name}};
  const auto one_of = [&](const std::vector<std::string>& texts) {
    return texts.empty() ? std::string() : upper_first(filled(texts[seed % texts.size()], values));
  };
  if (from == to) return one_of(route.here);
  const auto way = pack::path(pack, from, to);
  if (way.empty()) return one_of(route.none);
  const int minutes = minutes_on_foot(pack, from, to);
  values["minutes"] = minutes == 1
                          ? route.one_minute
                          : filled(route.some_minutes, {{"n", number_word(world.language->saying, minutes)}});
  if (way.size() == 2) return one_of(route.next);
  std::string by;
  for (std::size_t i = 1; i + 1 < way.size(); ++i) {
    const pack::Place* place = pack.place(way[i].str());
    by += (i > 1 ? route.then : std::string()) + (place == nullptr ? way[i].str() : place->name);
  }
  values["by"] = by;
  return one_of(way.size() == 3 ? route.by : route.far);
}

const Opinion* opinion_of(const Saying& saying, const Feelings& feelings, bool to_you) {
  const auto found = std::ranges::find_if(saying.opinions, [&](const Opinion& opinion) {
    const double value = feelings.value(opinion.feeling);
    return (!opinion.at_least || value >= *opinion.at_least) &&
           (!opinion.at_most || value <= *opinion.at_most) &&
           !(to_you ? opinion.to_you : opinion.says).empty();
  });
  return found == saying.opinions.end() ? nullptr : &*found;
}

bool is_kind(std::string_view feeling) {
  return feeling == "trust" || feeling == "affection" || feeling == "respect";
}

bool speaks_well(const Opinion& opinion) { return is_kind(opinion.feeling) && opinion.at_least.has_value(); }

std::string opinion_text(const World& world, const Feelings& feelings, std::string_view name, bool to_you,
                         std::uint64_t seed) {
  const Values values{{"P", std::string(name)}, {"p", short_name(world.language->words, name)}};
  const Opinion* opinion = opinion_of(world.language->saying, feelings, to_you);
  if (opinion == nullptr) return {};
  const auto& texts = to_you ? opinion->to_you : opinion->says;
  return filled(texts[seed % texts.size()], values);
}

}  // namespace troupe::talk
