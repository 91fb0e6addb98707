#pragma once
// What every part of the npc service may stand on beside other parts. References to what lives as long as the
// service.
#include "host/host.h"
#include "pack/pack.h"
#include "pack/prompt_texts.h"
#include "services/npc/npc_config.h"
#include "talk/language.h"

namespace troupe::npc {

struct Ground {
  const pack::Pack& pack;
  Host& host;
  const NpcConfig& config;
  const pack::PromptTexts& texts;
  const talk::Language& language;
};

}  // namespace troupe::npc
