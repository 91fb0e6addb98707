#include "talk/wish.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "base/text.h"
#include "talk/reading.h"
#include "talk/request.h"

namespace troupe::talk {

namespace {

// What frames are worth. A named thing is worth more than a verb that fits better.
constexpr double kOrder = 1.0;
constexpr double kApart = .9;
constexpr double kOwnVerb = .1;      // the option's own verb, no synonym
constexpr double kNamed = .3;        // all that must be named is
constexpr double kNamedWord = .06;   // for each word of a name
constexpr double kLonger = .05;      // for each further word of a verb
constexpr double kElsewhere = -.05;  // named in another sentence
constexpr double kPronoun = -.2;     // not named at all, but "it"
constexpr double kVague = -.3;       // nothing is named: "eat!"
constexpr double kOtherNoun = -.35;  // something else than the form says
constexpr double kLikeness = .5;     // of the vectors, makes up for that
constexpr double kTogether = .2;
constexpr double kFollows = -.5;  // to go somewhere, where they are asked to come along
constexpr double kFrameLeast = .8;
// Goods.
constexpr double kBuying = 1.1;
constexpr double kGiving = 1.05;
constexpr double kGivingSold = .8;  // "give me" of who sells
constexpr double kHaving = 1.0;
constexpr double kHavingGiven = .95;
constexpr double kBare = .95;  // the bare name: "Beer, Joe."
constexpr double kBareGiven = .8;
constexpr double kPaid = .2;
constexpr double kPoor = .5;

struct Frame {
  std::size_t candidate = 0;
  double score = 0;
  std::string why;
  bool vague = false;
};

struct Option {
  const Candidate* candidate = nullptr;
  DeedWords words;
  double likeness = 0;  // of the vectors
};

class Finder {
 public:
  Finder(const Language& language, const WishLine& line, std::span<const Candidate> candidates,
         const VectorTable& vectors)
      : language_(language), acting_(language.acting), line_(line), all_(utterances(language, line.line)) {
    const std::string folded = fold(line.line);
    poor_ = acting_.poor.find_any(folded);
    paying_ = !poor_ && acting_.paying.find_any(folded);
    for (const Candidate& candidate : candidates) {
      Option option{&candidate, deed_words(language.words, acting_, candidate), 0};
      for (const std::string& text : phrases_of(acting_, candidate))
        option.likeness = std::max(option.likeness, cosine(line.vector, vectors.of(text)));
      joins_ |= candidate.deed == Deed::join;
      options_.push_back(std::move(option));
    }
  }

  std::vector<Frame> frames() {
    for (const Utterance& sentence : all_) {
      if (sentence.forbidden) continue;
      together_ = acting_.together.find_any(sentence.folded);
      for (const Spot& spot : spots(language_, sentence, line_.called)) {
        for (std::size_t i = 0; i < options_.size(); ++i) verbs(sentence, spot, i);
        strange(sentence, spot);
      }
      goods(sentence);
      for (std::size_t i = 0; i < options_.size(); ++i) bare(sentence, i);
    }
    std::ranges::sort(found_, [](const Frame& a, const Frame& b) {
      return a.score != b.score ? a.score > b.score : a.candidate < b.candidate;
    });
    return found_;
  }

  // Without a frame: what is named, which verb is said anywhere, and what the vectors say.
  struct Likely {
    std::size_t candidate = 0;
    double fits = 0;
    int evidence = 0;
    bool enough = false;
  };
  std::vector<Likely> likely() const {
    std::vector<Likely> out;
    for (std::size_t i = 0; i < options_.size(); ++i) out.push_back(likely(i));
    std::ranges::sort(out, [](const Likely& a, const Likely& b) {
      return a.fits != b.fits ? a.fits > b.fits : a.candidate < b.candidate;
    });
    return out;
  }

  bool all_forbidden() const {
    return std::ranges::all_of(all_, [](const Utterance& one) { return one.forbidden; });
  }
  bool is_unlikely() const {
    return std::ranges::any_of(all_,
                               [&](const Utterance& one) { return acting_.unlikely.find_any(one.folded); });
  }
  // A verb of theirs was asked for, of something that no option has.
  const std::string& misses() const { return misses_; }
  // Something was asked for that is no verb of theirs; by words that ask, or as an order.
  const std::string& strange_ask() const { return strange_ask_; }
  const std::string& strange_order() const { return strange_order_; }
  const Candidate& candidate(std::size_t i) const { return *options_[i].candidate; }

 private:
  bool is_filler(const std::string& word) const {
    return acting_.fillers.contains(word) || language_.words.titles.contains(word) ||
           std::ranges::any_of(line_.called, [&](const std::string& name) {
             return std::ranges::any_of(tokens(name),
                                        [&](const Token& token) { return token.folded == word; });
           });
  }
  bool is_light(const std::string& word) const {
    return language_.words.stop.contains(word) || language_.words.generic.contains(word) ||
           acting_.pronouns.contains(word) || acting_.counts.contains(word) ||
           acting_.particles.contains(word) || is_filler(word);
  }
  // Nothing of matter stands behind the verb.
  bool is_open(const Utterance& sentence, std::size_t from, std::size_t verb) const {
    for (std::size_t i = from; i < sentence.clause_end(verb); ++i) {
      if (!is_light(sentence.words[i].folded)) return false;
    }
    return true;
  }
  bool has_pronoun(const Utterance& sentence, std::size_t verb) const {
    for (std::size_t i = sentence.clause[verb]; i < sentence.clause_end(verb); ++i) {
      if (i != verb && acting_.pronouns.contains(sentence.words[i].folded)) return true;
    }
    return false;
  }
  // By how many words another sentence names it; 0 where none does.
  std::size_t named_elsewhere(const Utterance& sentence, const DeedWords::Object& object) const {
    std::size_t out = 0;
    for (const Utterance& other : all_) {
      const auto named = name_in(language_, other, object);
      if (&other != &sentence && named.found) out = std::max(out, named.end - named.begin);
    }
    return out;
  }
  // Only what leads there stands between a verb of motion and the place.
  bool leads(const Utterance& sentence, std::size_t from, std::size_t to) const {
    if (from > to) return false;
    for (std::size_t i = from; i < to; ++i) {
      const std::string& word = sentence.words[i].folded;
      if (!acting_.ways.contains(word) && !language_.words.articles.contains(word) && !is_filler(word))
        return false;
    }
    return true;
  }
  std::string words_of(const Utterance& sentence, std::size_t from, std::size_t to) const {
    std::vector<std::string> out;
    for (std::size_t i = from; i < to; ++i) out.push_back(sentence.words[i].folded);
    return join(out, " ");
  }
  double money(Deed deed) const {
    if (deed == Deed::sell) return poor_ ? -kPoor : paying_ ? kPaid : 0;
    if (deed == Deed::give) return poor_ ? kPaid : paying_ ? -kPoor : 0;
    return 0;
  }
  void keep(std::size_t option, double score, std::string why, bool vague) {
    score += money(options_[option].candidate->deed) + kPaid * options_[option].likeness;
    const auto same = std::ranges::find(found_, option, &Frame::candidate);
    if (same == found_.end()) {
      found_.push_back({option, score, std::move(why), vague});
    } else if (same->score < score) {
      *same = {option, score, std::move(why), vague};
    }
  }

  struct Things {
    bool found = false;
    bool vague = false;
    double score = 0;
    std::string why;
  };
  // What an option is done to, as far as the line names it.
  Things things(const Utterance& sentence, std::size_t verb, std::size_t end, const Option& option,
                bool own) {
    Things out{true, false, 0, ""};
    const bool open = is_open(sentence, end, verb);
    const bool pronoun = has_pronoun(sentence, verb);
    for (const DeedWords::Object& object : option.words.objects) {
      const auto named = name_in(language_, sentence, object);
      if (named.found && (option.candidate->deed != Deed::go || leads(sentence, end, named.begin))) {
        out.score +=
            (object.fixed ? kNamed / 2 : kNamed) + kNamedWord * static_cast<double>(named.end - named.begin);
        out.why += fmt::format(" + '{}'", words_of(sentence, named.begin, named.end));
      } else if (object.fixed) {
        if (!open) out.score += kOtherNoun + kLikeness * option.likeness - (own ? 0 : kOwnVerb);
      } else if (const std::size_t before = named_elsewhere(sentence, object);
                 before == 0 && option.candidate->deed == Deed::go) {
        out.found = false;  // "go!" goes nowhere
      } else if ((pronoun || open) && before > 0) {
        out.score += kNamed + kNamedWord * static_cast<double>(before) + kElsewhere;
        out.why += fmt::format(" + '{}' before it", join(object.names.front(), " "));
      } else if (pronoun) {
        out.score += kPronoun;
        out.vague = true;
      } else if (open) {
        out.score += kVague;
        out.vague = true;
      } else {
        out.found = false;
      }
    }
    return out;
  }

  void verbs(const Utterance& sentence, const Spot& spot, std::size_t index) {
    const Option& option = options_[index];
    const Deed deed = option.candidate->deed;
    for (const DeedWords::Verb& verb : option.words.verbs) {
      const VerbFound found = verb_at(language_, sentence, spot, verb);
      if (!found.found || (verb.travels && !together_)) continue;
      const auto what = things(sentence, spot.word, found.end, option, verb.own);
      const std::string said = words_of(sentence, spot.word, found.end) +
                               (verb.particle.empty() || acting_.verb_last ? "" : " " + verb.particle);
      if (!what.found) {
        if (misses_.empty() && !acting_.speech.contains(verb.words.front())) misses_ = said;
        continue;
      }
      double score = (spot.apart ? kApart : kOrder) + what.score + (verb.own ? kOwnVerb : 0);
      score += kLonger * static_cast<double>(verb.words.size() - 1 + (verb.particle.empty() ? 0 : 1) +
                                             (verb.fixed.empty() ? 0 : 1));
      if (deed == Deed::join && together_) score += kTogether;
      if (deed == Deed::go && together_ && joins_) score += kFollows;
      keep(index, score,
           fmt::format("{} + '{}'{}", spot.asked ? "'" + spot.frame + "'" : spot.frame, said, what.why),
           what.vague);
    }
  }
  // Something is asked for; whether anybody can do it is seen when all options were looked at.
  void strange(const Utterance& sentence, const Spot& spot) {
    const std::string& word = sentence.words[spot.word].folded;
    if (spot.apart || acting_.speech.contains(word) || is_light(word)) return;
    std::string& into = spot.asked ? strange_ask_ : strange_order_;
    if (into.empty()) into = word;
  }

  struct Hit {
    bool found = false;
    std::string said;
  };
  Hit hit(const Patterns& patterns, const Utterance& sentence) const {
    for (const Pattern& pattern : patterns.all) {
      const auto match = pattern.find(sentence.folded);
      if (!match) continue;
      std::size_t word = 0;
      while (word + 1 < sentence.words.size() && sentence.words[word].end <= match.begin) ++word;
      if (taken_back(acting_, sentence, word)) continue;
      return {true, tidied(std::string_view(sentence.folded).substr(match.begin, match.end - match.begin))};
    }
    return {};
  }
  void goods(const Utterance& sentence) {
    const Hit buying = hit(acting_.buying, sentence);
    const Hit giving = hit(acting_.giving, sentence);
    const Hit having = hit(acting_.having, sentence);
    if (!buying.found && !giving.found && !having.found) return;
    bool any = false;
    for (std::size_t i = 0; i < options_.size(); ++i) {
      const Option& option = options_[i];
      const bool sells = option.candidate->deed == Deed::sell;
      if ((!sells && option.candidate->deed != Deed::give) || option.words.objects.empty()) continue;
      const auto& object = option.words.objects.front();
      const auto named = name_in(language_, sentence, object);
      const bool pronoun = std::ranges::any_of(
          sentence.words, [&](const Token& token) { return acting_.pronouns.contains(token.folded); });
      if (!named.found && !(pronoun && named_elsewhere(sentence, object) > 0)) continue;
      any = true;
      double score = 0;
      const Hit* by = nullptr;
      const auto take = [&](const Hit& one, double worth) {
        if (!one.found || worth <= score) return;
        score = worth;
        by = &one;
      };
      take(buying, sells ? kBuying : poor_ ? kBareGiven : 0);
      take(giving, sells ? kGivingSold : kGiving);
      take(having, sells ? kHaving : kHavingGiven);
      if (by == nullptr) continue;
      score +=
          kNamed + (named.found ? kNamedWord * static_cast<double>(named.end - named.begin) : kElsewhere);
      keep(i, score,
           fmt::format(
               "'{}' + '{}'", by->said,
               named.found ? words_of(sentence, named.begin, named.end) : join(object.names.front(), " ")),
           false);
    }
    if (!any && misses_.empty())
      misses_ = buying.found ? buying.said : giving.found ? giving.said : having.said;
  }

  // "Beer, Joe." and "To the docks, please."
  void bare(const Utterance& sentence, std::size_t index) {
    const Option& option = options_[index];
    const Deed deed = option.candidate->deed;
    if ((deed != Deed::sell && deed != Deed::give && deed != Deed::go) || option.words.objects.empty())
      return;
    std::size_t at = 0;
    bool counted = false;
    bool led = false;
    const auto& words = sentence.words;
    while (at < words.size()) {
      const std::string& word = words[at].folded;
      const bool counts = acting_.counts.contains(word) || language_.words.articles.contains(word) ||
                          language_.words.numbers.contains(word) || (word[0] >= '0' && word[0] <= '9');
      const bool leads = deed == Deed::go && acting_.ways.contains(word);
      if (!counts && !leads && !is_filler(word)) break;
      counted |= counts;
      led |= leads;
      ++at;
    }
    if (counted && at < words.size() && language_.words.joints.contains(words[at].folded))
      ++at;  // "a jug of"
    auto named = name_in(language_, sentence, option.words.objects.front(), at);
    // A measure: "can of oil".
    if (counted && named.begin != at && at + 1 < words.size() &&
        language_.words.joints.contains(words[at + 1].folded)) {
      at += 2;
      named = name_in(language_, sentence, option.words.objects.front(), at);
    }
    if (!named.found || named.begin != at || taken_back(acting_, sentence, at)) return;
    const std::size_t clause_end = sentence.clause_end(named.end - 1);
    bool alone = true;  // nothing but names and fillers in this clause
    for (std::size_t i = named.end; i < clause_end; ++i) alone &= is_filler(words[i].folded);
    const std::string_view rest = std::string_view(sentence.folded).substr(words[named.end - 1].end);
    const bool wanted = acting_.wanting.find_any(rest) || acting_.wanting.find_any(sentence.folded);
    if (!alone && !acting_.wanting.find_any(rest)) return;
    if (sentence.folded.ends_with('?') && !wanted) return;
    const bool shown = deed == Deed::go ? wanted
                                        : counted || wanted || named.end == words.size() || paying_ ||
                                              is_filler(words.back().folded);
    if (!shown || (deed == Deed::go && !led && !wanted)) return;
    keep(
        index,
        (deed == Deed::give ? kBareGiven : kBare) + kNamed + kNamedWord * static_cast<double>(named.end - at),
        fmt::format("'{}' alone", words_of(sentence, at, named.end)), false);
  }

  Likely likely(std::size_t index) const {
    const Option& option = options_[index];
    Likely out{index, option.likeness, 0, false};
    std::size_t objects = 0;
    bool named_all = true;
    for (const DeedWords::Object& object : option.words.objects) {
      if (object.fixed) continue;
      ++objects;
      const bool named = std::ranges::any_of(
          all_, [&](const Utterance& one) { return name_in(language_, one, object).found; });
      out.fits += named ? .16 : -.15;
      named_all &= named;
    }
    if (objects > 0 && named_all) ++out.evidence;
    const bool together = std::ranges::any_of(
        all_, [&](const Utterance& one) { return acting_.together.find_any(one.folded); });
    const bool said = std::ranges::any_of(all_, [&](const Utterance& one) {
      return std::ranges::any_of(option.words.verbs, [&](const DeedWords::Verb& verb) {
        return (!verb.travels || together) && has_verb(language_, one, verb);
      });
    });
    if (said) {
      out.fits += .12;
      ++out.evidence;
    }
    const Deed deed = option.candidate->deed;
    out.fits += money(deed) * .5;
    if ((deed == Deed::sell && paying_) || (deed == Deed::give && poor_)) ++out.evidence;
    if (deed == Deed::join) out.fits += together ? .2 : -.1;
    if (deed == Deed::go && together) out.fits -= .35;
    out.enough = named_all && (out.evidence >= 2 || (objects == 0 && out.evidence >= 1));
    return out;
  }

  const Language& language_;
  const Acting& acting_;
  const WishLine& line_;
  std::vector<Utterance> all_;
  std::vector<Option> options_;
  std::vector<Frame> found_;
  std::string misses_, strange_ask_, strange_order_;
  bool together_ = false;  // in the sentence that is looked at
  bool poor_ = false, paying_ = false, joins_ = false;
};

std::string with_form(std::string why, double form) {
  return form < 0 ? why : fmt::format("{}, form {:.2f}", why, form);
}

// Options that fit as well as the first and differ from it only in what they are done to.
std::vector<std::size_t> as_good(const Finder& finder, const std::vector<Frame>& frames, double alike) {
  std::vector<std::size_t> out;
  const Candidate& best = finder.candidate(frames.front().candidate);
  for (const Frame& frame : frames) {
    if (frames.front().score - frame.score <= alike && finder.candidate(frame.candidate).form == best.form)
      out.push_back(frame.candidate);
  }
  return out;
}

}  // namespace

std::vector<std::string> texts_of(const Language& language, std::span<const Candidate> candidates) {
  std::set<std::string> out;
  for (const Candidate& candidate : candidates) {
    for (std::string& phrase : phrases_of(language.acting, candidate)) out.insert(std::move(phrase));
  }
  return {out.begin(), out.end()};
}

std::string no_wish(const Language& language, std::string_view line) {
  const std::string folded = fold(line);
  if (!is_speech(language.asking, folded)) return "stage direction";
  if (language.acting.jests.find_any(folded)) return "jest";
  const auto all = utterances(language, line);
  if (all.empty()) return "no words";
  const bool forbidden = std::ranges::all_of(all, [](const Utterance& one) { return one.forbidden; });
  return forbidden ? "question, report or threat" : "";
}

Wish wish(const Language& language, const WishLine& line, std::span<const Candidate> candidates,
          const FormModel* form, const VectorTable& vectors, const WishTuning& tuning) {
  Wish out;
  const bool has_vector = form != nullptr && form->dimensions > 0;
  const auto found = form == nullptr ? std::nullopt : form_of(*form, language.acting, line.line, line.vector);
  out.form = found.value_or(-1);
  if (out.why = no_wish(language, line.line); !out.why.empty()) return out;

  Finder finder(language, line, candidates, vectors);
  const auto frames = finder.frames();
  const auto least = [&] {
    if (!found) return -1.0;
    if (!has_vector) return tuning.form_least_words;
    return finder.is_unlikely() ? tuning.form_unlikely : tuning.form_least;
  }();
  if (!frames.empty() && frames.front().score >= kFrameLeast) {
    out.score = frames.front().score;
    out.why = with_form(frames.front().why, out.form);
    if (out.form < least) {
      out.why = fmt::format("{}, too little", out.why);
      return out;
    }
    out.may_mean = as_good(finder, frames, tuning.alike);
    out.candidate = frames.front().candidate;
    out.kind = out.may_mean.size() > 1 ? WishKind::unclear : WishKind::act;
    if (out.kind == WishKind::act) out.may_mean.clear();
    return out;
  }
  const bool may_wish = has_vector && !finder.all_forbidden() && !finder.is_unlikely();
  if (may_wish && out.form >= tuning.form_sure) {
    const auto likely = finder.likely();
    const double next = likely.size() > 1 ? likely[1].fits : 0;
    if (!likely.empty() && likely[0].enough && likely[0].fits >= tuning.fits &&
        likely[0].fits - next >= tuning.ahead) {
      out.kind = WishKind::act;
      out.candidate = likely[0].candidate;
      out.score = likely[0].fits;
      out.why = with_form(fmt::format("no frame, fits {:.2f}", out.score), out.form);
      return out;
    }
  }
  const std::string& asked = !finder.misses().empty() ? finder.misses() : finder.strange_ask();
  const std::string& other = !asked.empty() ? asked : finder.strange_order();
  const bool misses = !finder.misses().empty() && out.form >= least;
  const bool asks = may_wish && out.form >= tuning.form_asks;
  if (misses || (asks && !other.empty())) {
    out.kind = WishKind::nothing_fits;
    out.why = with_form(fmt::format("'{}' fits no option", other), out.form);
    return out;
  }
  out.why = with_form("no frame", out.form);
  return out;
}

}  // namespace troupe::talk
