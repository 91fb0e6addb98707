#include "services/npc/input_rules.h"

#include <fmt/format.h>

#include "base/text.h"

namespace troupe::npc {

namespace {

bool is_of(const pack::Pack& pack, const pack::Param& param, const std::string& thing) {
  switch (param.type) {
    case pack::ParamType::npc:
    case pack::ParamType::person:
      return pack.npc(thing) != nullptr;
    case pack::ParamType::feature: {
      const auto* feature = pack.feature(thing);
      return feature != nullptr && (param.feature_kind.empty() || feature->kind == param.feature_kind);
    }
    default:
      return false;
  }
}

}  // namespace

Result<pb::Action> action_of(const pack::Pack& pack, std::string_view text, const std::string& looked_at) {
  const auto bad = [](std::string why) {
    return fail(Code::invalid_argument, "npc.bad_action", "action: " + std::move(why));
  };
  if (text.size() > kActionBytesMax) return bad(fmt::format("at most {} bytes", kActionBytesMax));
  pb::Action action;
  for (const auto& word : split(text, ' ')) {
    if (word.empty()) continue;
    if (action.verb().empty()) {
      action.set_verb(word);
      continue;
    }
    const auto equals = word.find('=');
    if (equals == std::string::npos || equals == 0)
      return bad(fmt::format("'{}' is not name=value; write 'verb name=value'", utf8_prefix(word, 64)));
    (*action.mutable_args())[word.substr(0, equals)] = word.substr(equals + 1);
  }
  if (action.verb().empty()) return bad("which verb?");
  const auto* verb = pack.verb(action.verb());
  if (verb == nullptr || looked_at.empty()) return action;
  for (const auto& param : verb->params) {
    if (param.required && !action.args().contains(param.name) && is_of(pack, param, looked_at))
      (*action.mutable_args())[param.name] = looked_at;
  }
  return action;
}

}  // namespace troupe::npc
