#include "talk/answer.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "talk/reading.h"
#include "talk/say.h"
#include "talk/saying.h"
#include "talk/told.h"

namespace troupe::talk {

namespace {

constexpr std::size_t kRankedMax = 12;
constexpr std::size_t kNotesMax = 3;

// Manners that hurt: they are felt only where they are surely meant.
constexpr std::array kHarms{Manner::insult, Manner::threat, Manner::accusation};
// What a question can do beside asking: "How do you do?" greets.
constexpr std::array kInQuestions{Manner::greeting, Manner::farewell, Manner::thanks,    Manner::threat,
                                  Manner::insult,   Manner::offer,    Manner::accusation};

class Answerer {
 public:
  Answerer(const World& world, const Person& person, const Scene& scene, const Thresholds& thresholds,
           const VectorTable& known, const VectorTable& vectors, const RankTuning& tuning)
      : world_(world),
        language_(*world.language),
        person_(person),
        scene_(scene),
        thresholds_(thresholds),
        known_(known),
        vectors_(vectors),
        tuning_(tuning) {}

  Answer to(const Part& part);
  Answer not_speech(const Heard& heard);

 private:
  // What the ranking says, by where it belongs.
  struct Look {
    std::vector<Ranked> all;
    std::vector<const Ranked*> in;   // of this person and world, the best first
    const Ranked* secret = nullptr;  // that may not be told
    const Ranked* out = nullptr;
    const Ranked* player = nullptr;
    const Ranked* act = nullptr;
    double in_score() const { return in.empty() ? 0 : in.front()->score; }
    double out_score() const { return out == nullptr ? 0 : out->score; }
  };
  Look look(const Part& part) const;

  bool of_secret(const Look& look, Answer& out);
  bool of_told(const Part& part, const Look& look, Answer& out);
  bool of_act(const Part& part, const Look& look, Answer& out);
  bool react(const Part& part, const Ask& ask, Answer& out);
  bool of_nothing(const Look& look, Answer& out);
  bool of_question(const Part& part, const Look& look, Answer& out);
  void unsure(const Part& part, const Look& look, Answer& out);
  void statement(const Part& part, const Look& look, Answer& out);
  bool which_one(const Part& part, const Look& look, Answer& out);

  void tell(const Recalled& recalled, Answer& out);
  void never_told(Answer& out);
  void written(pack::LineKind kind, Way way, Answer& out);
  void take(const Said& said, const Part& part, Answer& out);
  void choose(std::vector<std::string> texts, Answer& out) const;
  void because(const Ranked* ranked, const Look& look, Answer& out) const;
  double least_of(const Ask& ask) const;
  void feel(const Part& part, const Look& look, Answer& out) const;
  void remember(const Part& part, Answer& out) const;
  std::uint64_t seed(std::string_view more = {}) const {
    return seed_of({person_.npc->id.str(), scene_.listener, draw_, more, std::to_string(scene_.turn)});
  }

  const World& world_;
  const Language& language_;
  const Person& person_;
  const Scene& scene_;
  const Thresholds& thresholds_;
  const VectorTable& known_;
  const VectorTable& vectors_;
  const RankTuning& tuning_;
  std::string draw_;
};

Answerer::Look Answerer::look(const Part& part) const {
  Look out;
  out.all = rank(world_, person_, part, known_, vectors_, kRankedMax, tuning_);
  const auto first = [](const Ranked*& where, const Ranked& ranked) {
    if (where == nullptr) where = &ranked;
  };
  for (const Ranked& ranked : out.all) {
    switch (ranked.ask->family) {
      case Family::secret:
        if (scene_.may_hear.contains(person_.items[ranked.ask->item].id)) {
          out.in.push_back(&ranked);
        } else {
          first(out.secret, ranked);
        }
        break;
      case Family::out:
        first(out.out, ranked);
        break;
      case Family::player:
        first(out.player, ranked);
        break;
      case Family::act:
        first(out.act, ranked);
        break;
      default:
        out.in.push_back(&ranked);
    }
  }
  return out;
}

void Answerer::because(const Ranked* ranked, const Look& look, Answer& out) const {
  if (ranked == nullptr && !look.all.empty()) ranked = &look.all.front();
  if (ranked == nullptr) return;
  out.intent = ranked->ask->intent;
  out.ask = ranked->ask->text;
  out.score = ranked->score;
  const auto second = std::ranges::find_if(look.all, [&](const Ranked& one) { return &one != ranked; });
  if (second != look.all.end()) {
    out.second_intent = second->ask->intent;
    out.second_score = second->score;
  }
  out.why = fmt::format("{} {:.2f} <- '{}'{}{}", out.intent, out.score, out.ask,
                        ranked->why.empty() ? "" : "; ", ranked->why);
}

// One of the texts that was not said yet; where all were, the first again, as such.
void Answerer::choose(std::vector<std::string> texts, Answer& out) const {
  const Picked picked = pick(texts, scene_.said, seed());
  out.text = picked.text;
  const auto& forms = language_.saying.again;
  if (!picked.again || out.way == Way::deflected || out.way == Way::unknown || out.way == Way::small) return;
  out.again = true;
  if (forms.empty()) return;
  std::vector<std::string> again;
  for (const std::string& form : forms) again.push_back(filled(form, {{"text", picked.text}}));
  out.text = pick(again, scene_.said, seed("again")).text;
}

void Answerer::written(pack::LineKind kind, Way way, Answer& out) {
  out.way = way;
  out.text = written_line(world_, person_, scene_, kind, draw_);
  out.evidence.push_back({"line", std::string(pack::name_of(kind)), "pack", 0});
}

void Answerer::take(const Said& said, const Part& part, Answer& out) {
  out.way = said.way;
  out.evidence = said.evidence;
  out.keys = said.keys;
  choose(said.texts, out);
  if (!said.yes || !part.wants_yes_or_no) return;
  const auto& words = *said.yes ? language_.saying.yes : language_.saying.no;
  // Not where the words begin so themselves.
  const auto begins = [&](const std::vector<std::string>& all) {
    return std::ranges::any_of(all, [&](const std::string& word) {
      return fold(out.text).starts_with(fold(word).substr(0, word.size() - 1));
    });
  };
  if (words.empty() || begins(language_.saying.yes) || begins(language_.saying.no)) return;
  out.text = words[seed("yes") % words.size()] + " " + upper_first(out.text);
}

// What the listener may not know. Something open that fits better is told: that never gives it away.
bool Answerer::of_secret(const Look& look, Answer& out) {
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
  const Values values{{"turned", turned(language_.saying, told.text)}, {"said", told.text}};
  for (const std::string& form : language_.saying.told) texts.push_back(filled(form, values));
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
    const auto found = recalled(best.ask->intent);
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
  if (!mine || !about_them || look.out_score() >= thresholds_.out_maybe ||
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
  if (part.is_question && (best.ask->of == nullptr || !is_among(kInQuestions, best.ask->of->manner)))
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

bool Answerer::of_nothing(const Look& look, Answer& out) {
  if (look.out == nullptr || look.out->score < thresholds_.out || look.out->score <= look.in_score())
    return false;
  because(look.out, look, out);
  const bool deflects = look.out->ask->of != nullptr && look.out->ask->of->source == Source::deflection;
  written(deflects ? pack::LineKind::deflection : pack::LineKind::unknown,
          deflects ? Way::deflected : Way::unknown, out);
  return true;
}

double Answerer::least_of(const Ask& ask) const {
  // A secret that may be told is told as a fact is.
  const double least = thresholds_.of(ask.family == Family::secret ? Family::fact : ask.family);
  return ask.of == nullptr ? least : std::max(least, ask.of->least);
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
  if (which_one(part, look, out)) return true;
  const auto said = say(world_, person_, scene_, part, *look.in.front()->ask);
  if (!said) return false;
  because(look.in.front(), look, out);
  take(*said, part, out);
  return true;
}

// The nearest own words, where they are near enough to be what was meant.
void Answerer::unsure(const Part& part, const Look& look, Answer& out) {
  for (const Ranked* ranked : look.in) {
    const bool near = (ranked->ask->family == Family::fact && ranked->score >= thresholds_.nearest_fact) ||
                      (ranked->ask->family == Family::me && ranked->score >= thresholds_.nearest_me);
    if (!near || look.in_score() < thresholds_.nearest) continue;
    const auto said = say(world_, person_, scene_, part, *ranked->ask);
    if (!said) continue;
    because(ranked, look, out);
    take(*said, part, out);
    out.way = Way::nearest;
    return;
  }
  because(nullptr, look, out);
  written(pack::LineKind::unknown, Way::unknown, out);
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
    const auto lines = person_.npc->lines.find(kind);
    if (lines == person_.npc->lines.end()) continue;
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
  if (intent == nullptr || !react(part, *look.act->ask, out)) written(pack::LineKind::news, Way::small, out);
}

// What the line did to this person, for feelings to follow.
void Answerer::feel(const Part& part, const Look& look, Answer& out) const {
  if (look.act == nullptr || look.act->ask->of == nullptr) return;
  const Manner manner = look.act->ask->of->manner;
  double least = part.is_question ? thresholds_.act : thresholds_.react;
  if (is_among(kHarms, manner)) least = std::max(least, thresholds_.harm);
  if (look.act->score < least || (part.is_question && !is_among(kInQuestions, manner))) return;
  // What is asked for in so many words is a question, whatever it is near to.
  if (part.is_question && look.in_score() >= look.act->score) return;
  out.manner = manner;
  out.manner_score = look.act->score;
}

void Answerer::remember(const Part& part, Answer& out) const {
  out.spoken = scene_.spoken;
  const auto take_all = [&](std::string_view text) {
    for (const auto& found : world_.things.link(text)) {
      const Thing& thing = world_.things.at(found.thing);
      constexpr double kMeant = .8;
      if (found.weight < kMeant || thing.id == person_.npc->id.str()) continue;
      out.spoken.last[thing.type] = thing.id;
      // A person and a name that only facts use stand for each other as he and she.
      if (thing.type == ThingType::name) out.spoken.last.erase(ThingType::person);
      if (thing.type == ThingType::person) out.spoken.last.erase(ThingType::name);
    }
  };
  take_all(out.text);
  take_all(part.line);  // what was asked for comes before what was said of it
  if (out.was_question) out.spoken.intent = out.intent;
}

Answer Answerer::to(const Part& part) {
  draw_ = part.line;
  Answer out;
  out.was_question = part.is_question;
  for (const auto& found : part.named) {
    const Thing& thing = world_.things.at(found.thing);
    out.named.emplace_back(thing.type, thing.id);
  }
  const Look seen = look(part);
  feel(part, seen, out);
  for (const Ranked* ranked : seen.in) {
    const bool of_person = ranked->ask->family == Family::fact || ranked->ask->family == Family::me;
    const double least =
        ranked->ask->family == Family::fact ? thresholds_.nearest_fact : thresholds_.nearest_me;
    if (of_person && ranked->score >= least && out.notes.size() < kNotesMax)
      out.notes.push_back(person_.items[ranked->ask->item].says);
  }
  const bool done = of_secret(seen, out) || of_told(part, seen, out) || of_act(part, seen, out) ||
                    of_nothing(seen, out) || (part.is_question && of_question(part, seen, out));
  if (!done && part.is_question) {
    unsure(part, seen, out);
  } else if (!done) {
    statement(part, seen, out);
  }
  const bool sure = out.way == Way::written || out.way == Way::grounded || out.way == Way::told;
  if (sure && !is_among(out.notes, out.text)) out.notes.insert(out.notes.begin(), out.text);
  remember(part, out);
  return out;
}

Answer Answerer::not_speech(const Heard& heard) {
  draw_ = heard.raw;
  Answer out;
  out.why = "not speech";
  out.spoken = scene_.spoken;
  written(pack::LineKind::deflection, Way::deflected, out);
  return out;
}

bool is_sure(const Answer& answer) {
  return answer.way == Way::written || answer.way == Way::grounded || answer.way == Way::told;
}

// Both answers, the evidence of both, the scores of the first.
Answer joined(Answer first, Answer second) {
  if (first.text != second.text) first.text += " " + second.text;
  first.why += " | " + second.why;
  const auto add = [](auto& to, auto& from) {
    for (auto& one : from) {
      if (!is_among(to, one)) to.push_back(std::move(one));
    }
  };
  add(first.evidence, second.evidence);
  add(first.named, second.named);
  add(first.notes, second.notes);
  add(first.keys, second.keys);
  for (auto& [type, id] : second.spoken.last) first.spoken.last[type] = std::move(id);
  first.spoken.intent = second.spoken.intent;
  first.again = first.again && second.again;
  return first;
}

}  // namespace

Answer answer(const World& world, const Person& person, const Scene& scene, const Heard& heard,
              const Thresholds& thresholds, const VectorTable& known, const VectorTable& vectors,
              const RankTuning& tuning) {
  Answerer answerer(world, person, scene, thresholds, known, vectors, tuning);
  if (!heard.is_speech) return answerer.not_speech(heard);
  if (heard.questions.size() > 1) {
    std::vector<Answer> answers;
    for (const Part& question : heard.questions) answers.push_back(answerer.to(question));
    if (std::ranges::any_of(answers, is_sure)) {
      Answer out = std::move(answers.front());
      for (std::size_t i = 1; i < answers.size(); ++i) out = joined(std::move(out), std::move(answers[i]));
      return out;
    }
  }
  return answerer.to(heard.whole);
}

}  // namespace troupe::talk
