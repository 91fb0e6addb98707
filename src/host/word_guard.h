#pragma once
// What clients write is judged by the world's rating at the one door of every RPC that changes something:
// names, documents, events, causes of death. What is said to somebody is judged with who hears it, in `ai`:
// those methods are marked (Access.unheard). Before anything is recorded, so a replay never meets it and a
// better list changes no past. Not judged: designers, administrators and services. Owned by a host; io
// thread. Bounds: known_max short texts that were found to fit.
#include <functional>
#include <set>
#include <string>
#include <unordered_set>

#include "host/caller.h"
#include "host/registry.h"
#include "moderation/moderation.h"
#include "rt/task.h"

namespace troupe {

// What was refused, for whoever keeps a record of it.
struct HeldBack {
  std::string player;
  std::string door;  // "state.Put"
  moderation::Finding finding;
};

class WordGuard {
 public:
  struct Rules {
    std::string rating;
    std::set<std::string, std::less<>> own;  // ids and names of the pack: its author answers for them
  };
  using OnHeldBack = std::function<void(const HeldBack&)>;
  static constexpr std::size_t kNameBytesMax = 64;

  explicit WordGuard(Rules rules);
  void on_held_back(OnHeldBack tell) { tell_ = std::move(tell); }

  // Whether there is anything to look at: a look costs a parse.
  bool concerns(const MethodInfo& method, const Caller& caller) const;
  // `invalid_argument` ai.held_back, naming the field; npc.bad_player for a name that cannot be read. Long
  // texts are looked at in slices, between which others have their turn. What is referred to outlives it.
  Task<void> check(const rt::Env& env, const MethodInfo& method, const Caller& caller,
                   const std::string& payload);

 private:
  class Texts;
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  moderation::Finding judge(std::string_view text);
  Error refuse(const MethodInfo& method, const Caller& caller, const moderation::Finding& finding,
               std::string what) const;

  Rules rules_;
  moderation::Levels allowed_;
  OnHeldBack tell_;
  std::unordered_set<std::string, Hash, std::equal_to<>> fits_;
};

// The rule of names, for every door: UTF-8 of at most 64 bytes in which everything can be seen.
Result<void> check_player_name(const std::string& name);

}  // namespace troupe
