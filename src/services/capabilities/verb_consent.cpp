// Whose word a deed takes. What touches a player who is not its actor takes that player's; people of the pack
// agree by rule: they sell what is for sale where they stand, at its price, buy what is traded there, take
// what is given, and are not emptied. The pack may say of a verb that nobody is asked.
#include <fmt/format.h>

#include <algorithm>

#include "services/capabilities/verb_rules.h"
#include "services/capabilities/verb_text.h"

namespace troupe::capabilities {

namespace {

// How much of a good somebody who is no merchant has of their own before they want no more of it.
constexpr std::int64_t kOwnUse = 3;

bool is_actor(const Person& person, const Surroundings& around) {
  return person.kind == around.actor.kind && person.id == around.actor.id;
}

std::int64_t count_of(const Person& person, const std::string& good) {
  const auto found = person.items.find(good);
  return found == person.items.end() ? 0 : found->second;
}

// Where it has a market, where it is made (boats come in at the harbour) and where it is used.
bool traded_at(const pack::Good& good, const std::string& place) {
  const auto here = [&](const auto& flow) { return flow.place.str() == place; };
  return std::ranges::any_of(good.sold_at, [&](const auto& market) { return market.str() == place; }) ||
         std::ranges::any_of(good.made, here) || std::ranges::any_of(good.used, here);
}

// Whether somebody of the pack agrees to what becomes of them.
Result<void> check_deal(const pack::Pack& pack, const Surroundings& around, const Person& before,
                        const Person& after) {
  const auto* npc = pack.npc(before.id);
  const bool merchant = npc != nullptr && npc->archetype == "merchant";
  std::int64_t lost = 0;  // at the goods' prices
  std::int64_t won = 0;
  const std::int64_t paid = before.money - after.money;
  (paid > 0 ? lost : won) += std::abs(paid);
  for (const auto& good : pack.goods) {
    const auto was = count_of(before, good.id.str());
    const auto is = count_of(after, good.id.str());
    if (is < was) {
      lost += (was - is) * price_between(good, before, around.actor, around);
      if (!traded_at(good, before.place) || (!merchant && is == 0))
        return not_possible(fmt::format("{} does not sell {} here", before.name, good.name));
    }
    if (is > was) won += (is - was) * price_between(good, around.actor, before, around);
    if (is > was && paid > 0 && (!traded_at(good, before.place) || (!merchant && is > kOwnUse)))
      return not_possible(fmt::format("{} does not buy {} here", before.name, good.name));
  }
  if (lost > won) {
    return not_possible(won == 0 ? fmt::format("{} gives nothing away for nothing", before.name)
                                 : fmt::format("{} wants {} {} for that, not {}", before.name, lost,
                                               pack.world.money.coin, won));
  }
  // Half of the fortune that they began with stays.
  const std::int64_t reserve = npc == nullptr ? 0 : npc->money / 2;
  if (paid > 0 && after.money < reserve)
    return not_possible(fmt::format("{} keeps what money is left", before.name));
  return {};
}

bool touched(const Person& before, const Person& after) {
  const auto same_goods = [&](const Person& a, const Person& b) {
    return std::ranges::all_of(a.items,
                               [&](const auto& item) { return count_of(b, item.first) == item.second; });
  };
  return before.money != after.money || before.place != after.place || before.state != after.state ||
         !same_goods(before, after) || !same_goods(after, before);
}

}  // namespace

Result<std::vector<std::string>> asks(const pack::Pack& pack, const pack::Verb& verb,
                                      const Surroundings& around, const Outcome& outcome) {
  std::vector<std::string> players;
  if (!verb.asks) return players;
  for (const Person& after : outcome.people) {
    if (is_actor(after, around)) continue;
    const auto before = std::ranges::find_if(
        around.people, [&](const Person& p) { return p.kind == after.kind && p.id == after.id; });
    if (before == around.people.end() || !touched(*before, after)) continue;
    if (after.kind == pack::ActorKind::player) {
      players.push_back(after.id);
    } else {
      TRY_VOID(check_deal(pack, around, *before, after));
    }
  }
  std::ranges::sort(players);
  return players;
}

}  // namespace troupe::capabilities
