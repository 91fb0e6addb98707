#pragma once
// Makes asks: of a language's intents, and of what a pack has. Private to this room.
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "talk/asks.h"

namespace troupe::talk {

class AskMaker {
 public:
  // The world needs its pack, its language and its things.
  explicit AskMaker(const World& world) : world_(world), language_(*world.language) {}

  Ask ask(std::string text, std::string intent, Family family) const;
  // {P} and its kind, filled with a name and with what stands for it.
  Ask slot_ask(const std::string& text, const std::string& name, std::string_view letter, std::size_t thing,
               std::string intent, Family family) const;

  void intents(std::vector<Ask>& out) const;
  void place_kinds(std::vector<Ask>& out) const;
  void deeds(std::vector<Ask>& out) const;
  void features(std::vector<Ask>& out) const;
  void who_does_what(std::vector<Ask>& out) const;

 private:
  std::vector<std::pair<const pack::RoutineEntry*, double>> work_of(const pack::Npc& npc) const;
  std::string without_name(const pack::Npc& npc) const;
  std::string first_look(const pack::Npc& npc) const;

  const World& world_;
  const Language& language_;
};

}  // namespace troupe::talk
