#pragma once
// What is done, suffered and seen moves feelings and moods; both fade. The rules are in appraisal_rules.h.
// Owned by NpcService; io thread.
#include <string>

#include "services/npc/appraisal_rules.h"
#include "services/npc/threats.h"
#include "talk/intents.h"
#include "troupe/v1/capabilities.pb.h"

namespace troupe::npc {

class Feelings {
 public:
  Feelings(const Ground& ground, Minds& minds, Threats& threats)
      : pack_(ground.pack), config_(ground.config), texts_(ground.texts), minds_(minds), threats_(threats) {}

  void feel(Turn& turn, Mind& mind, pack::Mood mood, double strength, const std::string& reason);
  // Moves one feeling, dampened by what was done lately.
  void shift(Turn& turn, Mind& mind, const std::string& towards, const std::string& feeling, double by,
             const std::string& reason);
  // What somebody makes of a deed of `actor` to `target` that they did, suffered or saw.
  void appraise(Turn& turn, Mind& mind, const pb::VerbExecuted& event, const std::string& actor,
                const std::string& target);
  // The same of words: a line of that manner, said by `speaker` to `addressed`.
  void hear(Turn& turn, Mind& mind, talk::Manner manner, const std::string& speaker,
            const std::string& addressed, const std::string& reason);
  // A deed of their own is done: what it serves is satisfied, and that gladdens.
  void satisfied(Turn& turn, Mind& mind, const std::string& verb);
  void fade_mood(Turn& turn, Mind& mind) const;
  // A night has passed: feelings come nearer to what the pack says.
  void fade_feelings(Turn& turn, Mind& mind) const;
  // In the evening what matters most and cannot be helped weighs on whoever takes things to heart.
  void brood(Turn& turn, Mind& mind);

 private:
  void impress(Turn& turn, Mind& mind, const Impression& seen, const std::string& actor,
               const std::string& reason);

  const pack::Pack& pack_;
  const NpcConfig& config_;
  const pack::PromptTexts& texts_;
  Minds& minds_;
  Threats& threats_;
};

}  // namespace troupe::npc
