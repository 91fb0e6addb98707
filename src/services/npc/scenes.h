#pragma once
// The world as it is at the moment in which somebody is spoken to, for the rules that answer (src/talk):
// what they see, have, feel and know of the listener. Owned by NpcService; io thread; reads only.
#include <string>

#include "services/npc/repertoire.h"
#include "talk/scene.h"

namespace troupe::npc {

class Scenes {
 public:
  Scenes(const Ground& ground, const Minds& minds)
      : pack_(ground.pack), language_(ground.language), host_(ground.host), minds_(minds) {}

  // Outside of a turn. `draw` tells two moments apart: the sequence of the line, or 0.
  talk::Scene of(const Mind& mind, const std::string& player, std::uint64_t draw) const;

 private:
  void fill_sky(const Mind& mind, talk::Scene& scene) const;
  void fill_speaker(const Mind& mind, talk::Scene& scene) const;
  void fill_people(const Mind& mind, talk::Scene& scene) const;
  void fill_prices(talk::Scene& scene, double factor) const;
  void fill_listener(const Mind& mind, const std::string& player, talk::Scene& scene) const;

  const pack::Pack& pack_;
  const talk::Language& language_;
  Host& host_;
  const Minds& minds_;
};

// What a listener may be told by somebody, and what they know by now.
pack::Listener listener_for(const Minds& minds, const Mind& mind, const std::string& player,
                            std::int64_t now_ms);

}  // namespace troupe::npc
