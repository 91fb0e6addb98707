#pragma once
// Context, prompts, structured output, moderation. Owned by app; io thread. Bounds: ai::PromptLimits, Limits.
#include <map>
#include <string>

#include "host/host.h"
#include "services/ai/ai_prompt.h"
#include "services/ai/moderation_rules.h"
#include "troupe/v1/ai.pb.h"

namespace troupe {

struct AiConfig {
  ai::PromptLimits prompt;
  std::string default_profile = "mature";
  int speech_tokens_max = 80;
  double speech_temperature =
      0.4;  // above it, the 1.5B model leaves what it knows (tried on three questions, six seeds)
  std::size_t text_bytes_max = 4096;
  std::size_t profiles_max = 100'000;
  rt::milliseconds choose_deadline{100};
  rt::milliseconds speak_deadline{15'000};
  rt::milliseconds action_deadline{600};  // for what the speaker does about it, after the last word
  double action_probability_min = 0.5;    // below this, talk stays talk
};

class AiService {
 public:
  AiService(Host& host, AiConfig config);
  void mount();

 private:
  struct Spoken;

  Task<pb::AiChooseReply> choose(Caller caller, pb::AiChooseRequest request);
  Task<pb::AiSpeakReply> speak(Caller caller, pb::AiSpeakRequest request);
  Result<pb::AiModerateReply> moderate(const Caller& caller, const pb::AiModerateRequest& request) const;
  Result<pb::ModerationProfile> get_profile(const Caller& caller,
                                            const pb::AiGetProfileRequest& request) const;
  Result<pb::ModerationProfile> set_profile(Turn& turn, const Caller& caller,
                                            const pb::AiSetProfileRequest& request);

  Task<Spoken> generate(Caller caller, pb::AiSpeakRequest request, std::vector<pb::ChatMessage> messages,
                        rt::Instant deadline);
  Task<std::string> proposed_action(Caller caller, pb::AiContext context, std::string said);
  void announce(const pb::Decision& decision);
  ai::Levels allowed_for(const std::string& player) const;
  Result<void> load(db::Reader& reader);

  Host& host_;
  AiConfig config_;
  std::map<std::string, pb::ModerationProfile> profiles_;
};

}  // namespace troupe
