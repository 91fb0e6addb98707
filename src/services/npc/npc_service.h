#pragma once
// People that act in real time, talk and remember. Owned by app; io thread; everything that lasts is in
// tables. It is made of parts that know each other in one direction (README.md); here they are built and
// mounted, and nothing else happens. Nothing waits for a model: what is asked of one runs after the turn and
// comes back as a recorded input. Bounds: NpcLimits; numbers: NpcTuning.
#include <memory>

#include "host/host.h"
#include "host/service.h"
#include "pack/pack.h"
#include "pack/prompt_texts.h"
#include "services/npc/npc_config.h"
#include "talk/language.h"

namespace troupe {

class NpcService final : public Service {
 public:
  // What is given by reference outlives the service.
  NpcService(const pack::Pack& pack, Host& host, const pack::PromptTexts& texts,
             const talk::Language& language, NpcConfig config);
  ~NpcService() override;
  void mount() override;
  // Says whether models think, embeds what has no vector yet, and learns what people can be asked; after the
  // timeline has opened.
  void start() override;

 private:
  struct Parts;
  const NpcConfig config_;
  std::unique_ptr<Parts> parts_;
};

}  // namespace troupe
