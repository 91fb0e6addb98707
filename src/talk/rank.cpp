#include "talk/rank.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace troupe::talk {

namespace {

constexpr double kScoreFloor = .1;  // what is farther is never looked at

class Ranker {
 public:
  Ranker(const World& world, const Person& person, const Part& part, const VectorTable& known,
         const VectorTable& heard, const RankTuning& tuning)
      : world_(world),
        asking_(world.language->asking),
        person_(person),
        part_(part),
        known_(known),
        tuning_(tuning),
        line_(heard.of(part.line)),
        masked_(heard.of(part.masked)) {
    self_ = world.things.find(ThingType::person, person.npc->id.str());
    for (const auto& found : part.named) {
      named_[found.thing] = found.weight;
      const ThingType type = world.things.at(found.thing).type;
      ++types_[type];
      if (found.weight < kNamed) continue;
      const bool person_like = type == ThingType::person || type == ThingType::name;
      if (person_like) by_name_.push_back(found.thing);
      if (person_like || type == ThingType::festival) strong_.push_back(found.thing);
    }
    std::erase(strong_, self_);
    other_person_ = std::ranges::any_of(by_name_, [&](std::size_t thing) { return thing != self_; });
    other_role_ = std::ranges::any_of(part.named, [&](const auto& found) {
      constexpr double kMeant = .8;
      return found.thing != self_ && found.weight >= kMeant &&
             world.things.at(found.thing).type == ThingType::person;
    });
    for (const std::string& word : content_words(world.language->words, part.masked)) {
      if (!world.language->words.generic.contains(word)) left_.push_back(stem(world.language->words, word));
    }
    asks_who_ = asking_.which.find_any(part.folded);
    const auto with = asking_.asks_with.find(without_filler(asking_, part.folded));
    asks_what_ = with && with.begin == 0;
    about_me_ = asking_.about_me.find_any(part.folded) && !asking_.about_me_never.find_any(part.folded);
    broad_ = asking_.broad.find_any(without_filler(asking_, part.folded));
    my_thing_ = static_cast<bool>(asking_.my_thing.find(part.folded));
    for (const Intent& intent : world.language->intents) {
      const bool lacks = !intent.only.all.empty() && !intent.only.find_any(part.folded);
      const bool never = lacks || intent.never.find_any(part.folded);
      if (never) never_.insert(&intent);
      if (!never && intent.shows.find_any(part.folded)) shown_.insert(&intent);
    }
    for (const std::string& one : part.stems) rarity_ += world.rarity_of(one);
  }

  void all(const std::vector<Ask>& asks) {
    for (const Ask& ask : asks) take(ask);
  }

  std::vector<Ranked> best(std::size_t count) {
    std::vector<Ranked> out;
    for (auto& [key, ranked] : best_) out.push_back(std::move(ranked));
    // Of equal ones the first by name; `best_` is sorted.
    std::ranges::sort(out, [](const Ranked& a, const Ranked& b) {
      return a.score != b.score ? a.score > b.score : a.ask->text < b.ask->text;
    });
    if (out.size() > count) out.resize(count);
    return out;
  }

 private:
  using Key = std::tuple<std::string, std::size_t, std::size_t>;

  void take(const Ask& ask) {
    const Key key{ask.intent, ask.thing, ask.item};
    if (part_.follows_thing != kNothing && ask.intent == part_.follows && ask.thing == part_.follows_thing) {
      keep(key, {tuning_.follows, &ask, 0, "goes on with the last question"});
      return;
    }
    // About oneself one is asked as you; by name only where nobody else is named.
    if (ask.thing == self_ && ask.family == Family::slot && named_.size() != 1) return;
    const double cos = cosine(known_.at(ask.row), line_);
    const double masked = cosine(known_.at(ask.masked_row), masked_);
    if (std::max(cos, masked) < kScoreFloor) return;
    Ranked out{cos - ask.penalty, &ask, cos, {}};
    if (ask.thing != kNothing) {
      of_thing(ask, masked, out);
    } else if (ask.family == Family::fact || ask.family == Family::secret) {
      of_fact(ask, out);
    } else if (ask.family == Family::slot && type_count(ThingType::good) > 0) {
      change(out, -tuning_.other_named, "a good is named");
    } else if (is_self(ask) && (other_person_ || other_role_)) {
      change(out, other_person_ ? -tuning_.about_other : -tuning_.about_role, "about another");
    }
    if (ask.family == Family::self && ask.item != kNothing)
      out.score += tuning_.about_item * (cosine(known_.of(person_.items[ask.item].joined), line_) - cos) +
                   tuning_.about_bonus;
    if (clash(asking_, part_.kinds, ask.kinds)) change(out, -tuning_.kind, "asks something else");
    if ((part_.kinds & ask.kinds) != 0) change(out, tuning_.same_kind, "asks the same");
    if (ask.of != nullptr && never_.contains(ask.of)) change(out, -tuning_.never, "never so");
    if (ask.of != nullptr && shown_.contains(ask.of)) change(out, tuning_.shown, "its words");
    if (part_.kinds != 0 && ask.kinds == 0 && ask.wants_yes_or_no)
      change(out, -tuning_.more_than_yes, "asks more than yes");
    if (part_.names_unknown && about_world(ask))
      change(out, -tuning_.unknown_name, "names what nobody knows");
    by_persons(ask, out);
    if (!part_.is_question && ask.asks_something && wants_question(ask))
      change(out, -tuning_.no_question, "no question");
    keep(key, std::move(out));
  }

  void keep(const Key& key, Ranked ranked) {
    const auto [entry, is_new] = best_.try_emplace(key, ranked);
    if (!is_new && ranked.score > entry->second.score) entry->second = std::move(ranked);
  }
  static void change(Ranked& ranked, double by, std::string_view why) {
    ranked.score += by;
    if (!ranked.why.empty()) ranked.why += "; ";
    ranked.why += why;
  }

  void of_thing(const Ask& ask, double masked, Ranked& out) const {
    const auto named = named_.find(ask.thing);
    const ThingType type = world_.things.at(ask.thing).type;
    if (named != named_.end()) {
      // "What happened to the keeper?" has another word than the ask with his name.
      const bool called = type == ThingType::name && named->second < 1;
      const double plain = called ? tuning_.plain_called : tuning_.plain;
      if (!ask.masked.empty()) out.score = plain * out.score + (1 - plain) * masked;
      change(out, tuning_.named * named->second, "named");
      if (!ask.masked.empty() && type != ThingType::name) words_left(ask, out);
      if (is_within(ask)) change(out, tuning_.within, "in a place");
    }
    const bool same_form = part_.wants_yes_or_no ? ask.wants_yes_or_no : !ask.asks_something && !asks_what_;
    const bool says_who = asks_who_ || (ask.kinds == 0 && part_.kinds == 0 && same_form);
    if (ask.family == Family::by && !says_who) change(out, -tuning_.not_who, "asks not who");
    if (ask.thing == self_ && ask.family == Family::slot && part_.persons.second)
      change(out, -tuning_.own_name, "asked as you");
    if (ask.by_deed) {
      if ((part_.kinds & ask.kinds) == 0) change(out, -tuning_.not_where, "asks not where");
      if (part_.persons.second) change(out, -tuning_.deed_of_you, "asks of you");
      return;
    }
    if (named != named_.end()) return;
    if (type == ThingType::place && part_.persons.second) change(out, -tuning_.place_of_you, "asks of you");
    if (ask.family == Family::by) {
      if (!by_name_.empty()) change(out, -tuning_.other_person, "another is named");
      return;
    }
    const bool same_kind =
        type_count(type) > 0 || (type == ThingType::person && type_count(ThingType::name) > 0);
    const double missing = type == ThingType::good ? tuning_.no_good : tuning_.not_named;
    change(out, same_kind ? -tuning_.other_named : -missing, same_kind ? "another is named" : "not named");
  }
  int type_count(ThingType type) const {
    const auto found = types_.find(type);
    return found == types_.end() ? 0 : found->second;
  }
  // "Is the round table in the kitchen?" asks for the table, "Is Bram at the inn?" for Bram. The place is
  // another word of the line.
  bool is_within(const Ask& ask) const {
    const auto found = std::ranges::find(part_.named, ask.thing, &Things::Found::thing);
    if (!part_.wants_yes_or_no || ask.of == nullptr || found == part_.named.end()) return false;
    const bool apart = std::ranges::any_of(part_.named, [&](const Things::Found& other) {
      return other.begin != found->begin && world_.things.at(other.thing).type == ThingType::place;
    });
    return apart && world_.things.at(ask.thing).type != ThingType::place &&
           std::ranges::find(ask.of->claims, Claim::at) != ask.of->claims.end();
  }
  // Content words that neither the ask nor the name explains: the line asks for something else about it.
  void words_left(const Ask& ask, Ranked& out) const {
    const Thing& thing = world_.things.at(ask.thing);
    const auto left = std::ranges::count_if(left_, [&](const std::string& one) {
      return !ask.stems.contains(one) && !thing.stems.contains(one);
    });
    if (left == 0) return;
    change(out, -std::min(tuning_.words_left_max, tuning_.word_left * static_cast<double>(left)),
           fmt::format("{} words left", left));
  }

  void of_fact(const Ask& ask, Ranked& out) const {
    const Item& item = person_.items[ask.item];
    if (!ask.by_author) {
      double shared = 0;
      for (const std::string& one : part_.stems) {
        if (item.stems.contains(one)) shared += world_.rarity_of(one);
      }
      // One word of one sentence says less of what is meant than several.
      constexpr double kOneWord = .6;
      const double share =
          rarity_ == 0
              ? 0
              : shared / rarity_ * (part_.stems.size() == 1 && ask.text != item.plain ? kOneWord : 1);
      out.score = tuning_.fact_text * out.cosine +
                  tuning_.fact_joined * cosine(known_.of(item.joined), line_) + tuning_.fact_words * share +
                  (item.own_words ? tuning_.fact_own : 0) - ask.penalty;
      out.why = fmt::format("words {:.2f}", share);
    }
    if (broad_) by_breadth(ask, item, out);
    const Kinds told = part_.kinds & item.answers.of;
    if (told != 0) {
      const bool has = (told & item.answers.kinds) != 0;
      change(out, has ? tuning_.answers : -tuning_.answers, has ? "has an answer" : "has no answer");
    }
    const auto is_of = [&](std::size_t thing) {
      return std::ranges::find(item.things, thing) != item.things.end();
    };
    if (!strong_.empty() && std::ranges::none_of(strong_, is_of)) {
      change(out, -tuning_.fact_of_other, "about another");
    } else if (std::ranges::any_of(part_.named, [&](const auto& found) { return is_of(found.thing); })) {
      change(out, tuning_.fact_named, "named");
    }
  }

  // "Tell me about the wreck" asks for what is told of it, and not for one thing about it.
  void by_breadth(const Ask& ask, const Item& item, Ranked& out) const {
    const auto has = [](const auto& stems) {
      return [&](const std::string& one) { return stems.contains(one); };
    };
    const bool of_named = std::ranges::any_of(part_.named, [&](const auto& found) {
      return std::ranges::find(item.things, found.thing) != item.things.end();
    });
    if (left_.empty() || (!part_.named.empty() && !of_named)) return;
    if (ask.by_author && std::ranges::all_of(left_, has(ask.stems)) && ask.stems.size() > left_.size()) {
      change(out, -tuning_.narrow, "asks for less");
    } else if (!ask.by_author && std::ranges::all_of(left_, has(item.stems))) {
      change(out, tuning_.broad, "all about it");
    }
  }

  static bool is_self(const Ask& ask) {
    return ask.family == Family::me || (ask.family == Family::self && !ask.intent.starts_with("place."));
  }
  static bool about_world(const Ask& ask) {
    return ask.family == Family::slot || ask.family == Family::by || ask.family == Family::self;
  }
  static bool wants_question(const Ask& ask) {
    return ask.family == Family::self || ask.family == Family::player ||
           (ask.family == Family::slot && !ask.intent.starts_with("person.") &&
            !ask.intent.starts_with("name."));
  }

  void by_persons(const Ask& ask, Ranked& out) const {
    const Persons& line = part_.persons;
    const bool of_self = ask.intent.starts_with("self.");
    if (ask.family == Family::player) {
      if (!line.mine && !line.first) {
        change(out, -tuning_.not_me, "not about me");
      } else if (!line.mine) {
        change(out, -tuning_.only_i, "only I");
      }
    } else if (line.mine && !line.second && ask.persons.second && !ask.persons.mine &&
               (of_self || ask.family == Family::me || ask.family == Family::act)) {
      change(out, -tuning_.me_not_you, "about me, not you");
    } else if (line.mine && ask.persons.second && !ask.persons.first && about_me_ &&
               (of_self || ask.family == Family::out || (ask.family == Family::me && !my_thing_))) {
      change(out, -tuning_.me_rather, "about me rather");
    } else if (of_self && ask.persons.second && !line.second && (part_.content_words > 1 || line.first)) {
      change(out, -tuning_.self_not_you, "not you");
    } else if (ask.family == Family::me && !line.second && part_.is_question) {
      change(out, -tuning_.told_not_you, "not you");
    }
  }

  const World& world_;
  const Asking& asking_;
  const Person& person_;
  const Part& part_;
  const VectorTable& known_;
  const RankTuning& tuning_;
  const Vector& line_;
  const Vector& masked_;
  std::size_t self_ = kNothing;
  std::map<std::size_t, double> named_;
  std::map<ThingType, int> types_;
  std::vector<std::size_t> by_name_;  // people, surely meant
  std::vector<std::size_t> strong_;   // these and festivals, without oneself
  bool other_person_ = false;
  std::vector<std::string> left_;
  bool other_role_ = false;
  std::set<const Intent*> never_;  // intents that this line does not mean
  std::set<const Intent*> shown_;  // intents whose own words it has
  bool asks_who_ = false;
  bool asks_what_ = false;  // begins with a word that asks
  bool about_me_ = false;
  bool my_thing_ = false;
  bool broad_ = false;  // leaves open what is to be told
  double rarity_ = 0;
  std::map<Key, Ranked> best_;
};

}  // namespace

std::vector<Ranked> rank(const World& world, const Person& person, const Part& part, const VectorTable& known,
                         const VectorTable& heard, std::size_t count, const RankTuning& tuning) {
  Ranker ranker(world, person, part, known, heard, tuning);
  ranker.all(world.asks);
  ranker.all(person.asks);
  return ranker.best(count);
}

}  // namespace troupe::talk
