#pragma once
// Who answers one line: the ranking, and the ways of answering in their order. Lives as long as one answer.
// Private to this room.
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "talk/answer.h"
#include "talk/reading.h"
#include "talk/say.h"
#include "talk/saying.h"
#include "talk/told.h"

namespace troupe::talk {

// Manners that hurt: they are felt only where they are surely meant.
inline constexpr std::array kHarms{Manner::insult, Manner::threat, Manner::accusation};
// What a question can do beside asking: "How do you do?" greets.
inline constexpr std::array kInQuestions{Manner::greeting,  Manner::farewell, Manner::thanks,
                                         Manner::threat,    Manner::insult,   Manner::offer,
                                         Manner::accusation};

class Answerer {
 public:
  Answerer(const World& world, const Person& person, const Scene& scene, const Thresholds& thresholds,
           const VectorTable& known, const VectorTable& vectors, const RankTuning& tuning)
      : world_(world),
        language_(*world.language),
        person_(person),
        scene_(scene),
        thresholds_(thresholds),
        known_(known),
        vectors_(vectors),
        tuning_(tuning) {}

  Answer to(const Part& part);
  Answer to(const Heard& heard);
  Answer not_speech(const Heard& heard);

 private:
  void of_sentences(const Heard& heard, Answer& out);
  // What the ranking says, by where it belongs.
  struct Look {
    std::vector<Ranked> all;
    std::vector<const Ranked*> in;   // of this person and world, the best first
    const Ranked* secret = nullptr;  // that may not be told
    const Ranked* out = nullptr;
    const Ranked* player = nullptr;
    const Ranked* act = nullptr;
    double in_score() const { return in.empty() ? 0 : in.front()->score; }
    double out_score() const { return out == nullptr ? 0 : out->score; }
  };
  Look look(const Part& part) const;

  bool of_secret(const Look& look, Answer& out);
  bool of_told(const Part& part, const Look& look, Answer& out);
  bool of_act(const Part& part, const Look& look, Answer& out);
  bool react(const Part& part, const Ask& ask, Answer& out);
  bool of_nothing(const Part& part, const Look& look, Answer& out);
  bool of_question(const Part& part, const Look& look, Answer& out);
  void unsure(const Part& part, const Look& look, Answer& out);
  void statement(const Part& part, const Look& look, Answer& out);
  std::optional<pack::LineKind> mood_line() const;
  std::vector<const Ranked*> same_intent(const Look& look) const;
  bool of_known(const Part& part, const Look& look, Answer& out);
  bool of_wish(const Part& part, const Look& look, Answer& out);
  bool which_one(const Part& part, const Look& look, Answer& out);

  void tell(const Recalled& recalled, Answer& out);
  void never_told(Answer& out);
  void written(pack::LineKind kind, Way way, Answer& out);
  void take(const Said& said, const Part& part, Answer& out);
  void choose(std::vector<std::string> texts, Answer& out) const;
  void because(const Ranked* ranked, const Look& look, Answer& out) const;
  double least_of(const Ask& ask) const;
  void feel(const Part& part, const Look& look, Answer& out) const;
  void remember(const Part& part, Answer& out) const;
  std::uint64_t seed(std::string_view more = {}) const {
    return seed_of({person_.npc->id.str(), scene_.listener, draw_, more, std::to_string(scene_.turn)});
  }

  const World& world_;
  const Language& language_;
  const Person& person_;
  const Scene& scene_;
  const Thresholds& thresholds_;
  const VectorTable& known_;
  const VectorTable& vectors_;
  const RankTuning& tuning_;
  std::string draw_;
};

}  // namespace troupe::talk
