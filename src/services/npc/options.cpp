#include "services/npc/options.h"

#include <algorithm>
#include <deque>

#include "pack/query.h"
#include "services/npc/day.h"
#include "troupe/v1/state.pb.h"

namespace troupe::npc {

namespace {

// Where an action is done or leads to: what its parameters are called says it.
std::string place_in(const pb::Action& action) {
  for (const auto* key : {"place", "to", "target", "at"}) {
    if (const auto found = action.args().find(key); found != action.args().end()) return found->second;
  }
  return {};
}

std::map<std::string, std::int64_t> goods_of(Turn& turn, const std::string& npc) {
  std::map<std::string, std::int64_t> goods;
  pb::StateGetRequest own;
  own.set_kind("npc");
  own.set_id(npc);
  const auto document = turn.call<pb::StateDocument>(as_npc(turn.world()), own);
  if (!document) return goods;
  const auto items = document->document().fields().find("items");
  if (items == document->document().fields().end()) return goods;
  for (const auto& [good, count] : items->second.struct_value().fields())
    goods[good] = static_cast<std::int64_t>(count.number_value());
  return goods;
}

}  // namespace

std::vector<Weighed> one_a_verb(std::vector<Weighed> weighed, const std::vector<Option>& options,
                                std::size_t most) {
  std::vector<Weighed> top;
  for (auto& w : weighed) {
    const bool again = std::ranges::any_of(
        top, [&](const auto& t) { return options[t.option].verb == options[w.option].verb; });
    if (!again && top.size() <= most) top.push_back(std::move(w));
  }
  return top;
}

Choices Options::of(Turn& turn, const Mind& mind) const {
  const auto& record = mind.record();
  const auto now = turn.now().ms;
  const auto& routine = pack::routine_at(*mind.who, clock_at(now));
  const Chooser chooser{.pack = pack_,
                        .who = *mind.who,
                        .record = record,
                        .routine = routine,
                        .items = goods_of(turn, record.id()),
                        .here = place_now(pack_, record, now),
                        .now_ms = now};
  pb::CapabilitiesLegalRequest ask;
  ask.set_kind("npc");
  ask.set_actor(record.id());
  ask.set_limit(config_.limits.options_weighed);
  Choices out;
  out.options = {{.verb = "",
                  .text = texts_.doing.carry_on.with({{"activity", routine.activity}}),
                  .place = routine.place.str()}};
  out.actions.resize(1);
  std::deque<pb::RelationRecord> relations;  // that the options point to while they are weighed
  if (const auto legal = turn.call<pb::CapabilitiesLegalReply>(as_npc(turn.world()), ask)) {
    for (const auto& option : legal->options()) {
      const auto& action = option.action();
      Option made{action.verb(), option.text(), place_in(action), pack_.verb(action.verb())};
      if (made.rules == nullptr) continue;
      for (const auto& param : made.rules->params) {
        const auto arg = action.args().find(param.name);
        if (arg == action.args().end()) continue;
        if (param.type == pack::ParamType::item) made.good = arg->second;
        if (param.type != pack::ParamType::npc && param.type != pack::ParamType::person &&
            param.type != pack::ParamType::player) {
          continue;
        }
        const bool npc = pack_.npc(arg->second) != nullptr && param.type != pack::ParamType::player;
        const bool prefixed = is_player_key(arg->second);
        made.towards = &relations.emplace_back(
            relation_or_default(mind, npc || prefixed ? arg->second : player_key(arg->second)));
      }
      out.options.push_back(std::move(made));
      out.actions.push_back(action);
    }
  }
  auto weighed =
      weigh(chooser, out.options, turn.draw("npc.weigh", record.id()), static_cast<std::uint64_t>(now));
  for (auto& option : out.options) option.towards = nullptr;
  out.top = one_a_verb(std::move(weighed), out.options, config_.limits.options_max);
  return out;
}

}  // namespace troupe::npc
