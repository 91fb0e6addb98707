// The ways of answering, in the order in which they are tried.
#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/text.h"
#include "talk/answerer.h"

namespace troupe::talk {

// What the listener may not know. Something open that fits better is told: that never gives it away. And a ware that
// is asked for is sold, whatever secret lies under it: "two baskets of herring, please".
bool Answerer::of_secret(const Look& look, Answer& out) {
  constexpr double kWareLead = .2;
  constexpr std::array<std::string_view, 3> kBuying{"good.price", "good.have", "good.where"};
  if (look.secret != nullptr && !look.in.empty() && is_among(kBuying, look.in.front()->ask->intent) &&
      look.in_score() >= thresholds_.of(look.in.front()->ask->family) &&
      look.secret->score < look.in_score() + kWareLead)
    return false;
  if (look.secret == nullptr || look.secret->score < thresholds_.secret ||
      look.secret->score < look.in_score())
    return false;
  because(look.secret, look, out);
  written(pack::LineKind::deflection, Way::deflected, out);
  return true;
}

void Answerer::tell(const Recalled& recalled, Answer& out) {
  const ToldLine& told = scene_.told[recalled.told];
  out.way = Way::told;
  std::vector<std::string> texts;
  const std::string name = recalled.kind == language_.asking.told.front().intent
                               ? name_given(language_.asking, language_.words, told.text)
                               : std::string();
  std::string said = turned(language_.saying, told.text);
  // "I cannot forgive him." says nothing without the sentence before it.
  if (recalled.told > 0 && recalled.needs_before) {
    const ToldLine& before = scene_.told[recalled.told - 1];
    said = turned(language_.saying, before.text) + " " + said;
  }
  // "That horse is mine. Thimble.": a short sentence behind it belongs to it.
  constexpr std::size_t kShort = 40;
  if (recalled.told + 1 < scene_.told.size()) {
    const ToldLine& next = scene_.told[recalled.told + 1];
    if (next.at == told.at && next.text.size() <= kShort) said += " " + turned(language_.saying, next.text);
  }
  const Values values{{"turned", said}, {"said", told.text}, {"name", name}};
  const auto& forms = name.empty() ? language_.saying.told : language_.saying.name_recalled;
  for (const std::string& form : forms) texts.push_back(filled(form, values));
  choose(std::move(texts), out);
  out.evidence.push_back({"told", "", scene_.listener, told.at});
  out.why += fmt::format("; told fits {:.2f}", recalled.fit);
}

void Answerer::never_told(Answer& out) {
  written(pack::LineKind::never_told, Way::told, out);
  out.why += "; never told";
}

// What the listener told of themselves.
bool Answerer::of_told(const Part& part, const Look& look, Answer& out) {
  if (look.all.empty()) return false;
  const Ranked& best = look.all.front();
  const bool mine = part.persons.mine;
  const auto recalled = [&](std::string_view intent) {
    return recall(world_, scene_, part, intent, thresholds_, known_, vectors_);
  };
  // What is no question asks for it only where nothing else can be meant: "Tell me my name."
  constexpr double kStatement = .15;
  if (best.ask->family == Family::player &&
      best.score >=
          (part.is_question ? 0 : kStatement) + (mine ? thresholds_.player_mine : thresholds_.player)) {
    because(&best, look, out);
    auto found = recalled(best.ask->intent);
    // Of another kind than the question sounds.
    constexpr double kOfAnyKind = .28;
    if (found && !found->fits()) {
      found = recalled("");
      if (found) found->needed = std::max(found->needed, kOfAnyKind);
    }
    if (found && found->fits()) {
      tell(*found, out);
    } else {
      never_told(out);
    }
    return true;
  }
  if (!part.is_question || look.in_score() >= thresholds_.sure) return false;
  const Asking& asking = language_.asking;
  if (part.persons.first && !scene_.told.empty() && look.out_score() < thresholds_.out_sure) {
    std::string intent = look.player != nullptr && look.player->score >= thresholds_.player_mine
                             ? look.player->ask->intent
                             : std::string();
    for (const ToldKind& kind : asking.told) {
      if (kind.asked.find_any(part.folded)) intent = kind.intent;
    }
    const auto found = recalled(intent);
    if (found && found->fit >= std::max(found->needed, mine ? thresholds_.told : thresholds_.told_unclear)) {
      because(look.player, look, out);
      tell(*found, out);
      return true;
    }
  }
  // A question about the one who asks, who never said it.
  const auto family = best.ask->family;
  const bool about_them = family == Family::player || family == Family::out || family == Family::me ||
                          (family == Family::self && !best.ask->intent.starts_with("place."));
  // "What do you charge for carrying my bag?" asks for no bag.
  const bool of_them_both = part.persons.second && asking.my_thing.find(part.folded);
  if (!mine || !about_them || of_them_both || look.out_score() >= thresholds_.out_maybe ||
      !asking.about_me.find_any(part.folded) || asking.about_me_never.find_any(part.folded))
    return false;
  because(&best, look, out);
  never_told(out);
  return true;
}

bool Answerer::of_act(const Part& part, const Look& look, Answer& out) {
  if (look.all.empty() || look.all.front().ask->family != Family::act) return false;
  const Ranked& best = look.all.front();
  if (best.score < thresholds_.act) return false;
  const Intent* intent = best.ask->of;
  if (part.is_question && (intent == nullptr ||
                           (!is_among(kInQuestions, intent->manner) && !intent->shows.find_any(part.folded))))
    return false;
  because(&best, look, out);
  return react(part, *best.ask, out);
}

// The person's own lines of that kind, or what the language says to it.
bool Answerer::react(const Part& part, const Ask& ask, Answer& out) {
  if (ask.of == nullptr) return false;
  if (ask.of->line && person_.npc->lines.contains(*ask.of->line)) {
    written(*ask.of->line, Way::small, out);
    return true;
  }
  const auto said = say(world_, person_, scene_, part, ask);
  if (!said) return false;
  take(*said, part, out);
  return true;
}

bool Answerer::of_nothing(const Part& part, const Look& look, Answer& out) {
  constexpr double kSaid = .04;  // what is said and not asked is near to anything
  const double least = thresholds_.out + (part.is_question ? 0 : kSaid);
  if (look.out == nullptr || look.out->score < least || look.out->score <= look.in_score()) return false;
  // Nobody says that they do not know to what was not asked.
  const bool asks = look.out->ask->of != nullptr && look.out->ask->of->source == Source::unknown &&
                    look.out->ask->asks_something;
  if (asks && !part.is_question) return false;
  // "I am Sam." is near to anything.
  if (!part.is_question && !name_given(language_.asking, language_.words, part.line).empty()) return false;
  because(look.out, look, out);
  const bool deflects = look.out->ask->of != nullptr && look.out->ask->of->source == Source::deflection;
  written(deflects ? pack::LineKind::deflection : pack::LineKind::unknown,
          deflects ? Way::deflected : Way::unknown, out);
  return true;
}

double Answerer::least_of(const Ask& ask) const {
  // A secret that may be told is told as a fact is.
  const double least = thresholds_.of(ask.family == Family::secret ? Family::fact : ask.family);
  // What anybody says to it needs more than what they tell of themselves.
  constexpr double kNotTheirs = .08;
  const bool common = ask.item == kNothing && ask.of != nullptr && !ask.of->about.empty();
  return ask.of == nullptr ? least : std::max(least, ask.of->least) + (common ? kNotTheirs : 0);
}

// A name that two have: ask back, where they would be answered differently.
bool Answerer::which_one(const Part& part, const Look& look, Answer& out) {
  const std::size_t thing = look.in.front()->ask->thing;
  if (thing == kNothing) return false;
  const auto of = [&](std::size_t one) { return std::ranges::find(part.named, one, &Things::Found::thing); };
  const auto found = of(thing);
  if (found == part.named.end()) return false;
  std::vector<std::string> names;
  for (const auto& other : part.named) {
    const Thing& one = world_.things.at(other.thing);
    if (other.begin != found->begin || other.weight != found->weight ||
        one.type != world_.things.at(thing).type)
      continue;
    const pack::Npc* npc = one.type == ThingType::person ? world_.pack->npc(one.id) : nullptr;
    names.push_back(npc == nullptr
                        ? one.name
                        : filled(language_.saying.this_one,
                                 {{"P", npc->name},
                                  {"a_prole", filled(language_.saying.the_role, {{"role", npc->role}})}}));
  }
  if (names.size() < 2 || language_.saying.which_one.empty()) return false;
  because(look.in.front(), look, out);
  out.way = Way::grounded;
  const auto& forms = language_.saying.which_one;
  out.text = filled(forms[seed() % forms.size()], {{"things", listed(names, language_.saying.list_or)}});
  return true;
}

bool Answerer::of_question(const Part& part, const Look& look, Answer& out) {
  if (look.in.empty() || look.in_score() < least_of(*look.in.front()->ask)) return false;
  if (which_one(part, look, out) || of_known(part, look, out)) return true;
  for (const Ranked* ranked : same_intent(look)) {
    const auto said = say(world_, person_, scene_, part, *ranked->ask, ranked->cosine);
    if (!said) continue;
    because(ranked, look, out);
    take(*said, part, out);
    return true;
  }
  return false;
}

// What they know of the thing that is asked for; of nothing in particular, what few others know.
bool Answerer::of_known(const Part& part, const Look& look, Answer& out) {
  const Ranked& best = *look.in.front();
  if (best.ask->of == nullptr || best.ask->of->source != Source::known) return false;
  constexpr double kOwn = .1, kFirst = .2;   // their own words; the first fact of a thing says what it is
  constexpr double kRare = .3, kSeen = .05;  // not known to all; seen with their own eyes
  const bool of_thing = best.ask->thing != kNothing;
  const Vector& line = vectors_.of(part.line);
  const Item* told = nullptr;
  double most = -1;
  bool first = true;
  for (const Item& item : person_.items) {
    const pack::Fact* fact = item.kind == Item::Kind::fact ? world_.pack->fact(item.id) : nullptr;
    if (fact == nullptr || (of_thing && !is_among(item.things, best.ask->thing))) continue;
    if (is_among(scene_.said, item.says) || (!of_thing && !item.own_words)) continue;
    double fit = cosine(known_.of(item.joined), line) + (item.own_words ? kOwn : 0);
    if (of_thing && std::exchange(first, false)) fit += kFirst;
    if (!of_thing) {
      fit += (fact->is_public ? 0 : kRare) + (fact->source == pack::FactSource::witnessed ? kSeen : 0);
    }
    if (fit > most) std::tie(told, most) = std::pair(&item, fit);
  }
  if (told == nullptr) return false;
  because(&best, look, out);
  take(said_of(*told), part, out);
  return true;
}

// The best, and what else fits its intent nearly as well: what somebody tells of themselves before what
// anybody says.
std::vector<const Ranked*> Answerer::same_intent(const Look& look) const {
  constexpr double kNearly = .12;
  const Ranked& best = *look.in.front();
  std::vector<const Ranked*> out, common;
  for (const Ranked* ranked : look.in) {
    const bool fits =
        ranked == &best || (best.ask->family == Family::self && ranked->ask->intent == best.ask->intent &&
                            ranked->score >= std::max(least_of(*ranked->ask), best.score - kNearly));
    if (fits) (ranked->ask->item != kNothing ? out : common).push_back(ranked);
  }
  out.insert(out.end(), common.begin(), common.end());
  return out;
}

// "I am looking for the chapel." asks, though it is no question.
bool Answerer::of_wish(const Part& part, const Look& look, Answer& out) {
  // Than a question has to be; what somebody says of themselves ("I hate this town") wishes for no answer.
  const bool of_themselves = std::ranges::any_of(language_.asking.first.all, [&](const Pattern& first) {
    const auto found = first.find(part.folded);
    return found && found.begin == 0;
  });
  const double surer = of_themselves ? .2 : .08;
  if (look.in.empty()) return false;
  const Ask& ask = *look.in.front()->ask;
  if (ask.asks_something || ask.of == nullptr || look.in_score() < least_of(ask) + surer) return false;
  return (ask.family == Family::slot || ask.family == Family::self) && of_question(part, look, out);
}

// The nearest own words, where they are near enough to be what was meant.
void Answerer::unsure(const Part& part, const Look& look, Answer& out) {
  for (const Ranked* ranked : look.in) {
    const bool near = (ranked->ask->family == Family::fact && ranked->score >= thresholds_.nearest_fact) ||
                      (ranked->ask->family == Family::me && ranked->score >= thresholds_.nearest_me);
    // A sentence about a place is told where it is surely meant.
    const bool of_place = ranked->ask->intent == "lore";
    if (!near || of_place || look.in_score() < thresholds_.nearest) continue;
    const auto said = say(world_, person_, scene_, part, *ranked->ask, ranked->cosine);
    if (!said) continue;
    because(ranked, look, out);
    take(*said, part, out);
    out.way = Way::nearest;
    return;
  }
  because(nullptr, look, out);
  written(pack::LineKind::unknown, Way::unknown, out);
}

// Where somebody has lines of their own for the mood that they are in.
std::optional<pack::LineKind> Answerer::mood_line() const {
  const auto mood = pack::find_name<pack::LineKind>(pack::kLineKindNames, pack::name_of(scene_.mood));
  return mood && person_.npc->lines.contains(*mood) ? mood : std::nullopt;
}

// Something was said and nothing asked: an own line that is near, or a reaction of the kind that fits.
void Answerer::statement(const Part& part, const Look& look, Answer& out) {
  because(look.act, look, out);
  const Vector& line = vectors_.of(part.line);
  std::vector<std::pair<double, std::string>> own;
  const auto add = [&](const std::string& text) {
    if (!text.empty()) own.emplace_back(cosine(known_.of(text), line), text);
  };
  for (const pack::LineKind kind :
       {pack::LineKind::idle, pack::LineKind::sad, pack::LineKind::happy, pack::LineKind::busy}) {
    const bool of_mood = kind == pack::LineKind::sad || kind == pack::LineKind::happy;
    const auto lines = person_.npc->lines.find(kind);
    if (lines == person_.npc->lines.end() || (of_mood && kind != mood_line())) continue;
    for (const std::string& text : lines->second) add(text);
  }
  for (const Item& item : person_.items) {
    if (item.kind == Item::Kind::fact && item.own_words) add(item.says);
  }
  std::erase_if(own, [&](const auto& one) {
    return one.first < thresholds_.own_line || is_among(scene_.said, one.second);
  });
  if (!own.empty()) {
    const auto& [score, text] = *std::ranges::max_element(own);
    out.text = text;
    out.way = Way::written;
    out.evidence.push_back({"line", "", "pack", 0});
    out.why = fmt::format("own line {:.2f}", score);
    return;
  }
  const bool clear =
      look.act != nullptr && look.act->score >= thresholds_.react && look.act->ask->of != nullptr;
  const Intent* intent = clear ? look.act->ask->of : nullptr;
  const std::string name = name_given(language_.asking, language_.words, part.line);
  if (!name.empty() && (intent == nullptr || !is_among(kHarms, intent->manner))) {
    out.way = Way::small;
    std::vector<std::string> texts;
    for (const std::string& form : language_.saying.name_told)
      texts.push_back(filled(form, {{"name", name}}));
    out.text = pick(texts, scene_.said, seed()).text;
    out.why += "; a name is told";
    return;
  }
  if (intent != nullptr && react(part, *look.act->ask, out)) return;
  // Whoever is in a mood says what they say then; else it is taken for news.
  written(mood_line() ? pack::LineKind::idle : pack::LineKind::news, Way::small, out);
}

}  // namespace troupe::talk
