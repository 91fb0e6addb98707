// Feature flags, tiers and the audit.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "base/text.h"
#include "services/settings/settings_service.h"

namespace troupe {

using db::Values;
using settings::Flag;

namespace {

pb::Flag to_proto(const Flag& flag) {
  pb::Flag out;
  out.set_flag(flag.flag);
  out.set_on(flag.on);
  out.set_rollout_percent(flag.rollout_percent);
  for (const auto& tier : flag.tiers) out.add_tiers(tier);
  out.set_summary(flag.summary);
  return out;
}

Flag from_proto(const pb::Flag& given) {
  Flag flag{.flag = given.flag(),
            .on = given.on(),
            .rollout_percent = given.has_rollout_percent() ? given.rollout_percent() : 100,
            .tiers = {given.tiers().begin(), given.tiers().end()},
            .summary = given.summary()};
  return flag;
}

pb::PlayerTier tier_view(const std::string& player, const settings::Tier& tier) {
  pb::PlayerTier out;
  out.set_player(player);
  out.set_tier(tier.name);
  out.set_characters_max(tier.characters_max);
  out.set_storage_mb_max(tier.storage_mb_max);
  for (const auto& feature : tier.features) out.add_features(feature);
  return out;
}

}  // namespace

void SettingsService::mount_flags() {
  host_.serve(&SettingsService::get_flag, this);
  host_.serve(&SettingsService::list_flags, this);
  host_.serve(&SettingsService::set_flag, this);
  host_.serve(&SettingsService::get_tier, this);
  host_.serve(&SettingsService::set_tier, this);
  host_.serve(&SettingsService::audit, this);
}

Result<void> SettingsService::load_flags(db::Reader& reader) {
  flags_.clear();
  tiers_.clear();
  TRY(const auto flags,
      reader.query("select flag, is_on, rollout_percent, tiers, summary from settings_flags"));
  for (const auto& row : flags) {
    Flag flag{.flag = row.text(0),
              .on = row.integer(1) != 0,
              .rollout_percent = row.real(2),
              .tiers = {},
              .summary = row.text(4)};
    if (!row.text(3).empty()) flag.tiers = split(row.text(3), ',');
    flags_[flag.flag] = std::move(flag);
  }
  TRY(const auto tiers, reader.query("select player, tier from settings_tiers"));
  for (const auto& row : tiers) tiers_[row.text(0)] = row.text(1);
  TRY(const auto last, reader.query("select coalesce(max(id), 0) from settings_audit"));
  audit_last_ = last[0].integer(0);
  return {};
}

const settings::Tier& SettingsService::tier_of(const std::string& player) const {
  const auto found = tiers_.find(player);
  if (found != tiers_.end()) {
    if (const auto tier = settings::find_tier(found->second)) return **tier;
  }
  return settings::all_tiers().front();
}

Result<pb::FlagState> SettingsService::get_flag(const Caller& caller,
                                                const pb::SettingsGetFlagRequest& request) const {
  const auto flag = flags_.find(request.flag());
  if (flag == flags_.end()) {
    std::vector<std::string> names;
    for (const auto& [name, known] : flags_) names.push_back(name);
    return fail(Code::not_found, "settings.unknown_flag",
                "no flag '" + request.flag() + "'" + did_you_mean(request.flag(), names));
  }
  // Without a player it is asked for everybody.
  std::string player;
  if (caller.role == pb::ROLE_PLAYER || !request.player().empty()) {
    TRY(player, player_of(caller, request.player()));
  }
  const auto answer =
      settings::evaluate(flag->second, player, player.empty() ? std::string() : tier_of(player).name);
  pb::FlagState out;
  out.set_flag(request.flag());
  out.set_player(player);
  out.set_on(answer.on);
  out.set_reason(answer.reason);
  return out;
}

Result<pb::SettingsListFlagsReply> SettingsService::list_flags(const Caller&,
                                                               const pb::SettingsListFlagsRequest&) const {
  pb::SettingsListFlagsReply reply;
  for (const auto& [name, flag] : flags_) *reply.add_flags() = to_proto(flag);
  return reply;
}

Result<pb::Flag> SettingsService::set_flag(Turn& turn, const Caller& caller,
                                           const pb::SettingsSetFlagRequest& request) {
  Flag flag = from_proto(request.flag());
  TRY_VOID(settings::check(flag, limits_));
  std::ranges::sort(flag.tiers);
  const auto known = flags_.find(flag.flag);
  if (known == flags_.end() && flags_.size() >= limits_.flags_max) {
    return fail(Code::exhausted, "settings.full",
                fmt::format("there are {} flags already", limits_.flags_max));
  }
  if (known != flags_.end() && known->second == flag) return to_proto(flag);
  const std::string before = known == flags_.end() ? "none" : settings::describe(known->second);
  turn.write(
      "insert into settings_flags (flag, is_on, rollout_percent, tiers, summary) values ($1, $2, $3, $4, $5) "
      "on conflict (flag) do update set is_on = excluded.is_on, rollout_percent = excluded.rollout_percent, "
      "tiers = excluded.tiers, summary = excluded.summary",
      Values{flag.flag, std::int64_t{flag.on ? 1 : 0}, flag.rollout_percent, join(flag.tiers, ","),
             flag.summary});
  note(turn, caller, "flag " + flag.flag, before, settings::describe(flag));
  flags_[flag.flag] = flag;
  pb::FlagChanged event;
  *event.mutable_flag() = to_proto(flag);
  event.set_name(flag.flag);
  turn.emit(event, {.subject = flag.flag, .place = {}});
  return to_proto(flag);
}

Result<pb::PlayerTier> SettingsService::get_tier(const Caller& caller,
                                                 const pb::SettingsGetTierRequest& request) const {
  TRY(const std::string player, player_of(caller, request.player()));
  return tier_view(player, tier_of(player));
}

Result<pb::PlayerTier> SettingsService::set_tier(Turn& turn, const Caller& caller,
                                                 const pb::SettingsSetTierRequest& request) {
  // The host lets game servers in only; this line stands should that ever change.
  if (!caller.acts_for_others()) {
    return fail(Code::permission_denied, "settings.not_yours", "players do not set tiers");
  }
  TRY_VOID(settings::check_player(request.player(), limits_));
  TRY(const settings::Tier* tier, settings::find_tier(request.tier()));
  const std::string before = tier_of(request.player()).name;
  if (before == tier->name) return tier_view(request.player(), *tier);
  const bool is_free = tier == &settings::all_tiers().front();
  if (!is_free && !tiers_.contains(request.player()) && tiers_.size() >= limits_.players_max) {
    return fail(Code::exhausted, "settings.full",
                fmt::format("{} players have a tier already", limits_.players_max));
  }
  if (is_free) {
    tiers_.erase(request.player());
    turn.write("delete from settings_tiers where player = $1", Values{request.player()});
  } else {
    tiers_[request.player()] = tier->name;
    turn.write(
        "insert into settings_tiers (player, tier) values ($1, $2) on conflict (player) do update set tier = "
        "excluded.tier",
        Values{request.player(), tier->name});
  }
  note(turn, caller, "tier of " + request.player(), before, tier->name);
  pb::PlayerTierChanged event;
  event.set_player(request.player());
  event.set_from(before);
  event.set_to(tier->name);
  turn.emit(event, {.subject = request.player(), .place = {}});
  return tier_view(request.player(), *tier);
}

Task<pb::SettingsAuditReply> SettingsService::audit(Caller, pb::SettingsAuditRequest request) {
  const auto most = static_cast<int>(limits_.audit_page_max);
  if (request.limit() < 0 || request.limit() > most) {
    co_return fail(Code::invalid_argument, "settings.bad_limit",
                   fmt::format("limit is {}; expected 1 to {}, or 0 for {}", request.limit(), most,
                               limits_.audit_page_default));
  }
  const auto limit =
      request.limit() == 0 ? static_cast<std::int64_t>(limits_.audit_page_default) : request.limit();
  const auto reply = std::make_shared<pb::SettingsAuditReply>();  // outlives a caller that leaves
  CO_TRY_VOID(co_await host_.timeline().db().read([reply, limit](db::Reader& reader) -> Result<void> {
    TRY(const auto rows,
        reader.query("select who, what, before_value, after_value, wall_ms from settings_audit "
                     "order by id desc limit $1",
                     Values{limit}));
    for (const auto& row : rows) {
      auto& entry = *reply->add_entries();
      entry.set_who(row.text(0));
      entry.set_what(row.text(1));
      entry.set_before(row.text(2));
      entry.set_after(row.text(3));
      entry.set_wall_ms(row.integer(4));
    }
    return {};
  }));
  co_return std::move(*reply);
}

}  // namespace troupe
