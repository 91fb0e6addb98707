#include "talk/hints.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/text.h"
#include "talk/by_words.h"
#include "talk/rank.h"

namespace troupe::talk {

namespace {

// Whoever speaks to somebody meets these soon; with fewer than two the same is said again.
using pack::LineKind;
constexpr std::array kMetByAll{LineKind::greeting,   LineKind::farewell, LineKind::unknown,
                               LineKind::deflection, LineKind::thanks,   LineKind::idle};
constexpr std::size_t kLinesEnough = 2;
constexpr std::size_t kNearEnough = 3;  // a fact is found when it is among so many that a question is near to

class Hints {
 public:
  Hints(const pack::Pack& pack, const Language& language) : pack_(pack), language_(language) {
    world_ = make_world(pack, language);
    for (auto& text : texts_of(world_)) learn(std::move(text));
    bind(world_, known_);
  }

  std::vector<pack::Problem> all() {
    for (const auto& who : pack_.npcs) of_person(who);
    for (const auto& fact : pack_.facts) of_fact(fact);
    return std::move(hints_);
  }

 private:
  void hint(const pack::Source& at, std::string what, std::string expected) {
    if (hints_.size() < kHintsMax)
      hints_.push_back({.file = at.file,
                        .line = at.line,
                        .column = at.column,
                        .what = std::move(what),
                        .expected = std::move(expected)});
  }
  void learn(std::string text) {
    auto vector = by_words(language_.words, text);
    known_.add(std::move(text), std::move(vector));
  }

  void of_person(const pack::Npc& who) {
    std::vector<std::string> few;
    for (const auto kind : kMetByAll) {
      const auto found = who.lines.find(kind);
      if (found == who.lines.end() || found->second.size() < kLinesEnough)
        few.emplace_back(pack::name_of(kind));
    }
    if (!few.empty()) {
      hint(who.at,
           fmt::format("{} has fewer than {} lines of kind {}", who.name, kLinesEnough, join(few, ", ")),
           "expected some more under 'lines': what is missing is said as everybody says it, and soon again");
    }
    if (who.knows.empty() && who.about.empty()) {
      hint(who.at, fmt::format("{} knows nothing and tells nothing of themselves", who.name),
           "expected 'knows' (facts, in their own words) or 'about' (sentences in the first person)");
    }
    for (const auto& [kind, lines] : who.lines) {
      std::set<std::string, std::less<>> seen;
      for (const auto& line : lines) {
        if (!seen.insert(fold(line)).second)
          hint(who.at,
               fmt::format("{} has the line \"{}\" twice among {}", who.name, line, pack::name_of(kind)),
               "expected it once: the second is never said");
      }
    }
    if (who.lines.contains(LineKind::price) && wares(pack_, who).empty()) {
      hint(who.at, fmt::format("{} sells nothing, so their lines of kind price are never said", who.name),
           "expected goods that are sold at a place of their routine, or no such lines");
    }
  }

  void of_fact(const pack::Fact& fact) {
    const auto holder =
        std::ranges::find_if(pack_.npcs, [&](const auto& who) { return pack::knows(fact, who.id); });
    if (holder == pack_.npcs.end()) {
      hint(fact.at, fmt::format("nobody knows fact '{}', so nobody can tell it", fact.id),
           "expected it under 'knows' of somebody, or 'public: true'");
      return;
    }
    const auto& with = fact.share_with;
    const bool never = fact.secret && with.npcs.empty() && with.factions.empty() && !with.trust_at_least;
    if (never && !fact.reveal.empty()) {
      hint(fact.at, fmt::format("what is said of secret '{}' is never said: nobody may be told it", fact.id),
           "expected 'share_with' (npcs, factions or trust_at_least), or no 'reveal'");
    }
    if (!fact.asks.empty() || never || found(fact, *holder)) return;
    hint(fact.at,
         fmt::format("a question about {} finds other facts than '{}'",
                     fact.topics.empty() ? std::string("it") : join(fact.topics, ", "), fact.id),
         "expected 'asks' (questions that it answers, as people ask them) or topics of its own");
  }

  // Whether somebody who knows it comes upon it by what it is about.
  bool found(const pack::Fact& fact, const pack::Npc& holder) {
    if (person_.npc != &holder) {
      person_ = make_person(world_, holder);
      for (auto& text : texts_of(person_)) learn(std::move(text));
      bind(person_, known_);
    }
    std::vector<std::string> lines = fact.topics;
    lines.push_back(join(fact.topics, " "));
    for (auto& line : lines) {
      if (line.empty()) continue;
      const auto heard = hear(world_, person_, Scene(), line + "?");
      VectorTable vectors;
      for (auto& text : texts_of(heard)) {
        auto vector = by_words(language_.words, text);
        vectors.add(std::move(text), std::move(vector));
      }
      for (const auto& near : rank(world_, person_, heard.whole, known_, vectors, kNearEnough)) {
        if (near.ask->item != kNothing && person_.items[near.ask->item].id == fact.id.str()) return true;
      }
    }
    return false;
  }

  const pack::Pack& pack_;
  const Language& language_;
  World world_;
  VectorTable known_;
  Person person_;
  std::vector<pack::Problem> hints_;
};

}  // namespace

std::vector<pack::Problem> hints_for(const pack::Pack& pack, const Language& language) {
  return Hints(pack, language).all();
}

}  // namespace troupe::talk
