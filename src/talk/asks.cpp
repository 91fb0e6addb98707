#include "talk/asks.h"

#include <algorithm>
#include <set>
#include <utility>

#include "pack/query.h"
#include "talk/ask_maker.h"
#include "talk/scene.h"

namespace troupe::talk {

namespace {

// The natural logarithm, near enough to weigh words, and the same on any machine: a straight line between
// powers of two. libm's last bits are not.
double rough_log(double x) {
  constexpr double kLn2 = 0.6931471805599453;
  double doublings = 0;
  for (; x >= 2; x /= 2) ++doublings;
  return (doublings + x - 1) * kLn2;
}

void read_vocabulary(World& world) {
  const auto take = [&](std::set<std::string, std::less<>>& into, std::string_view text) {
    for (Token& token : tokens(text)) into.insert(std::move(token.folded));
  };
  constexpr std::size_t kNameLetters = 4;
  for (const Thing& thing : world.things.all()) {
    for (const auto& [alias, weight] : thing.aliases) {
      for (const Token& token : tokens(alias)) {
        if (token.folded.size() >= kNameLetters) world.vocabulary.names.insert(token.folded);
        world.vocabulary.common.insert(token.folded);
      }
    }
  }
  auto& common = world.vocabulary.common;
  for (const Ask& ask : world.asks) take(common, ask.text);
  for (const Intent& intent : world.language->intents) {
    for (const std::string& text : intent.asks) take(world.vocabulary.asked, text);
  }
  const pack::Pack& pack = *world.pack;
  take(common, pack.world.text);
  for (const pack::Fact& fact : pack.facts) {
    take(common, fact.text);
    for (const std::string& text : fact.topics) take(common, text);
    for (const std::string& text : fact.asks) take(common, text);
  }
  for (const pack::Place& place : pack.places) take(common, place.text);
  for (const pack::Npc& npc : pack.npcs) {
    for (const std::string& text : {npc.persona, npc.voice, npc.look}) take(common, text);
    for (const auto& [kind, lines] : npc.lines) {
      for (const std::string& text : lines) take(common, text);
    }
    for (const pack::Knows& knows : npc.knows) take(common, knows.says);
    for (const pack::About& about : npc.about) take(common, about.says);
  }
  const Words& words = world.language->words;
  for (const auto* known : {&std::as_const(world.vocabulary.asked), &std::as_const(common), &words.common}) {
    for (const std::string& word : *known) world.vocabulary.stems.insert(stem(words, word));
  }
}

void weigh_words(World& world) {
  std::map<std::string, int, std::less<>> count;
  for (const pack::Fact& fact : world.pack->facts) {
    std::string text = fact.text;
    for (const std::string& topic : fact.topics) text += " " + topic;
    for (const std::string& one : stems(world.language->words, text)) ++count[one];
  }
  const auto facts = static_cast<double>(world.pack->facts.size());
  for (const auto& [one, number] : count) world.rarity[one] = rough_log(1 + facts / (number + .5));
  world.rarity_unknown = rough_log(1 + facts / .5);
}

// Of those whose role or name says that they lead, the one of the strongest group whom others respect most.
const pack::Npc* leader_of(const pack::Pack& pack, const Words& words) {
  const pack::Npc* out = nullptr;
  double best = 0;
  for (const pack::Npc& npc : pack.npcs) {
    const auto called = tokens(npc.role + " " + npc.name);
    if (std::ranges::none_of(called, [&](const Token& one) { return words.leaders.contains(one.folded); }))
      continue;
    const pack::Faction* faction = pack.faction(npc.faction.str());
    constexpr double kPowerMost = 100;
    double respect = 0;
    for (const pack::Npc& other : pack.npcs) {
      if (other.id != npc.id) respect += pack::relation_to(other, npc.id.str()).respect;
    }
    const double rank = (faction == nullptr ? 0 : faction->power / kPowerMost) +
                        respect / static_cast<double>(pack.npcs.size());
    if (out != nullptr && rank <= best) continue;
    out = &npc;
    best = rank;
  }
  return out;
}

}  // namespace

double World::rarity_of(std::string_view one) const {
  const auto found = rarity.find(one);
  return found == rarity.end() ? rarity_unknown : found->second;
}

World make_world(const pack::Pack& pack, const Language& language) {
  World out;
  out.pack = &pack;
  out.language = &language;
  out.things = Things::of(pack, language.words);
  const AskMaker maker(out);
  maker.intents(out.asks);
  maker.place_kinds(out.asks);
  maker.features(out.asks);
  maker.deeds(out.asks);
  maker.who_does_what(out.asks);
  out.leader = leader_of(pack, language.words);
  read_vocabulary(out);
  weigh_words(out);
  for (const pack::Npc& npc : pack.npcs) {
    out.works_at[npc.id] = work_place(pack, npc);
    for (const pack::GoodId& good : wares(pack, npc)) out.sellers[good].push_back(npc.id);
  }
  return out;
}

namespace {

template <class Each>
std::vector<std::string> sorted_texts(const Each& each) {
  std::set<std::string> out;
  each([&](const std::string& text) {
    if (!text.empty()) out.insert(text);
  });
  return {out.begin(), out.end()};
}

void bind_asks(std::vector<Ask>& asks, const VectorTable& vectors) {
  for (Ask& ask : asks) {
    ask.row = vectors.row(ask.text);
    ask.masked_row = vectors.row(ask.masked.empty() ? ask.text : ask.masked);
  }
}

}  // namespace

std::vector<std::string> texts_of(const World& world) {
  return sorted_texts([&](const auto& take) {
    for (const Ask& ask : world.asks) {
      take(ask.text);
      take(ask.masked);
    }
    const Asking& asking = world.language->asking;
    for (const auto& list : {asking.fact_like, asking.trait_like}) {
      for (const std::string& text : list) take(text);
    }
    for (const ToldKind& kind : asking.told) {
      for (const std::string& text : kind.like) take(text);
    }
    for (const Intent& intent : world.language->intents) {
      for (const std::string& text : intent.about) take(text);
    }
  });
}

std::vector<std::string> texts_of(const Person& person) {
  return sorted_texts([&](const auto& take) {
    for (const Ask& ask : person.asks) {
      take(ask.text);
      take(ask.masked);
    }
    for (const Item& item : person.items) take(item.joined);
    for (const auto& [kind, lines] : person.npc->lines) {
      for (const std::string& text : lines) take(text);
    }
    for (const pack::Knows& knows : person.npc->knows) take(knows.says);
  });
}

void bind(World& world, const VectorTable& vectors) { bind_asks(world.asks, vectors); }

void bind(Person& person, const VectorTable& vectors) { bind_asks(person.asks, vectors); }

namespace {

double nearest(const VectorTable& vectors, const std::vector<std::string>& texts, const Vector& vector) {
  double out = -1;
  for (const std::string& text : texts) out = std::max(out, cosine(vectors.of(text), vector));
  return out;
}

// The asks of an intent for what this person tells of that kind, the nearest with the least taken off.
void ask_about(const World& world, const Intent& intent, const std::vector<bool>& may,
               const std::vector<std::vector<std::string>>& of, Person& person, const VectorTable& vectors) {
  constexpr double kLikeMin = .38;  // to one of the intent's sentences
  constexpr double kLikeAsked = .46;
  constexpr double kUnlike = .5;   // of what an item is less like than the nearest, taken off
  constexpr double kFirst = .002;  // before the intent's own words
  constexpr double kByAuthor = .8, kOfOther = .25;
  std::vector<double> like(person.items.size(), -1);
  std::vector<bool> asked(person.items.size());  // the author says what it answers
  for (const Ask& ask : person.asks) {
    if (ask.family == Family::me && ask.by_author && ask.item != kNothing) asked[ask.item] = true;
  }
  for (std::size_t i = 0; i < like.size(); ++i) {
    if (may[i]) like[i] = nearest(vectors, intent.about, vectors.of(person.items[i].joined));
  }
  // Half a sentence may be of that kind.
  for (const Ask& ask : person.asks) {
    if (ask.family != Family::me || ask.by_author || ask.item == kNothing || !may[ask.item]) continue;
    like[ask.item] = std::max(like[ask.item], nearest(vectors, intent.about, vectors.at(ask.row)));
  }
  // What the author says that it answers decides: "Do you have children?" is asked for one's family.
  for (std::size_t i = 0; i < like.size(); ++i) {
    if (!may[i] || of.size() <= i || of[i].empty()) continue;
    like[i] = is_among(of[i], intent.id) ? std::max(like[i], kByAuthor) : like[i] - kOfOther;
  }
  const double best = like.empty() ? 0 : *std::ranges::max_element(like);
  const AskMaker maker(world);
  for (std::size_t i = 0; i < like.size(); ++i) {
    if (like[i] < (asked[i] ? kLikeAsked : kLikeMin)) continue;
    for (const std::string& text : intent.asks) {
      Ask one = maker.ask(text, intent.id, Family::self);
      one.item = i;
      one.penalty = kUnlike * (best - like[i]) - kFirst;
      one.row = one.masked_row = vectors.row(text);
      person.asks.push_back(std::move(one));
    }
  }
}

}  // namespace

namespace {

// Of each item the intents for which its author's questions ask.
std::vector<std::vector<std::string>> asked_by_author(const World& world, const Person& person,
                                                      const VectorTable& vectors) {
  constexpr double kSame = .8;  // as near as two ways to ask the same
  std::vector<std::vector<std::string>> out(person.items.size());
  for (const Ask& ask : person.asks) {
    if (ask.family != Family::me || !ask.by_author || ask.item == kNothing) continue;
    for (const Intent& intent : world.language->intents) {
      if (!intent.about.empty() && nearest(vectors, intent.asks, vectors.at(ask.row)) >= kSame)
        out[ask.item].push_back(intent.id);
    }
  }
  return out;
}

}  // namespace

void drop_traits(const World& world, Person& person, const VectorTable& vectors) {
  const Asking& asking = world.language->asking;
  const auto is_told = [&](const Vector& vector) {
    double fact = nearest(vectors, asking.fact_like, vector);
    for (const Intent& intent : world.language->intents)
      fact = std::max(fact, nearest(vectors, intent.about, vector));
    return fact >= nearest(vectors, asking.trait_like, vector);
  };
  // Half a sentence that is told is enough for the whole.
  std::vector<bool> told;
  for (const Item& item : person.items)
    told.push_back(item.kind != Item::Kind::me || item.own_words || is_told(vectors.of(item.joined)));
  for (const Ask& ask : person.asks) {
    if (ask.family == Family::me && ask.item != kNothing && !told[ask.item])
      told[ask.item] = is_told(vectors.at(ask.row));
  }
  std::erase_if(person.asks, [&](const Ask& ask) { return ask.item != kNothing && !told[ask.item]; });
  const auto of = asked_by_author(world, person, vectors);
  std::vector<bool> may;
  for (const Item& item : person.items) may.push_back(item.kind == Item::Kind::me && told[may.size()]);
  for (const Intent& intent : world.language->intents) {
    if (!intent.about.empty()) ask_about(world, intent, may, of, person, vectors);
  }
}

}  // namespace troupe::talk
