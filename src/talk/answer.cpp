#include "talk/answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "talk/answerer.h"

namespace troupe::talk {

namespace {

constexpr std::size_t kRankedMax = 12;
constexpr std::size_t kNotesMax = 3;

bool is_sure(const Answer& answer) {
  return answer.way == Way::written || answer.way == Way::grounded || answer.way == Way::told;
}

}  // namespace

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
      // "Spoke Two" is nobody.
      const auto counts = [&](const Token& one) { return language_.words.numbers.contains(one.folded); };
      if (thing.type == ThingType::name && std::ranges::any_of(tokens(thing.name), counts)) continue;
      out.spoken.last[thing.type] = thing.id;
      // A person and a name that only facts use stand for each other as he and she.
      if (thing.type == ThingType::name) out.spoken.last.erase(ThingType::person);
      if (thing.type == ThingType::person) out.spoken.last.erase(ThingType::name);
    }
  };
  // What was told may not name what it is about: "Eleven nights now."
  for (const Evidence& one : out.evidence) {
    const pack::Fact* fact = one.kind == "fact" ? world_.pack->fact(one.id) : nullptr;
    if (fact != nullptr && !fact->secret) take_all(fact->text);
  }
  take_all(out.text);
  take_all(part.line);  // what was asked for comes before what was said of it
  if (out.was_question) out.spoken.intent = out.intent;
  out.spoken.line = part.line;
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
                    of_nothing(part, seen, out) ||
                    (part.is_question ? of_question(part, seen, out) : of_wish(part, seen, out));
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

// The sentence that says what a line of several is, where it says so more surely than the whole. A greeting only
// leads to the others.
void Answerer::of_sentences(const Heard& heard, Answer& out) {
  constexpr double kSure = .5, kAhead = .05;
  if (out.way != Way::small && out.way != Way::unknown) return;
  for (const Part& part : heard.said) {
    Answer one = to(part);
    const bool greets = one.manner == Manner::greeting;
    if (one.way != Way::small || !one.intent.starts_with("act.") || greets || one.score < kSure) continue;
    const bool better =
        !out.intent.starts_with("act.") || out.manner == Manner::greeting || one.score > out.score + kAhead;
    if (!better) continue;
    one.spoken = std::move(out.spoken);
    one.why += "; of several sentences";
    out = std::move(one);
  }
}

// What the line says alone, or with what stands before it where that is surer.
Answer Answerer::to(const Heard& heard) {
  Answer out = to(heard.whole);
  of_sentences(heard, out);
  if (!heard.in_context) return out;
  const bool open = out.way == Way::unknown || out.way == Way::nearest;
  Answer other = to(*heard.in_context);
  // The last answer again is none, but where it is what they know or tell of themselves.
  const bool of_theirs = other.way == Way::written || other.intent == "fact";
  const bool new_to_them = heard.context_in_line || !other.again || of_theirs;
  // What goes on with the line before may sound like a question of any day: "How many died?"
  constexpr double kSureAlone = .6;
  const bool of_fact = other.intent == "fact" || other.intent == "lore" || other.intent == "me";
  const bool better = !heard.context_in_line && is_sure(other) && of_fact && out.score < kSureAlone &&
                      other.score > out.score && out.way == Way::grounded;
  if (out.was_question && (open || better) && new_to_them &&
      (is_sure(other) || other.way == Way::deflected)) {
    std::swap(out.manner, other.manner);
    std::swap(out.manner_score, other.manner_score);
    std::swap(out, other);
    out.why += "; with what stands before it";
    out.spoken.line = heard.whole.line;
  }
  // What the other sentences of the line do is felt, too.
  if (heard.context_in_line && out.manner == Manner::none)
    std::tie(out.manner, out.manner_score) = std::tie(other.manner, other.manner_score);
  return out;
}

namespace {

// What the second text says that the first has not said: "I am Emil, lift boy. I am a lift boy." is one
// sentence.
std::string what_is_new(const Words& words, const std::string& first, const std::string& second) {
  std::string out;
  const auto said = content_words(words, first);
  for (const std::string& sentence : sentences(second)) {
    const auto says = content_words(words, sentence);
    const bool old = !says.empty() &&
                     std::ranges::all_of(says, [&](const std::string& word) { return is_among(said, word); });
    if (!old) out += " " + sentence;
  }
  return out;
}

// Both answers, the evidence of both, the scores of the first.
Answer joined(const Words& words, Answer first, Answer second) {
  first.text += what_is_new(words, first.text, second.text);
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
  first.spoken.line = second.spoken.line;
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
      for (std::size_t i = 1; i < answers.size(); ++i) {
        out = joined(world.language->words, std::move(out), std::move(answers[i]));
      }
      return out;
    }
  }
  return answerer.to(heard);
}

}  // namespace troupe::talk
