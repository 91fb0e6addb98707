// Feature flags, tiers and the audit.
#include <fmt/format.h>

#include <algorithm>
#include <ranges>

#include "base/text.h"
#include "services/settings/settings_service.h"

namespace troupe {

using settings::Flag;

namespace {

pb::Flag to_proto(const Flag& flag) {
  pb::Flag out;
  out.set_flag(flag.flag);
  out.set_on(flag.on);
  out.set_rollout_percent(flag.rollout_percent);
  out.mutable_tiers()->Assign(flag.tiers.begin(), flag.tiers.end());
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

Flag from_record(const pb::FlagRecord& record) {
  return {.flag = record.flag(),
          .on = record.is_on(),
          .rollout_percent = record.rollout_percent(),
          .tiers = {record.tiers().begin(), record.tiers().end()},
          .summary = record.summary()};
}

pb::FlagRecord to_record(const Flag& flag) {
  pb::FlagRecord record;
  record.set_flag(flag.flag);
  record.set_is_on(flag.on);
  record.set_rollout_percent(flag.rollout_percent);
  record.mutable_tiers()->Assign(flag.tiers.begin(), flag.tiers.end());
  record.set_summary(flag.summary);
  return record;
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

const settings::Tier& SettingsService::tier_of(const std::string& player) const {
  if (const auto* found = tiers_.find(player)) {
    if (const auto tier = settings::find_tier(found->tier())) return **tier;
  }
  return settings::all_tiers().front();
}

Result<pb::FlagState> SettingsService::get_flag(const Caller& caller,
                                                const pb::SettingsGetFlagRequest& request) const {
  const auto* flag = flags_.find(request.flag());
  if (flag == nullptr) {
    std::vector<std::string> names;
    for (const auto& [key, known] : flags_.rows()) names.push_back(known.flag());
    return fail(Code::not_found, "settings.unknown_flag",
                "no flag '" + request.flag() + "'" + near_or_all(request.flag(), names));
  }
  // Without a player it is asked for everybody.
  std::string player;
  if (caller.role == pb::ROLE_PLAYER || !request.player().empty()) {
    TRY(player, player_of(caller, request.player()));
  }
  const auto answer =
      settings::evaluate(from_record(*flag), player, player.empty() ? std::string() : tier_of(player).name);
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
  for (const auto& [key, flag] : flags_.rows()) *reply.add_flags() = to_proto(from_record(flag));
  return reply;
}

Result<pb::Flag> SettingsService::set_flag(Turn& turn, const Caller& caller,
                                           const pb::SettingsSetFlagRequest& request) {
  Flag flag = from_proto(request.flag());
  TRY_VOID(settings::check(flag, limits_));
  std::ranges::sort(flag.tiers);
  const auto* known = flags_.find(flag.flag);
  if (known == nullptr && flags_.size() >= limits_.flags_max) {
    return fail(Code::exhausted, "settings.full",
                fmt::format("there are {} flags already", limits_.flags_max));
  }
  if (known != nullptr && from_record(*known) == flag) return to_proto(flag);
  const std::string before = known == nullptr ? "none" : settings::describe(from_record(*known));
  flags_.put(turn, to_record(flag));
  note(turn, caller, "flag " + flag.flag, before, settings::describe(flag));
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
  if (is_free) {
    tiers_.erase(turn, request.player());
  } else {
    pb::PlayerTierRecord record;
    record.set_player(request.player());
    record.set_tier(tier->name);
    tiers_.put(turn, std::move(record));
  }
  note(turn, caller, "tier of " + request.player(), before, tier->name);
  pb::PlayerTierChanged event;
  event.set_player(request.player());
  event.set_from(before);
  event.set_to(tier->name);
  turn.emit(event, {.subject = request.player(), .place = {}});
  return tier_view(request.player(), *tier);
}

Result<pb::SettingsAuditReply> SettingsService::audit(const Caller&,
                                                      const pb::SettingsAuditRequest& request) const {
  const auto limit =
      request.limit() == 0 ? limits_.audit_page_default : static_cast<std::size_t>(request.limit());
  pb::SettingsAuditReply reply;
  for (const auto& [key, kept] : audit_.rows() | std::views::reverse | std::views::take(limit)) {
    auto& entry = *reply.add_entries();
    entry.set_who(kept.who());
    entry.set_what(kept.what());
    entry.set_before(kept.before_value());
    entry.set_after(kept.after_value());
    entry.set_wall_ms(kept.wall_ms());
  }
  return reply;
}

}  // namespace troupe
