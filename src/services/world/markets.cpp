#include "services/world/markets.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "host/event_log.h"

namespace troupe::world {

namespace {

constexpr std::int64_t kDayHours = 24;

std::int64_t hour_of(GameTime time) { return time.ms / kHourMs; }
double in_units(std::int64_t thousandths) {
  return static_cast<double>(thousandths) / static_cast<double>(kWhole);
}

MarketState from_record(const pb::WorldMarketRecord& record) {
  return {.hour = record.hour(),
          .price = record.price(),
          .stock = record.stock(),
          .supply = record.supply(),
          .demand = record.demand()};
}

bool concerns(const pb::WorldShockRecord& shock, const std::string& place, const std::string& good) {
  return (shock.place().empty() || shock.place() == place) && (shock.good().empty() || shock.good() == good);
}

Shock rules_of(const pb::WorldShockRecord& shock) {
  return {.kind = shock_kind(shock.kind()).value_or(ShockKind::crash),
          .strength = shock.strength(),
          .from_hour = shock.from_hour(),
          .until_hour = shock.until_hour()};
}

}  // namespace

Markets::Markets(const pack::Pack& pack, Host& host, const Limits& limits, Tell tell)
    : pack_(pack),
      host_(host),
      limits_(limits),
      tell_(std::move(tell)),
      table_(host.timeline()),
      shocks_(host.timeline()) {
  for (const auto& good : pack.goods) {
    for (const auto& place : good.sold_at)
      markets_.emplace(Key{place.str(), good.id.str()}, Market{&good, make_market(good)});
  }
  table_.on_change([this](const TableKey&, const Record*, const Record*) { prices_hour_ = -1; });
  shocks_.on_change([this](const TableKey&, const auto*, const auto*) { prices_hour_ = -1; });
}

void Markets::mount() {
  host_.serve(&Markets::market, this);
  host_.serve(&Markets::prices, this);
  host_.serve(&Markets::shock, this);
  host_.on(&Markets::on_deed, this);
}

// ---- What time brings

void Markets::round(Turn& turn, std::int64_t hour) {
  catch_up(turn, hour);
  if (hour % kDayHours == 0) draw_shocks(turn, hour / kDayHours);
}

void Markets::catch_up(Turn& turn, std::int64_t hour) {
  for (const auto& [key, market] : markets_) put(turn, key, market, state_at(key, market, hour));
}

// By the seed that this world began with, which its pack may say otherwise by now: known once it is loaded.
rt::Draw Markets::draw(const Key& key) const {
  return draw_of(host_.timeline().config().seed, pack::PlaceId(key.first), pack::GoodId(key.second));
}

void Markets::draw_shocks(Turn& turn, std::int64_t day) {
  for (const auto& [key, market] : markets_) {
    const auto drawn = shock_of_day(market.rules, day, draw(key));
    if (!drawn) continue;
    pb::WorldShockRecord shock;
    shock.set_kind(std::string(name_of(drawn->kind)));
    shock.set_place(key.first);
    shock.set_good(key.second);
    shock.set_strength(drawn->strength);
    (void)begin_shock(turn, std::move(shock), {.reason = "draw"});
  }
}

void Markets::put(Turn& turn, const Key& key, const Market& market, const MarketState& state) {
  const auto* before = table_.find(key.first, key.second);
  Record record;
  if (before != nullptr) {
    record = *before;
  } else {
    record.set_told(state.price);
  }
  record.set_place(key.first);
  record.set_good(key.second);
  record.set_hour(state.hour);
  record.set_price(state.price);
  record.set_stock(state.stock);
  record.set_supply(state.supply);
  record.set_demand(state.demand);
  if (is_news(record.told(), state.price)) {
    pb::PriceChanged event;
    event.set_good(key.second);
    event.set_from(coins(record.told()));
    event.set_to(coins(state.price));
    event.set_base(market.good->base_price);
    emit(turn, shaken_by(key, state.hour).first, event,
         {.subject = key.second, .place = key.first, .priority = pb::PRIORITY_LOW});
    record.set_told(state.price);
  }
  tell_shortage(turn, key, market, state, record);
  table_.put(turn, std::move(record));
}

void Markets::tell_shortage(Turn& turn, const Key& key, const Market& market, const MarketState& state,
                            Record& record) {
  const bool was = record.shortage() != 0;
  const bool is = is_short(market.rules, state, was);
  if (is == was) return;
  const EmitOptions where{.subject = key.second, .place = key.first};
  if (!is) {
    pb::ShortageEnded event;
    event.set_good(key.second);
    turn.emit_caused_by(record.shortage(), event, where);
    return record.set_shortage(0);
  }
  pb::ShortageBegan event;
  event.set_good(key.second);
  const auto [cause, depth] = shaken_by(key, state.hour);
  record.set_shortage(emit(turn, cause, event, where));
  tell_(turn, {.what = world::Cause::shortage,
               .sequence = record.shortage(),
               .place = key.first,
               .good = key.second,
               .depth = depth});
}

// What players buy is gone from the shelves, and what they sell lies there. What people of the pack trade with each
// other is in what the pack makes and uses.
void Markets::on_deed(Turn& turn, const EventContext& context, const pb::VerbExecuted& deed) {
  const auto* verb = deed.kind() == "player" ? pack_.verb(deed.action().verb()) : nullptr;
  if (verb == nullptr) return;
  for (const auto& effect : verb->effects) {
    if (effect.kind != pack::Effect::Kind::pay || !effect.amount.price || !effect.from || !effect.to)
      continue;
    const auto given = deed.action().args().find(effect.ref.name);
    const auto found =
        markets_.find({context.place, given == deed.action().args().end() ? effect.ref.name : given->second});
    if (found == markets_.end()) continue;
    const auto& [key, market] = *found;
    auto state = state_at(key, market, hour_of(turn.now()));
    const bool buys = effect.from->kind == pack::Ref::Kind::self;
    state.stock = std::max<std::int64_t>(state.stock + (buys ? -kWhole : kWhole), 0);
    put(turn, key, market, state);
  }
}

// ---- Shocks

std::optional<std::uint64_t> Markets::begin_shock(Turn& turn, pb::WorldShockRecord shock,
                                                  const Cause& cause) {
  if (shocks_.size() >= limits_.shocks_max) return std::nullopt;
  const auto hour = hour_of(turn.now());
  catch_up(turn, hour);
  shock.set_from_hour(hour + 1);  // this hour's step was without it
  shock.set_until_hour(shock.from_hour() + shock_hours(shock.strength()));
  shock.set_depth(cause.depth);
  pb::ShockBegan event;
  event.set_kind(shock.kind());
  event.set_good(shock.good());
  event.set_strength(static_cast<float>(in_units(shock.strength())));
  event.set_until_ms(shock.until_hour() * kHourMs);
  event.set_reason(cause.reason);
  const EmitOptions where{.subject = shock.good(), .place = shock.place()};
  shock.set_shock(emit(turn, cause.event, event, where));
  const auto id = shock.shock();
  turn.schedule(kService, kShockTimer + std::to_string(id), {shock.until_hour() * kHourMs});
  shocks_.put(turn, shock);
  for (const auto& [key, market] : markets_) {
    if (concerns(shock, key.first, key.second))
      put(turn, key, market, struck(market.rules, state_at(key, market, hour), rules_of(shock)));
  }
  return id;
}

void Markets::end_shock(Turn& turn, std::uint64_t id) {
  const auto* shock = shocks_.find(id);
  if (shock == nullptr) return;
  // Its last hours count.
  catch_up(turn, shock->until_hour());
  shock = shocks_.find(id);
  pb::ShockEnded event;
  event.set_kind(shock->kind());
  event.set_good(shock->good());
  turn.emit_caused_by(id, event, {.subject = shock->good(), .place = shock->place()});
  shocks_.erase(turn, id);
}

std::vector<Shock> Markets::shocks_of(const Key& key) const {
  std::vector<Shock> out;
  for (const auto& shock : shocks_.of()) {
    if (concerns(shock, key.first, key.second)) out.push_back(rules_of(shock));
  }
  return out;
}

// The shock that moves this market most in the hour to come: what becomes of the market is caused by it.
std::pair<std::uint64_t, int> Markets::shaken_by(const Key& key, std::int64_t hour) const {
  std::pair<std::uint64_t, int> most{0, 0};
  std::int64_t strength = 0;
  for (const auto& shock : shocks_.of()) {
    const auto at = rules_of(shock).at(hour + 1);
    if (!concerns(shock, key.first, key.second) || at <= strength) continue;
    strength = at;
    most = {shock.shock(), shock.depth()};
  }
  return most;
}

void Markets::list_shocks(pb::WorldOutlookReply& reply) const {
  const auto hour = hour_of(host_.timeline().now());
  for (const auto& shock : shocks_.of()) {
    auto& out = *reply.add_shocks();
    out.set_event_id(event_log::event_id(host_.timeline().config().world, shock.shock()));
    out.set_kind(shock.kind());
    out.set_place(shock.place());
    out.set_good(shock.good());
    out.set_strength(in_units(rules_of(shock).at(std::max(hour, shock.from_hour()))));
    out.set_until_ms(shock.until_hour() * kHourMs);
  }
}

// ---- Another pack

void Markets::settle(Turn& turn) {
  const auto hour = hour_of(turn.now());
  std::vector<std::uint64_t> faded;
  for (const auto& shock : shocks_.of()) {
    const bool known = (shock.place().empty() || pack_.place(shock.place()) != nullptr) &&
                       (shock.good().empty() || pack_.good(shock.good()) != nullptr);
    if (!known) faded.push_back(shock.shock());
  }
  for (const auto id : faded) {
    shocks_.erase(turn, id);
    turn.unschedule(kService, kShockTimer + std::to_string(id));
  }
  std::vector<TableKey> gone;
  for (const auto& [key, record] : table_.rows()) {
    if (!markets_.contains({record.place(), record.good()})) gone.push_back(key);
  }
  for (auto& key : gone) table_.erase_at(turn, std::move(key));
  for (const auto& [key, market] : markets_) {
    if (table_.find(key.first, key.second) == nullptr)
      put(turn, key, market, begin_market(market.rules, hour));
  }
}

// ---- What people ask

MarketState Markets::state_at(const Key& key, const Market& market, std::int64_t hour) const {
  const auto* record = table_.find(key.first, key.second);
  // Of a market that the pack has since a moment ago, as it will begin.
  if (record == nullptr) return begin_market(market.rules, hour);
  return advanced(market.rules, from_record(*record), hour, shocks_of(key), draw(key));
}

const std::map<Markets::Key, std::int64_t>& Markets::prices_now() const {
  const auto hour = hour_of(host_.timeline().now());
  if (prices_hour_ != hour) {
    prices_.clear();
    for (const auto& [key, market] : markets_) prices_[key] = state_at(key, market, hour).price;
    prices_hour_ = hour;
  }
  return prices_;
}

Result<pb::WorldPricesReply> Markets::prices(const Caller&, const pb::WorldPricesRequest& request) const {
  const auto& now = prices_now();
  pb::WorldPricesReply reply;
  for (const auto& good : pack_.goods) {
    const auto here = now.find({request.place(), good.id.str()});
    std::int64_t price = 0;
    if (here != now.end()) {
      price = here->second;
    } else {
      for (const auto& place : good.sold_at) price += now.at({place.str(), good.id.str()});
      price /= static_cast<std::int64_t>(good.sold_at.size());
    }
    auto& out = *reply.add_prices();
    out.set_good(good.id.str());
    out.set_price(coins(price));
  }
  return reply;
}

Result<pb::WorldMarketReply> Markets::market(const Caller&, const pb::WorldMarketRequest& request) const {
  TRY_VOID(check_target(request.place(), ""));
  const auto hour = hour_of(host_.timeline().now());
  pb::WorldMarketReply reply;
  reply.set_place(request.place());
  for (auto at = markets_.lower_bound({request.place(), ""}); at != markets_.end(); ++at) {
    const auto& [key, market] = *at;
    if (key.first != request.place()) break;
    const auto state = state_at(key, market, hour);
    const auto* record = table_.find(key.first, key.second);
    auto& out = *reply.add_goods();
    out.set_good(key.second);
    out.set_name(market.good->name);
    out.set_unit(market.good->unit);
    out.set_price(in_units(state.price));
    out.set_base(in_units(market.rules.base));
    out.set_supply(in_units(state.supply * kDayHours));
    out.set_demand(in_units(state.demand * kDayHours));
    out.set_stock(in_units(state.stock));
    out.set_shortage(record != nullptr && record->shortage() != 0);
  }
  return reply;
}

Result<void> Markets::check_target(const std::string& place, const std::string& good) const {
  if (!place.empty() && pack_.place(place) == nullptr) {
    return fail(Code::not_found, "world.unknown_place",
                fmt::format("no place '{}' here{}", place, did_you_mean(place, pack_.place_ids())));
  }
  if (!good.empty() && pack_.good(good) == nullptr) {
    std::vector<std::string> ids;
    for (const auto& known : pack_.goods) ids.push_back(known.id.str());
    return fail(Code::not_found, "world.unknown_good",
                fmt::format("no good '{}' here{}", good, did_you_mean(good, ids)));
  }
  return {};
}

Result<pb::WorldShockReply> Markets::shock(Turn& turn, const Caller&, const pb::WorldShockRequest& request) {
  TRY_VOID(check_target(request.place(), request.good()));
  const auto strength = request.strength() == 0
                            ? kWhole / 2
                            : std::max<std::int64_t>(1, std::llround(request.strength() * kWhole));
  pb::WorldShockRecord record;
  record.set_kind(request.kind());
  record.set_place(request.place());
  record.set_good(request.good());
  record.set_strength(strength);
  const bool any = std::ranges::any_of(
      markets_, [&](const auto& entry) { return concerns(record, entry.first.first, entry.first.second); });
  if (!any) {
    return fail(
        Code::not_found, "world.no_market",
        fmt::format("'{}' is not sold at '{}': world.Market says what is", request.good(), request.place()));
  }
  const auto id = begin_shock(turn, std::move(record), {.reason = "designer"});
  if (!id) {
    return fail(Code::exhausted, "world.too_many_shocks",
                fmt::format("{} shocks have not faded yet, and no more are kept", limits_.shocks_max));
  }
  pb::WorldShockReply reply;
  reply.set_event_id(event_log::event_id(turn.world(), *id));
  return reply;
}

}  // namespace troupe::world
