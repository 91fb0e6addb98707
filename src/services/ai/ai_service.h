#pragma once
// Context, prompts, structured output, moderation. Owned by app; io thread. Bounds: ai::PromptLimits, Limits.
#include <deque>
#include <map>
#include <string>

#include "host/host.h"
#include "host/service.h"
#include "host/table.h"
#include "moderation/moderation.h"
#include "pack/pack.h"
#include "pack/prompt_texts.h"
#include "services/ai/ai_prompt.h"
#include "services/ai/ai_speech.h"
#include "talk/language.h"
#include "troupe/v1/ai.pb.h"

namespace troupe {

struct AiConfig {
  ai::PromptLimits prompt;
  std::string rating = "teen";  // of the game: what whoever has no profile may hear and say
  std::string classifier;       // a model of the router's that judges what the lists let pass; "" = none
  rt::milliseconds classifier_deadline{1500};
  std::size_t held_back_per_minute = 10;  // recorded of one player; more are counted only
  int speech_tokens_max = 80;
  double speech_temperature =
      0.4;  // above it, the 1.5B model leaves what it knows (tried on three questions, six seeds)
  std::size_t text_bytes_max = 4096;
  rt::milliseconds choose_deadline{100};
  rt::milliseconds speak_deadline{15'000};
  // What can be said at once may wait so long for a model that says it better.
  rt::milliseconds better_within{2'500};
  rt::milliseconds line_margin{30};  // before a deadline: for the written line; a tenth of the time at most
};

class AiService final : public Service {
 public:
  // What is given by reference outlives the service.
  AiService(const pack::Pack& pack, Host& host, const pack::PromptTexts& texts,
            const talk::Language& language, AiConfig config);
  void mount() override;

 private:
  // What was said, checked, and how it came about.
  struct Spoken {
    std::string text;
    pb::Decision decision;
  };
  struct Hearing;

  Task<pb::AiChooseReply> choose(Caller caller, pb::AiChooseRequest request);
  Task<pb::AiSpeakReply> speak(Caller caller, pb::AiSpeakRequest request);

  // ai_moderation.cpp
  Task<pb::AiModerateReply> moderate(Caller caller, pb::AiModerateRequest request);
  Result<pb::ModerationProfile> get_profile(const Caller& caller,
                                            const pb::AiGetProfileRequest& request) const;
  Result<pb::ModerationProfile> set_profile(Turn& turn, const Caller& caller,
                                            const pb::AiSetProfileRequest& request);

  // ai_talk.cpp
  Task<Spoken> say(Caller caller, pb::AiSpeakRequest request, std::vector<pb::ChatMessage> messages,
                   rt::Instant deadline);
  // Whether a model was there for it. What it said is in `spoken`; "" where nothing of it may be said.
  Task<bool> try_model(Caller caller, pb::AiSpeakRequest request, std::vector<pb::ChatMessage> messages,
                       rt::Instant deadline, std::string freedom, std::shared_ptr<Hearing> hearing,
                       std::shared_ptr<Spoken> spoken);
  Task<void> judge_whole(std::string text, moderation::Levels allowed, std::shared_ptr<Hearing> hearing,
                         std::shared_ptr<Spoken> spoken);
  Result<bus::Subscription> listen(const std::string& stream, std::shared_ptr<Hearing> hearing);
  void show(const std::shared_ptr<Hearing>& hearing, const std::string& text);
  // What a model of the tier `moderation` finds in a text that no list minds. Nothing where none is
  // configured.
  Task<moderation::Finding> classify(std::string text, moderation::Levels allowed);
  // Records it, for operators; bounded for each player.
  void note_held_back(pb::GuardrailViolated what);
  pb::GuardrailViolated violation_of(const pb::AiSpeakRequest& request, const ai::Speech& speech) const;
  void note_refused(const HeldBack& refused);
  Result<pb::AiHeldBackReply> held_back(Turn& turn, const Caller& caller, const pb::AiHeldBack& command);
  moderation::Levels allowed_for(const std::string& player) const;
  moderation::Levels allowed_in(const pb::AiSpeakRequest& request) const;
  std::string written_line(const pb::AiSpeakRequest& request, const moderation::Levels& allowed);
  void announce(const pb::Decision& decision);

  const pack::Pack& pack_;
  Host& host_;
  const pack::PromptTexts& texts_;
  const talk::Language& language_;
  AiConfig config_;
  Table<pb::ModerationProfile> profiles_;
  std::map<std::string, std::deque<rt::Instant>> noted_;  // by player: when something of theirs was recorded
};

}  // namespace troupe
