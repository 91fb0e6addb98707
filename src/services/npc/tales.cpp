#include "services/npc/tales.h"

#include <algorithm>
#include <tuple>

#include "services/npc/appraisal_rules.h"

namespace troupe::npc {

namespace {

constexpr double kWhim = .05;  // breaks ties: not the same is told first everywhere

// At most `most` of them, from another one on each time.
template <class List, class Take>
void some_of(const List& list, std::size_t most, std::uint64_t from, Take take) {
  for (std::size_t i = 0; i < std::min(most, list.size()); ++i) take(list[(from + i) % list.size()]);
}

}  // namespace

std::string Tale::subject() const {
  return topic.fact != nullptr ? fact_subject(topic.fact->id) : topic.belief->subject();
}

const std::string& Tale::text() const {
  return topic.belief != nullptr ? topic.belief->text() : topic.fact->text;
}

std::vector<Topic> Tales::topics(const Turn& turn, const Mind& teller, bool in_confidence) const {
  const BeliefLimits limits;
  const std::string& id = teller.record().id();
  const auto from = turn.draw("npc.topics", id).bits(static_cast<std::uint64_t>(turn.now().ms));
  std::vector<Topic> out;
  some_of(beliefs_.held(id), limits.weighed, from, [&](const pack::Fact* fact) {
    if (fact->secret && !in_confidence) return;
    out.push_back({.fact = fact, .confidence = sure_of(fact->source), .importance = importance_of(*fact)});
  });
  some_of(beliefs_.of(id), limits.weighed, from, [&](const pb::BeliefRecord* belief) {
    if (!is_live(*belief) || belief->confidence() < limits.worth_telling) return;
    const auto* fact = pack_.fact(fact_of(belief->subject()));
    out.push_back({.fact = fact,
                   .belief = belief,
                   .confidence = belief->confidence(),
                   .importance = belief->importance() * freshness(*belief, turn.now().ms)});
  });
  return out;
}

std::vector<Tale> Tales::of(const Turn& turn, const Mind& teller, const std::vector<const Mind*>& listeners,
                            bool in_confidence) const {
  std::vector<Tale> out;
  const auto whim = turn.draw("npc.tale", teller.record().id());
  const auto now = static_cast<std::uint64_t>(turn.now().ms);
  std::uint32_t lane = 0;
  const auto topics = this->topics(turn, teller, in_confidence);
  for (const auto* listener : listeners) {
    const std::string& id = listener->record().id();
    const double like = liking(relation_or_default(teller, id));
    const auto theirs = beliefs_.of(id);
    for (const auto& topic : topics) {
      Tale tale{.listener = listener, .topic = topic};
      const double news = novelty(topic, *teller.who, *listener->who, theirs);
      tale.worth = worth(news, topic.importance, like, teller.who->traits.sociability);
      if (tale.worth < kWorthLeast) continue;
      pack::Listener to = beliefs_.listener(teller, *listener, topic.fact);
      if (topic.fact != nullptr && !may_pass(*topic.fact, teller.who->id, to)) continue;
      // What happened may have a secret in it: a word that gives one away is not passed on either.
      if (topic.fact == nullptr && gives_away(pack_, tale.text(), teller.who->id, to)) continue;
      tale.trust = to.trust;
      tale.worth += kWhim * whim.uniform(now, lane++);
      out.push_back(std::move(tale));
    }
  }
  std::ranges::sort(out, [](const Tale& a, const Tale& b) {
    if (a.worth != b.worth) return a.worth > b.worth;
    return std::tuple(a.listener->record().id(), a.subject()) <
           std::tuple(b.listener->record().id(), b.subject());
  });
  return out;
}

std::string in_own_words(const pack::Npc& teller, const Topic& topic) {
  if (topic.belief != nullptr) return topic.belief->text();
  const auto own = std::ranges::find(teller.knows, topic.fact->id, &pack::Knows::fact);
  return own != teller.knows.end() && !own->says.empty() ? own->says : topic.fact->text;
}

}  // namespace troupe::npc
