#include "talk/deed_words.h"

#include <algorithm>
#include <optional>
#include <set>

#include "base/text.h"
#include "talk/reading.h"

namespace troupe::talk {

namespace {

std::vector<std::string> folded_words(std::string_view text) {
  std::vector<std::string> out;
  for (Token& token : tokens(text)) out.push_back(std::move(token.folded));
  return out;
}

// A form as words and parameters: {"fill", "{lamp}", "with", "oil"}.
std::vector<std::string> pieces(std::string_view form) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < form.size();) {
    const auto open = form.find('{', at);
    for (std::string& word : folded_words(form.substr(at, open - at))) out.push_back(std::move(word));
    if (open == std::string_view::npos) break;
    const auto close = form.find('}', open);
    if (close == std::string_view::npos) break;
    out.emplace_back(form.substr(open, close + 1 - open));
    at = close + 1;
  }
  return out;
}

bool is_param(std::string_view piece) { return piece.starts_with('{'); }

bool carries_matter(const Words& words, const Acting& acting, const std::string& word) {
  return !words.stop.contains(word) && !words.generic.contains(word) && !words.articles.contains(word) &&
         !acting.counts.contains(word) && !acting.pronouns.contains(word) && !acting.particles.contains(word);
}

// A verb that ends its words and has its particle before it: "anzuenden" is "zuenden" with "an".
void split_particle(const Acting& acting, DeedWords::Verb& verb) {
  constexpr std::size_t kRootMin = 4;
  std::string& word = verb.words.back();
  std::string_view longest;
  for (const std::string& particle : acting.particles) {
    if (word.starts_with(particle) && word.size() >= particle.size() + kRootMin &&
        particle.size() > longest.size())
      longest = particle;
  }
  if (longest.empty()) return;
  verb.particle = longest;
  word = word.substr(longest.size());
}

class Reader {
 public:
  Reader(const Words& words, const Acting& acting, const Candidate& candidate)
      : words_(words), acting_(acting), candidate_(candidate) {}

  DeedWords read() {
    const auto all = pieces(candidate_.form);
    if (acting_.verb_last) {
      last_verb(all);
    } else {
      first_verbs(all);
    }
    for (const auto& argument : candidate_.arguments) {
      if (!argument.is_speaker) out_.objects.push_back(object(argument));
    }
    synonyms();
    return std::move(out_);
  }

 private:
  // "put out {lamp}", "rest and sleep", "light a candle and pray", "let {person} go".
  void first_verbs(const std::vector<std::string>& all) {
    std::size_t at = 0;
    while (at < all.size()) {
      const std::size_t end = static_cast<std::size_t>(
          std::find_if(all.begin() + static_cast<std::ptrdiff_t>(at), all.end(),
                       [&](const std::string& piece) { return acting_.joins.contains(piece); }) -
          all.begin());
      verb_of(
          {all.begin() + static_cast<std::ptrdiff_t>(at), all.begin() + static_cast<std::ptrdiff_t>(end)});
      at = end + 1;
    }
  }
  void verb_of(const std::vector<std::string>& part) {
    if (part.empty() || is_param(part.front())) return;
    DeedWords::Verb verb;
    verb.own = true;
    verb.words.push_back(part.front());
    std::vector<std::string> nouns;
    bool behind_param = false;
    for (std::size_t i = 1; i < part.size(); ++i) {
      const std::string& piece = part[i];
      if (is_param(piece)) {
        behind_param = true;
        continue;
      }
      // "Put out", "turn on", "lock {door} up"; but no more than that of "accuse {person} in public".
      const bool at_end = i == 1 || i + 1 == part.size() || !acting_.prepositions.contains(piece);
      if (acting_.particles.contains(piece) && verb.particle.empty() && at_end) {
        verb.particle = piece;
        continue;
      }
      if (acting_.prepositions.contains(piece)) break;
      if (behind_param) {
        if (verb.particle.empty()) verb.particle = piece;  // "let {person} go"
      } else if (carries_matter(words_, acting_, piece)) {
        nouns.push_back(piece);
      }
    }
    take(std::move(verb), nouns);
  }
  // A noun that a light verb cannot do without is part of it: "take a nap". Any other may be named.
  void take(DeedWords::Verb verb, const std::vector<std::string>& nouns) {
    if (!nouns.empty() && acting_.light.contains(verb.words.front())) {
      verb.fixed = nouns.back();
    } else if (!nouns.empty()) {
      out_.objects.push_back({{nouns}, true});
      if (nouns.size() > 1) out_.objects.back().names.push_back({nouns.back()});
    }
    out_.verbs.push_back(std::move(verb));
  }
  // "die Laterne anzuenden": the last word; what stands before it and is no parameter is named with it.
  void last_verb(const std::vector<std::string>& all) {
    if (all.empty()) return;
    DeedWords::Verb verb;
    verb.own = true;
    std::vector<std::string> nouns;
    std::size_t last = all.size();
    while (last > 0 && is_param(all[last - 1])) --last;
    if (last == 0) return;
    verb.words.push_back(all[last - 1]);
    bool skipped = false;  // behind a preposition
    for (std::size_t i = 0; i + 1 < last; ++i) {
      if (acting_.prepositions.contains(all[i])) skipped = true;
      if (!is_param(all[i]) && !skipped && carries_matter(words_, acting_, all[i])) nouns.push_back(all[i]);
    }
    split_particle(acting_, verb);
    take(std::move(verb), nouns);
  }

  DeedWords::Object object(const Candidate::Argument& argument) const {
    DeedWords::Object out;
    std::set<std::vector<std::string>> seen;
    const auto add = [&](std::vector<std::string> name) {
      while (!name.empty() &&
             (words_.articles.contains(name.front()) || acting_.counts.contains(name.front())))
        name.erase(name.begin());
      if (!name.empty() && seen.insert(name).second) out.names.push_back(std::move(name));
    };
    for (const std::string& name : argument.names) {
      auto all = folded_words(name);
      add(all);
      // The head of a name stands for it: "lamp" of "the square lamp".
      if (all.size() > 1 && !words_.generic.contains(all.back()) && !words_.stop.contains(all.back()))
        add({all.back()});
    }
    std::ranges::sort(out.names, [](const auto& a, const auto& b) {
      return a.size() != b.size() ? a.size() > b.size() : a < b;
    });
    return out;
  }

  void add_phrase(std::string_view phrase, bool travels) {
    DeedWords::Verb verb;
    verb.words = folded_words(phrase);
    if (verb.words.empty()) return;
    verb.travels = travels;
    if (!acting_.verb_last && verb.words.size() == 2 && acting_.particles.contains(verb.words.back())) {
      verb.particle = verb.words.back();
      verb.words.pop_back();
    }
    if (acting_.verb_last) split_particle(acting_, verb);
    out_.verbs.push_back(std::move(verb));
  }
  void synonyms() {
    std::set<std::string> own;
    for (const auto& verb : out_.verbs) {
      std::string name = join(verb.words, " ");
      if (acting_.verb_last) name = verb.particle + name;
      own.insert(name);
      if (!acting_.verb_last && !verb.particle.empty()) own.insert(name + " " + verb.particle);
      if (!verb.fixed.empty()) own.insert(name + " " + verb.fixed);
      for (const auto& object : out_.objects) {
        if (object.fixed) own.insert(name + " " + object.names.back().back());
      }
    }
    for (const Synonyms& synonyms : acting_.synonyms) {
      const bool same_deed = synonyms.deed && *synonyms.deed == candidate_.deed;
      const bool same_word = std::ranges::any_of(
          synonyms.of, [&](const std::string& of) { return own.contains(join(folded_words(of), " ")); });
      const bool by_deed = same_deed && (synonyms.of.empty() || same_word);
      // Who comes along goes where they are taken: verbs of motion, where the line says "with me".
      const bool motion = candidate_.deed == Deed::join && synonyms.deed == Deed::go && synonyms.of.empty();
      if (by_deed || (same_word && !synonyms.deed) || motion) {
        for (const std::string& says : synonyms.says) add_phrase(says, motion && !by_deed);
      }
    }
    for (const std::string& wishes : candidate_.wishes) {
      if (folded_words(wishes).size() <= 3) add_phrase(wishes, false);
    }
  }

  const Words& words_;
  const Acting& acting_;
  const Candidate& candidate_;
  DeedWords out_;
};

}  // namespace

DeedWords deed_words(const Words& words, const Acting& acting, const Candidate& candidate) {
  return Reader(words, acting, candidate).read();
}

std::vector<std::string> phrases_of(const Acting& acting, const Candidate& candidate) {
  Values values;
  for (const auto& argument : candidate.arguments) {
    values[argument.param] =
        argument.is_speaker || argument.names.empty() ? acting.speaker : argument.names.front();
  }
  const std::string text = has_all(candidate.form, values) ? filled(candidate.form, values) : candidate.text;
  std::vector<std::string> out{text};
  for (const std::string& phrase : acting.phrases) out.push_back(filled(phrase, {{"deed", text}}));
  for (const std::string& line : candidate.wishes) out.push_back(line);
  return out;
}

Candidate candidate_of(const pack::Verb& verb, std::string text, std::vector<Candidate::Argument> arguments) {
  return {verb.id.str(), verb.text, std::move(text), deed_of(verb), std::move(arguments), verb.wishes};
}

std::vector<std::string> names_of(const Thing& thing) {
  std::vector<std::string> out{thing.name};
  for (const auto& [alias, weight] : thing.aliases) {
    if (!is_among(out, alias)) out.push_back(alias);
  }
  return out;
}

}  // namespace troupe::talk
