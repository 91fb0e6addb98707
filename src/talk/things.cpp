#include "talk/things.h"

#include <algorithm>

#include "base/text.h"

namespace troupe::talk {

namespace {

constexpr double kRole = .9;       // "net mender"
constexpr double kRoleHead = .85;  // "keeper" of "keeper of the light"
constexpr double kRoleLast = .8;   // "mender", where nobody else's role ends so
constexpr double kId = .9;
constexpr double kKind = .7;  // of a place: "inn"
constexpr double kLastWord = .7;
constexpr double kGoodLast = .8;
constexpr double kUnit = .7;  // "a loaf", where only one good is counted so
constexpr double kBareFeature = .8;
constexpr double kFaction = .9;

constexpr double kGoodKind = .7;      // "beer", of ale
constexpr double kFactionHead = .85;  // "Meridian", of Meridian Line

std::string folded_words(std::string_view text) {
  std::vector<std::string> out;
  for (const Token& token : tokens(text)) out.push_back(token.folded);
  return join(out, " ");
}

std::string last_word(std::string_view text) {
  const auto all = tokens(text);
  return all.empty() ? std::string() : all.back().folded;
}

std::string spaced(std::string id) {
  std::ranges::replace(id, '_', ' ');
  return id;
}

// "keeper" of "keeper of the great light".
std::string head_of(const Words& words, std::string_view role) {
  std::vector<std::string> out;
  for (const Token& token : tokens(role)) {
    if (!out.empty() && words.joints.contains(token.folded)) break;
    out.push_back(token.folded);
  }
  return join(out, " ");
}

}  // namespace

std::vector<std::string> kind_names(const Words& words, const std::string& kind) {
  const auto found = words.place_kinds.find(kind);
  if (found != words.place_kinds.end()) return found->second;
  return kind.empty() ? std::vector<std::string>() : std::vector{spaced(kind)};
}

namespace {

struct Builder {
  const pack::Pack& pack;
  const Words& words;
  std::vector<Thing> all;

  void alias(Thing& thing, std::string_view text, double weight) const {
    const std::string name = folded_words(text);
    if (name.empty()) return;
    for (auto& [known, known_weight] : thing.aliases) {
      if (known != name) continue;
      known_weight = std::max(known_weight, weight);
      return;
    }
    thing.aliases.emplace_back(name, weight);
  }
  void take(Thing thing) {
    for (const auto& [alias, weight] : thing.aliases) {
      for (const std::string& word : split(alias, ' ')) {
        if (!words.stop.contains(word)) thing.stems.insert(stem(words, word));
      }
    }
    all.push_back(std::move(thing));
  }

  void people() {
    std::map<std::string, int> heads, titles;
    for (const pack::Npc& npc : pack.npcs) ++heads[last_word(head_of(words, npc.role))];
    for (const pack::Npc& npc : pack.npcs) {
      for (const Token& token : tokens(npc.name)) ++titles[token.folded];
    }
    for (const pack::Npc& npc : pack.npcs) {
      Thing thing{ThingType::person, npc.id.str(), npc.name, "", {}, {}};
      alias(thing, npc.name, 1);
      for (const std::string& word : name_words(words, npc.name)) alias(thing, word, 1);
      // "the captain", of the only one who is called so.
      for (const Token& token : tokens(npc.name)) {
        const bool title = words.titles.contains(token.folded) && !words.generic.contains(token.folded) &&
                           !words.kin.contains(token.folded) && !words.stop.contains(token.folded);
        if (title && titles[token.folded] == 1) alias(thing, token.text, kRoleLast);
      }
      alias(thing, npc.role, kRole);
      const std::string head = head_of(words, npc.role);
      alias(thing, head, kRoleHead);
      if (heads[last_word(head)] == 1) alias(thing, last_word(head), kRoleLast);
      for (const std::string& other : npc.aliases) alias(thing, other, 1);
      take(std::move(thing));
    }
  }
  void places() {
    for (const pack::Place& place : pack.places) {
      Thing thing{ThingType::place, place.id.str(), place.name, "", {}, {}};
      const std::string bare = without_article(words, place.name);
      alias(thing, bare, 1);
      alias(thing, spaced(place.id.str()), kId);
      for (const std::string& kind : kind_names(words, place.kind)) alias(thing, kind, kKind);
      alias(thing, last_word(bare), kLastWord);
      for (const std::string& other : place.aliases) alias(thing, other, 1);
      take(std::move(thing));
      for (const pack::Feature& feature : place.features) {
        Thing part{ThingType::feature, feature.id.str(), feature.name, place.id.str(), {}, {}};
        const std::string name = without_article(words, feature.name);
        alias(part, name, name == feature.kind ? kBareFeature : 1);
        take(std::move(part));
      }
    }
  }
  void goods() {
    std::map<std::string, int> units;
    for (const pack::Good& good : pack.goods) ++units[last_word(good.unit)];
    for (const pack::Good& good : pack.goods) {
      Thing thing{ThingType::good, good.id.str(), good.name, "", {}, {}};
      alias(thing, good.name, 1);
      alias(thing, spaced(good.id.str()), 1);
      alias(thing, last_word(good.name), kGoodLast);
      const std::string unit = last_word(good.unit);
      const bool counts =
          words.numbers.contains(unit) || words.stop.contains(unit);  // "can" alone is another word
      if (units[unit] == 1) alias(thing, counts ? good.unit : unit, kUnit);
      for (const std::string& kind : {last_word(good.name), good.kind}) {
        const auto called = words.good_kinds.find(kind);
        if (called == words.good_kinds.end()) continue;
        for (const std::string& other : called->second) alias(thing, other, kGoodKind);
      }
      for (const std::string& other : good.aliases) alias(thing, other, 1);
      for (const std::string& word : content_words(words, good.unit)) thing.stems.insert(stem(words, word));
      take(std::move(thing));
    }
  }
  // A word that is no other thing's and no word of every day.
  bool is_own_word(const std::string& word) const {
    const auto is_of = [&](const Thing& thing) {
      return std::ranges::any_of(thing.aliases, [&](const auto& one) { return one.first == word; });
    };
    return !words.common.contains(word) && !words.stop.contains(word) && std::ranges::none_of(all, is_of);
  }
  void groups() {
    for (const pack::Faction& faction : pack.factions) {
      Thing thing{ThingType::faction, faction.id.str(), faction.name, "", {}, {}};
      const std::string bare = without_article(words, faction.name);
      alias(thing, bare, kFaction);
      if (const std::string head = tokens(bare).front().folded; is_own_word(head))
        alias(thing, head, kFactionHead);
      take(std::move(thing));
    }
    for (const pack::Festival& festival : pack.calendar.festivals) {
      Thing thing{ThingType::festival, festival.id, festival.name, "", {}, {}};
      alias(thing, without_article(words, festival.name), 1);
      take(std::move(thing));
    }
  }

  // Runs of words with a large letter inside a sentence, which no thing of the pack has in its name.
  void names_in(std::string_view text, bool nouns_are_large) {
    std::set<std::string, std::less<>> known;
    for (const Thing& thing : all) {
      for (const auto& [alias, weight] : thing.aliases) known.insert(alias);
    }
    for (const std::string& day : pack.calendar.weekdays) known.insert(folded_words(day));
    for (const pack::Month& month : pack.calendar.months) known.insert(folded_words(month.name));
    for (const std::string& sentence : sentences(text)) {
      const auto all_tokens = tokens(sentence);
      for (std::size_t i = 1; i < all_tokens.size(); ++i) {
        const std::string_view gap = std::string_view(sentence).substr(
            all_tokens[i - 1].end, all_tokens[i].begin - all_tokens[i - 1].end);
        const bool inside =
            (gap == " " || gap == ", " || gap == "; ") && !begins_large(all_tokens[i - 1].text);
        if (!inside || !begins_large(all_tokens[i].text)) continue;
        std::size_t last = i;
        while (last + 1 < all_tokens.size() && begins_large(all_tokens[last + 1].text) &&
               all_tokens[last + 1].begin == all_tokens[last].end + 1)
          ++last;
        std::string name = sentence.substr(all_tokens[i].begin, all_tokens[last].end - all_tokens[i].begin);
        if (name.ends_with("'s")) name.resize(name.size() - 2);
        const std::string folded = folded_words(name);
        bool is_new = !known.contains(folded) && !nouns_are_large;
        for (std::size_t k = i; k <= last; ++k) {
          is_new = is_new && !known.contains(stripped(all_tokens[k].folded));
        }
        i = last;
        if (!is_new) continue;
        Thing thing{ThingType::name, name, name, "", {{folded, 1}}, {}};
        known.insert(folded);
        take(std::move(thing));
      }
    }
  }
  // "Odo, the keeper of the light, is gone": a name that only facts use is called what stands behind it.
  void called_in(std::string_view text) {
    for (const std::string& sentence : sentences(text)) {
      const auto line = tokens(sentence);
      for (std::size_t i = 0; i < line.size(); ++i) {
        const auto named = std::ranges::find_if(all, [&](const Thing& thing) {
          return thing.type == ThingType::name && thing.aliases.front().first == line[i].folded;
        });
        if (named == all.end()) continue;
        const std::string called = apposition(sentence, line, i);
        const auto has = [&](const Thing& thing) {
          return std::ranges::any_of(thing.aliases, [&](const auto& one) { return one.first == called; });
        };
        if (!called.empty() && std::ranges::none_of(all, has)) alias(*named, called, kRoleHead);
      }
    }
  }
  std::string apposition(std::string_view sentence, const std::vector<Token>& line, std::size_t name) const {
    constexpr std::size_t kWordsMax = 3;
    const auto gap = [&](std::size_t i) {
      const bool ends = i + 1 >= line.size();
      return ends ? std::string_view() : sentence.substr(line[i].end, line[i + 1].begin - line[i].end);
    };
    if (name + 2 >= line.size() || gap(name) != ", " || !words.articles.contains(line[name + 1].folded))
      return {};
    std::vector<std::string> out;
    for (std::size_t i = name + 2; i < line.size() && out.size() < kWordsMax; ++i) {
      if (words.joints.contains(line[i].folded)) break;
      if (begins_large(line[i].text)) return {};  // "her boat, the Kestrel"
      out.push_back(line[i].folded);
      if (gap(i) != " ") break;
    }
    return join(out, " ");
  }
  static std::string stripped(std::string text) {
    if (text.ends_with("'s")) text.resize(text.size() - 2);
    return text;
  }
};

}  // namespace

std::vector<std::string> name_words(const Words& words, std::string_view name) {
  std::vector<std::string> out;
  for (Token& token : tokens(name)) {
    if (!words.titles.contains(token.folded) && !words.stop.contains(token.folded))
      out.push_back(std::move(token.text));
  }
  return out;
}

std::string short_name(const Words& words, std::string_view name) {
  const auto all = name_words(words, name);
  return all.empty() ? std::string(name) : all.front();
}

Things Things::of(const pack::Pack& pack, const Words& words) {
  Builder builder{pack, words, {}};
  builder.people();
  builder.places();
  builder.goods();
  builder.groups();
  for (const pack::Fact& fact : pack.facts) {
    if (!fact.secret) builder.names_in(fact.text, words.nouns_are_large);
  }
  builder.names_in(pack.world.text, words.nouns_are_large);
  for (const pack::Fact& fact : pack.facts) {
    if (!fact.secret) builder.called_in(fact.text);
  }
  builder.called_in(pack.world.text);
  Things out;
  out.all_ = std::move(builder.all);
  out.endings_ = words.name_endings;
  out.index();
  return out;
}

void Things::index() {
  for (std::size_t i = 0; i < all_.size(); ++i) {
    for (const auto& [alias, weight] : all_[i].aliases) {
      Alias entry{split(alias, ' '), i, weight};
      by_word_[entry.words.front()].push_back(std::move(entry));
    }
  }
  for (auto& [word, aliases] : by_word_) {
    std::ranges::sort(aliases, [](const Alias& a, const Alias& b) {
      if (a.words.size() != b.words.size()) return a.words.size() > b.words.size();
      return a.weight != b.weight ? a.weight > b.weight : a.thing < b.thing;
    });
  }
}

std::size_t Things::find(ThingType type, std::string_view id) const {
  const auto found =
      std::ranges::find_if(all_, [&](const Thing& thing) { return thing.type == type && thing.id == id; });
  return found == all_.end() ? npos : static_cast<std::size_t>(found - all_.begin());
}

std::vector<Things::Found> Things::link(std::string_view line) const {
  const auto words = tokens(line);
  // The forms in which each word may stand in an alias: as it is, without 's, without s, with s.
  struct Form {
    std::vector<std::string> all;
    bool possessive = false;
  };
  std::vector<Form> forms;
  for (const Token& token : words) {
    Form form{{token.folded}, false};
    if (token.folded.ends_with("'s")) {
      form.possessive = true;
      form.all.push_back(token.folded.substr(0, token.folded.size() - 2));
    } else if (token.folded.ends_with("s'")) {
      form.possessive = true;
    }
    const std::string bare = form.all.back();
    constexpr std::size_t kBareMin = 3;
    for (const std::string& ending : endings_) {
      if (bare.size() > kBareMin && !bare.ends_with(ending)) form.all.push_back(bare + ending);
      if (bare.ends_with(ending) && bare.size() >= kBareMin + ending.size())
        form.all.push_back(bare.substr(0, bare.size() - ending.size()));
    }
    forms.push_back(std::move(form));
  }
  const auto fits = [&](const Alias& alias, std::size_t at) {
    if (at + alias.words.size() > forms.size()) return false;
    for (std::size_t k = 0; k < alias.words.size(); ++k) {
      const auto& options = forms[at + k].all;
      // Only the last word of a name bends.
      const bool last = k + 1 == alias.words.size();
      const auto end = last ? options.end() : std::min(options.begin() + 1, options.end());
      if (std::find(options.begin(), end, alias.words[k]) == end) return false;
    }
    return true;
  };
  struct Candidate {
    std::size_t at;
    std::size_t count;
    std::size_t letters;
    std::size_t thing;
    double weight;
  };
  std::vector<Candidate> candidates;
  for (std::size_t at = 0; at < forms.size(); ++at) {
    for (const std::string& form : forms[at].all) {
      const auto found = by_word_.find(form);
      if (found == by_word_.end()) continue;
      for (const Alias& alias : found->second) {
        if (!fits(alias, at)) continue;
        std::size_t letters = 0;
        for (const std::string& word : alias.words) letters += word.size() + 1;
        candidates.push_back({at, alias.words.size(), letters, alias.thing, alias.weight});
      }
    }
  }
  std::ranges::sort(candidates, [](const Candidate& a, const Candidate& b) {
    if (a.letters != b.letters) return a.letters > b.letters;
    if (a.weight != b.weight) return a.weight > b.weight;
    return a.at != b.at ? a.at < b.at : a.thing < b.thing;
  });
  std::vector<Found> out;
  std::vector<std::pair<std::size_t, std::size_t>> taken;  // words
  for (const Candidate& candidate : candidates) {
    const std::pair span{candidate.at, candidate.at + candidate.count};
    const bool overlaps = std::ranges::any_of(taken, [&](const auto& other) {
      return span.first < other.second && other.first < span.second && span != other;
    });
    const bool twice =
        std::ranges::any_of(out, [&](const Found& found) { return found.thing == candidate.thing; });
    if (overlaps || twice) continue;
    taken.push_back(span);
    const std::size_t last = span.second - 1;
    out.push_back({candidate.thing, candidate.weight, words[span.first].begin, words[last].end,
                   forms[last].possessive});
  }
  std::ranges::sort(out, [](const Found& a, const Found& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.thing < b.thing;
  });
  return out;
}

std::string mask(const Things& things, const Words& words, const Asking& asking, std::string_view line,
                 const std::vector<Things::Found>& found) {
  std::string out;
  std::size_t at = 0;
  for (const Things::Found& one : found) {
    const Thing& thing = things.at(one.thing);
    if (one.begin < at) continue;
    std::string before(line.substr(at, one.begin - at));
    // "the chapel" goes whole, and so does "Miss Quill".
    for (bool goes = true; goes;) {
      const auto words_before = tokens(before);
      goes = !words_before.empty() && tidied(before.substr(words_before.back().end)).empty() &&
             (words.articles.contains(words_before.back().folded) ||
              words.titles.contains(words_before.back().folded));
      if (goes) before.resize(words_before.back().begin);
    }
    out += before + asking.masks.at(thing.type) + (one.possessive ? "'s" : "");
    at = one.end;
  }
  return out += line.substr(at);
}

}  // namespace troupe::talk
