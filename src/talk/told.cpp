#include "talk/told.h"

#include <algorithm>

#include "talk/calibrate.h"
#include "talk/reading.h"

namespace troupe::talk {

namespace {

constexpr double kWordsShare = .6, kWordsCosine = .2;  // of the stems shared, of the cosine beside them
constexpr double kForm = .3, kKindCosine = .1;         // a turn of phrase of that kind; of the fit beside it
constexpr double kTells = .05;                         // it speaks of the one who says it
constexpr std::size_t kShortBytes = 80;

}  // namespace

std::optional<Recalled> recall(const World& world, const Scene& scene, const Part& part,
                               std::string_view intent, const Thresholds& thresholds,
                               const VectorTable& known, const VectorTable& heard) {
  if (scene.told.empty()) return std::nullopt;
  const Asking& asking = world.language->asking;
  const Words& words = world.language->words;
  std::set<std::string, std::less<>> asked = part.stems;
  std::erase_if(asked, [&](const std::string& one) { return asking.recall_leave.contains(one); });
  const Vector& line = heard.of(part.line);
  const ToldKind* kind = asking.told_kind(intent);
  Recalled best{0, -1, 0, std::string(intent), false};
  for (std::size_t i = 0; i < scene.told.size(); ++i) {
    const std::string& text = scene.told[i].text;
    const Vector& vector = heard.of(text);
    const auto said = stems(words, text);
    const auto shared = std::ranges::count_if(asked, [&](const auto& one) { return said.contains(one); });
    const double share = asked.empty() ? 0 : static_cast<double>(shared) / static_cast<double>(asked.size());
    const double cos = cosine(vector, line);
    double fit = std::max(cos, kWordsShare * share + kWordsCosine * cos);
    if (kind != nullptr) {
      double like = 0;
      for (const std::string& one : kind->like) like = std::max(like, cosine(known.of(one), vector));
      const bool form = kind->forms.find_any(fold(text)) ||
                        (intent == asking.told.front().intent && !name_given(asking, words, text).empty());
      fit = std::max(fit, like + (form ? kForm : 0) + kKindCosine * fit);
    }
    if (asking.tells.find_any(fold(text))) fit += kTells;
    // What was told last counts where two fit alike.
    if (fit >= best.fit) {
      best.told = i;
      best.fit = fit;
    }
  }
  best.needed = thresholds.told;
  best.needs_before = best.told > 0 && asking.third.find_any(fold(scene.told[best.told].text)) &&
                      scene.told[best.told].text.size() < kShortBytes;
  const auto thing = asking.my_thing.find(part.folded);
  if (kind != nullptr) {
    best.needed = thresholds.told_kind;
  } else if (thing && !thing.groups.empty() &&
             !stems(words, scene.told[best.told].text).contains(stem(words, thing.groups.front()))) {
    best.needed = thresholds.told_thing;
  }
  return best;
}

std::string name_given(const Asking& asking, const Words& words, std::string_view line) {
  const std::string folded = fold(line);
  const auto all = tokens(line);
  // "Captain Brandt", "Mary Brown": with what has a large letter behind it.
  const auto whole = [&](const Token& token) {
    std::string out = upper_first(token.text);
    for (auto next = std::ranges::find(all, token.begin, &Token::begin) + 1; next != all.end(); ++next) {
      const std::string_view gap = line.substr((next - 1)->end, next->begin - (next - 1)->end);
      if (gap != " " || words.nouns_are_large || !begins_large(next->text)) break;
      out += " " + next->text;
    }
    return out;
  };
  const auto token_of = [&](const Patterns& patterns) -> const Token* {
    for (const Pattern& pattern : patterns.all) {
      const auto match = pattern.find(folded);
      if (!match || match.groups.empty()) continue;
      const auto found = std::ranges::find(all, match.groups.front(), &Token::folded);
      if (found != all.end() && !words.articles.contains(found->folded)) return &*found;
    }
    return nullptr;
  };
  if (const Token* token = token_of(asking.gives_name);
      token != nullptr && !words.stop.contains(token->folded))
    return whole(*token);
  const Token* token = token_of(asking.may_give_name);
  return token != nullptr && begins_large(token->text) && !words.nouns_are_large ? whole(*token)
                                                                                 : std::string();
}

std::vector<std::string> worth_keeping(const Asking& asking, std::string_view line) {
  if (is_question(asking, fold(line))) return {};
  std::vector<std::string> out = told_sentences(asking, line);
  std::erase_if(out, [&](const std::string& sentence) {
    return sentence.size() >= kShortBytes && !asking.tells.find_any(fold(sentence));
  });
  return out;
}

}  // namespace troupe::talk
