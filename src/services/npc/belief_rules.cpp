#include "services/npc/belief_rules.h"

#include <algorithm>
#include <tuple>

#include "base/steady.h"
#include "base/text.h"
#include "base/words.h"

namespace troupe::npc {

namespace {

constexpr std::string_view kFact = "fact:";
constexpr double kDayMs = 86'400'000;

template <class List>
bool has(const List& list, std::string_view one) {
  return std::ranges::find(list, one) != list.end();
}

double four_digits(double value) { return std::nearbyint(value * 10'000) / 10'000; }

}  // namespace

std::string fact_subject(const pack::FactId& fact) { return std::string(kFact) + fact.str(); }

std::string_view fact_of(std::string_view subject) {
  return subject.starts_with(kFact) ? subject.substr(kFact.size()) : std::string_view();
}

double sure_of(pack::FactSource source) {
  switch (source) {
    case pack::FactSource::canon:
      return 1;
    case pack::FactSource::witnessed:
      return .95;
    case pack::FactSource::told:
      return .75;
    case pack::FactSource::rumour:
      return .5;
  }
  return 0;
}

double importance_of(const pack::Fact& fact) {
  if (fact.secret) return .9;
  return fact.source == pack::FactSource::rumour ? .5 : .6;
}

double heard(double confidence, double trust) { return four_digits(confidence * (.5 + .5 * trust)); }

double confirmed(double before, double heard, const BeliefLimits& limits) {
  const double both = four_digits(1 - (1 - before) * (1 - heard));
  return std::max(before, std::min(both, limits.hearsay_most));
}

double freshness(const pb::BeliefRecord& belief, std::int64_t now_ms, const BeliefLimits& limits) {
  if (!fact_of(belief.subject()).empty()) return 1;
  const double days = static_cast<double>(std::max<std::int64_t>(0, now_ms - belief.true_at_ms())) / kDayMs;
  return steady_exp2(-days / limits.half_life_days);
}

std::string made_vague(std::string_view text, const pack::VagueWords& words) {
  const auto letters = [](std::string_view word) {
    const auto end = std::ranges::find_if(word, [](char c) { return c == '.' || c == ',' || c == ';'; });
    return lower_ascii(word.substr(0, static_cast<std::size_t>(end - word.begin())));
  };
  auto parts = split(text, ' ');
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
    const std::string word = lower_ascii(parts[i]);
    const bool digits =
        !word.empty() && std::ranges::all_of(word, [](char c) { return c >= '0' && c <= '9'; });
    if (!digits && !has(words.numbers, word)) continue;
    // Of things only: an hour of the clock or a number that stands alone would not be language any more.
    const std::string next = letters(parts[i + 1]);
    const bool things =
        std::ranges::any_of(words.plural, [&](const auto& end) { return next.ends_with(end); });
    if (!things || has(words.singular, next)) continue;
    if (i > 0 && has(words.not_after, lower_ascii(parts[i - 1]))) continue;
    parts[i] = i == 0 ? sentence_case(words.some) : words.some;
  }
  return join(parts, " ");
}

Taken take(const BeliefList& beliefs, pb::BeliefRecord news, const BeliefLimits& limits) {
  for (const auto* known : beliefs) {
    if (known->subject() != news.subject() || known->true_at_ms() < news.true_at_ms()) continue;
    if (known->true_at_ms() > news.true_at_ms() || !is_live(*known)) return {};  // they know better
    const bool saw = news.source() == kSaw;
    const bool again = has(known->heard_from(), news.source());
    if (known->source() == kSaw || static_cast<std::size_t>(known->heard_from_size()) >= limits.heard_from)
      return {};
    const double sure = saw     ? news.confidence()
                        : again ? std::max(known->confidence(), news.confidence())
                                : confirmed(known->confidence(), news.confidence(), limits);
    if (sure <= known->confidence() && !saw) return {};
    auto mine = *known;
    // Whose words are kept: of whoever was the surest.
    if (news.confidence() > known->confidence() || saw) {
      mine.set_text(news.text());
      mine.set_source(news.source());
      mine.set_event(news.event());
      mine.set_learned_at_ms(news.learned_at_ms());
    }
    mine.set_confidence(sure);
    if (!saw && !again) mine.add_heard_from(news.source());
    return {Taken::How::confirmed, {std::move(mine)}};
  }
  Taken taken{Taken::How::learned, {}};
  for (const auto* known : beliefs) {
    if (known->subject() != news.subject() || !is_live(*known)) continue;
    taken.rows.push_back(*known);
    taken.rows.back().set_ended_at_ms(news.learned_at_ms());
  }
  if (news.source() != kSaw) news.add_heard_from(news.source());
  taken.rows.push_back(std::move(news));
  return taken;
}

const pb::BeliefRecord& to_drop(const BeliefList& beliefs, std::int64_t now_ms, const BeliefLimits& limits) {
  return **std::ranges::min_element(beliefs, {}, [&](const auto* b) {
    const double worth = is_live(*b) ? b->importance() * b->confidence() * freshness(*b, now_ms, limits) : 0;
    return std::tuple(is_live(*b), worth, b->learned_at_ms());
  });
}

double news_of_deed(const pack::Verb& verb, bool by_player, bool moved_feelings) {
  const bool harms = verb.threat > 0 || (pack::natures_of(verb) & pack::bit(pack::Nature::harm)) != 0;
  if (harms) return .8;
  return by_player && moved_feelings ? .6 : 0;
}

bool may_pass(const pack::Fact& fact, const pack::NpcId& teller, const pack::Listener& listener) {
  return !fact.secret || pack::may_share(fact, teller, listener);
}

double novelty(const Topic& topic, const pack::Npc& teller, const pack::Npc& listener,
               const BeliefList& theirs, const BeliefLimits& limits) {
  const std::string& them = listener.id.str();
  if (topic.fact != nullptr) {
    const auto& about = topic.fact->about;
    if (pack::knows(*topic.fact, listener.id) || std::ranges::find(about, listener.id) != about.end())
      return 0;
  } else if (has(topic.belief->about(), them)) {
    return 0;
  }
  if (topic.belief != nullptr && has(topic.belief->heard_from(), them)) return 0;
  const std::string subject = topic.fact != nullptr ? fact_subject(topic.fact->id) : topic.belief->subject();
  const std::int64_t true_at = topic.belief != nullptr ? topic.belief->true_at_ms() : 0;
  for (const auto* mine : theirs) {
    if (mine->subject() != subject || mine->true_at_ms() < true_at) continue;
    const bool better = !is_live(*mine) || mine->true_at_ms() > true_at || mine->source() == kSaw;
    const bool full = mine->confidence() >= limits.hearsay_most ||
                      static_cast<std::size_t>(mine->heard_from_size()) >= limits.heard_from;
    if (better || full || has(mine->heard_from(), teller.id.str())) return 0;
    return .5 * (1 - mine->confidence());
  }
  return 1;
}

double worth(double novelty, double importance, double liking, double sociability) {
  return novelty * importance * std::max(0., .3 + .4 * liking + .4 * sociability);
}

}  // namespace troupe::npc
