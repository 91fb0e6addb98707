#include "services/npc/households.h"

#include "services/npc/household_rules.h"
#include "troupe/v1/state.pb.h"

namespace troupe::npc {

namespace {

Holdings holdings_in(const google::protobuf::Struct& document) {
  Holdings out;
  const auto& fields = document.fields();
  if (const auto money = fields.find("money"); money != fields.end())
    out.money = static_cast<std::int64_t>(money->second.number_value());
  if (const auto items = fields.find("items"); items != fields.end()) {
    for (const auto& [good, count] : items->second.struct_value().fields())
      out.items[good] = static_cast<std::int64_t>(count.number_value());
  }
  return out;
}

Holdings usual_of(const pack::Npc& who) {
  Holdings out{.money = who.money, .items = {}};
  for (const auto& [good, count] : who.goods) out.items[good.str()] = count;
  return out;
}

}  // namespace

void Households::on_day(Turn& turn, const EventContext&, const pb::DayChanged&) {
  for (const auto& [id, mind] : minds_.people()) {
    if (mind->record().dead()) continue;
    pb::StateGetRequest get;
    get.set_kind("npc");
    get.set_id(id);
    const auto document = turn.call<pb::StateDocument>(as_npc(turn.world()), get);
    if (!document) continue;
    const auto now = holdings_in(document->document());
    const auto next = next_day(now, usual_of(*mind->who));
    if (next == now) continue;
    pb::StatePatchRequest patch;
    patch.set_kind("npc");
    patch.set_id(id);
    auto& fields = *patch.mutable_patch()->mutable_fields();
    if (next.money != now.money) fields["money"].set_number_value(static_cast<double>(next.money));
    for (const auto& [good, count] : next.items) {
      if (count == now.items.at(good)) continue;
      (*fields["items"].mutable_struct_value()->mutable_fields())[good].set_number_value(
          static_cast<double>(count));
    }
    (void)turn.call<pb::StateDocument>(as_npc(turn.world()), patch);
  }
}

}  // namespace troupe::npc
