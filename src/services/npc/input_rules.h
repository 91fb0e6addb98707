#pragma once
// What an input frame says in words: a verb to do now. Pure.
#include <string>
#include <string_view>

#include "base/error.h"
#include "host/registry.h"
#include "pack/pack.h"
#include "troupe/v1/capabilities.pb.h"

namespace troupe::npc {

inline constexpr std::size_t kActionBytesMax = 512;

// "light", "give good=bread amount=2": a verb, then its arguments. An argument that the verb needs and that
// is not said is what the player looks at, where that is of its type. `invalid_argument` npc.bad_action;
// whether it may be done is the executor's to say.
Result<pb::Action> action_of(const pack::Pack& pack, std::string_view text, const std::string& looked_at);

}  // namespace troupe::npc
