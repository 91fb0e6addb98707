#pragma once
// What happens before people's eyes: they notice it, feel about it and remember it. Owned by NpcService; io
// thread.
#include <string>
#include <vector>

#include "services/npc/beliefs.h"
#include "services/npc/feelings.h"
#include "services/npc/memories.h"
#include "troupe/v1/capabilities.pb.h"
#include "troupe/v1/time.pb.h"
#include "troupe/v1/weather.pb.h"

namespace troupe::npc {

class Witnesses {
 public:
  Witnesses(const Ground& ground, Minds& minds, Players& players, Day& day, Threats& threats,
            Feelings& feelings, Memories& memories, Beliefs& beliefs);
  void mount();

  // Somebody died where they lie: those who were there have seen it.
  void mourn(Turn& turn, const Mind& dead, std::uint64_t sequence);

 private:
  void on_verb(Turn& turn, const EventContext& context, const pb::VerbExecuted& event);
  void on_weather(Turn& turn, const EventContext& context, const pb::WeatherSevere& event);
  void on_phase(Turn& turn, const EventContext& context, const pb::PhaseChanged& event);
  void see(Turn& turn, Mind& mind, const EventContext& context, const pb::VerbExecuted& event,
           const std::vector<std::string>& witnesses);
  // Of what is worth telling others: they know it of their own eyes.
  void note_news(Turn& turn, Mind& mind, const EventContext& context, const pb::VerbExecuted& event,
                 const std::vector<std::string>& witnesses);
  void hear(Turn& turn, const EventContext& context, const pb::VerbExecuted& event);

  const pack::Pack& pack_;
  Host& host_;
  const NpcConfig& config_;
  const pack::PromptTexts& texts_;
  Minds& minds_;
  Players& players_;
  Day& day_;
  Threats& threats_;
  Feelings& feelings_;
  Memories& memories_;
  Beliefs& beliefs_;
};

}  // namespace troupe::npc
