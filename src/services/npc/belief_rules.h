#pragma once
// What somebody believes beyond what the pack gives them, and how it changes from mouth to mouth. Pure; the
// numbers are here.
//
// What is told loses confidence by how far the listener trusts the teller; another mouth that says the same
// wins some of it back, within bounds; what is doubtful is told without its numbers. Nothing is ever added.
// What was true later ends what was believed of the same subject.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pack/prompt_texts.h"
#include "pack/query.h"
#include "troupe/v1/npc_store.pb.h"

namespace troupe::npc {

namespace pb = troupe::v1;

// The source of what somebody has seen themselves; of what was told it is the teller's id.
inline constexpr std::string_view kSaw = "saw";

// Of one person.
using BeliefList = std::vector<const pb::BeliefRecord*>;

inline bool is_live(const pb::BeliefRecord& belief) { return belief.ended_at_ms() == 0; }

struct BeliefLimits {
  std::size_t per_npc = 200;     // beyond: what ended first, then the least worth
  std::size_t text_bytes = 512;  // of what happened; facts are one sentence of the pack
  std::size_t heard_from = 8;    // further mouths change nothing
  double half_life_days = 3;     // of what happened: news grow old, facts do not
  double hearsay_most = .9;      // whoever was not there is never surer
  double worth_telling = .15;    // confidence below which nobody tells it on: a rumour dies out
  double vague_below = .5;       // confidence below which numbers are lost
  double news_least = .5;        // importance from which a deed is worth telling
  std::size_t weighed = 64;      // things that one person might tell, looked at in one meeting
};

// "fact:draughts"; and the fact's id of it, "" where it is none.
std::string fact_subject(const pack::FactId& fact);
std::string_view fact_of(std::string_view subject);

// How sure somebody is of what the pack gives them.
double sure_of(pack::FactSource source);
// How important a fact is to people who do not know it: what is kept secret is talked about the most.
double importance_of(const pack::Fact& fact);
// What a listener who trusts the teller so far makes of what that one holds with `confidence`.
double heard(double confidence, double trust);
// Two say the same: surer than either, never surer than hearsay can be.
double confirmed(double before, double heard, const BeliefLimits& limits = {});

// What is left of the importance of something that was true at a time: half after each half-life, facts in
// full.
double freshness(const pb::BeliefRecord& belief, std::int64_t now_ms, const BeliefLimits& limits = {});

// The numbers of a text as they are told by who is not sure of them: "fourteen candles" -> "some candles".
// Which words are numbers, the language's texts say.
std::string made_vague(std::string_view text, const pack::VagueWords& words);

// What came of news: the rows as they are from now on, the news' own last.
struct Taken {
  enum class How { nothing, confirmed, learned } how = How::nothing;
  std::vector<pb::BeliefRecord> rows;
};
// What somebody with these beliefs makes of news. What they know better, or heard from the same mouth as
// surely, changes nothing.
Taken take(const BeliefList& beliefs, pb::BeliefRecord news, const BeliefLimits& limits = {});

// Which to drop when there are too many.
const pb::BeliefRecord& to_drop(const BeliefList& beliefs, std::int64_t now_ms,
                                const BeliefLimits& limits = {});

// How much a deed is worth telling, 0 to 1: what harms or threatens before what a player did, and what
// neighbours do all day not at all.
double news_of_deed(const pack::Verb& verb, bool by_player, bool moved_feelings);

// Whether `teller` may pass a fact on. What is no secret goes to anybody; a secret only out of the mouth of
// somebody who holds it by the pack, as may_share() says: whoever was told it keeps it to themselves.
bool may_pass(const pack::Fact& fact, const pack::NpcId& teller, const pack::Listener& listener);

// ---- who tells whom what

// Something that one could tell another.
struct Topic {
  const pack::Fact* fact = nullptr;          // or of what happened:
  const pb::BeliefRecord* belief = nullptr;  // of the teller; null where the pack gave them the fact
  double confidence = 0;                     // the teller's
  double importance = 0;
};
// How much a listener would make of it: 1 of what they never heard, less of what they half believe, 0 of what
// they know, were there for or have heard from this teller.
double novelty(const Topic& topic, const pack::Npc& teller, const pack::Npc& listener,
               const BeliefList& theirs, const BeliefLimits& limits = {});
// What telling it is worth, 0 to 1: novelty and importance, and how glad they are to talk with each other.
double worth(double novelty, double importance, double liking, double sociability);
inline constexpr double kWorthLeast = .08;  // of what is worth opening one's mouth for

}  // namespace troupe::npc
