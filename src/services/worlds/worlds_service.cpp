#include "services/worlds/worlds_service.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "base/log.h"
#include "base/text.h"

namespace troupe {

WorldsService::WorldsService(Host& host, WorldRunner& runner, const WorldsLimits& limits)
    : host_(host),
      runner_(runner),
      limits_(limits),
      created_(host.timeline()),
      lines_(host.timeline()),
      alone_(host.env()) {}

void WorldsService::mount() {
  host_.serve(&WorldsService::list, this);
  host_.serve(&WorldsService::create, this);
  host_.serve(&WorldsService::sleep, this);
  host_.serve(&WorldsService::wake, this);
  host_.serve(&WorldsService::remove, this);
  host_.serve(&WorldsService::visit, this);
  host_.serve(&WorldsService::begun, this);
  host_.serve(&WorldsService::slept, this);
  host_.serve(&WorldsService::woke, this);
  host_.serve(&WorldsService::gone, this);
  mount_history();
}

void WorldsService::start() {
  host_.spawn("worlds wake", [this]() -> boost::asio::awaitable<void> {
    std::vector<std::string> names;
    for (const auto& world : created_.of()) {
      if (!world.asleep()) names.push_back(world.name());
    }
    for (const auto& name : names) {
      const auto visit = co_await enter(name);
      if (!visit) log::error("worlds", "'{}' does not wake: {}", name, visit.error().message);
    }
  });
  host_.spawn("worlds fall asleep", [this] { return fall_asleep(); });
}

// ---- which there are

const WorldPlan* WorldsService::started_with(const std::string& world) const {
  const auto& all = runner_.started_with();
  const auto found = std::ranges::find(all, world, &WorldPlan::name);
  return found == all.end() ? nullptr : &*found;
}

bool WorldsService::exists(const std::string& world) const {
  return created_.find(world) != nullptr || started_with(world) != nullptr;
}

std::vector<std::string> WorldsService::names() const {
  std::vector<std::string> names;
  for (const auto& plan : runner_.started_with()) names.push_back(plan.name);
  for (const auto& world : created_.of()) names.push_back(world.name());
  return names;
}

std::string WorldsService::unnamed() const {
  const auto& plans = runner_.started_with();
  return plans.size() == 1 && created_.size() == 0 ? plans.front().name : "";
}

WorldPlan WorldsService::plan(const std::string& world) const {
  WorldPlan plan{.name = world, .pack = {}, .seed = 0, .file = lines_.file(world)};
  if (const auto* record = created_.find(world)) {
    plan.pack = record->pack();
    plan.seed = record->seed();
  } else if (const auto* own = started_with(world)) {
    plan.pack = own->pack;
    plan.seed = own->seed;
  }
  return plan;
}

Moment WorldsService::present(const std::string& world) const {
  if (runner_.is_open(world)) return runner_.present(world);
  if (const auto* record = created_.find(world))
    return {.sequence = record->sequence(), .at = {record->at_ms()}};
  const auto own = asleep_.find(world);
  return own == asleep_.end() ? Moment() : own->second.last;
}

pb::WorldView WorldsService::view(const std::string& world) const {
  const auto is = plan(world);
  pb::WorldView view;
  view.set_name(world);
  view.set_pack(is.pack);
  view.set_line(WorldLines::name(lines_.current(world)));
  view.set_seed(runner_.is_open(world) ? runner_.seed(world) : is.seed);
  if (const auto known = seeds_.find(world); known != seeds_.end()) view.set_seed(known->second);
  view.set_state(runner_.is_open(world) ? "awake" : "asleep");
  view.set_sequence(present(world).sequence);
  return view;
}

Result<pb::WorldsListReply> WorldsService::list(const Caller& caller,
                                                const pb::WorldsListRequest& request) const {
  pb::WorldsListReply reply;
  for (const auto& name : names()) {
    if (request.limit() > 0 && reply.worlds_size() >= request.limit()) break;
    auto& world = *reply.add_worlds();
    world = view(name);
    if (!caller.acts_for_others()) world.clear_seed();  // with it they could tell what will come
  }
  return reply;
}

HistoryLine WorldsService::line(const std::string& world) const {
  return {.name = WorldLines::name(lines_.current(world)), .parted = lines_.parted(world)};
}

// ---- opened and closed

Task<void> WorldsService::open(std::string world) {
  if (runner_.is_open(world)) co_return Result<void>();
  const auto awake = std::ranges::count_if(names(), [&](const auto& name) { return runner_.is_open(name); });
  if (static_cast<std::size_t>(awake) >= limits_.awake_max) {
    co_return fail(Code::exhausted, "worlds.too_many_awake",
                   fmt::format("{} worlds are awake, as many as may be; put one to sleep", awake), 1000);
  }
  CO_TRY_VOID(runner_.open(plan(world)));
  std::int64_t slept_ms = 0;
  if (const auto own = asleep_.extract(world)) slept_ms = own.mapped().wall_ms;
  const auto* record = created_.find(world);
  if (record != nullptr && record->asleep()) {
    slept_ms = record->wall_slept_ms();
    pb::WorldsWoke command;
    command.set_name(world);
    CO_TRY_VOID(co_await note(std::move(command)));
  }
  if (slept_ms > 0 && runner_.rest(plan(world)).time_passes) {
    if (const auto lived = co_await live_through(world, slept_ms); !lived)
      log::warn("worlds", "'{}' goes on where it fell asleep: {}", world, lived.error().message);
  }
  co_return Result<void>();
}

Task<void> WorldsService::close(std::string world, std::string why) {
  if (!runner_.is_open(world)) co_return Result<void>();
  seeds_[world] = runner_.seed(world);
  alone_since_.erase(world);
  CO_TRY(const auto last, co_await runner_.close(world, std::move(why)));
  guests_.closed(world);
  const auto wall_ms = host_.env().clock.wall_ms();
  if (created_.find(world) == nullptr) {
    asleep_[world] = {.last = last, .wall_ms = wall_ms};
    co_return Result<void>();
  }
  pb::WorldsSlept command;
  command.set_name(world);
  command.set_sequence(last.sequence);
  command.set_at_ms(last.at.ms);
  command.set_wall_slept_ms(wall_ms);
  co_return co_await note(std::move(command));
}

Task<std::shared_ptr<Visit>> WorldsService::enter(std::string world) {
  CO_TRY_VOID(check_named(world));
  alone_since_.erase(world);
  if (runner_.is_open(world)) co_return runner_.visit(world);
  CO_TRY([[maybe_unused]] const auto alone_here, co_await alone_.with(world));
  CO_TRY_VOID(check(world));  // it may have gone meanwhile
  CO_TRY_VOID(co_await open(world));
  co_return runner_.visit(world);
}

Result<pb::WorldsNoted> WorldsService::begun(Turn& turn, const Caller&, const pb::WorldsBegun& command) {
  created_.put(turn, command.world());
  return pb::WorldsNoted();
}

Result<pb::WorldsNoted> WorldsService::slept(Turn& turn, const Caller&, const pb::WorldsSlept& command) {
  if (const auto* record = created_.find(command.name())) {
    auto next = *record;
    next.set_asleep(true);
    next.set_sequence(command.sequence());
    next.set_at_ms(command.at_ms());
    next.set_wall_slept_ms(command.wall_slept_ms());
    created_.put(turn, std::move(next));
  }
  return pb::WorldsNoted();
}

Result<pb::WorldsNoted> WorldsService::woke(Turn& turn, const Caller&, const pb::WorldsWoke& command) {
  if (const auto* record = created_.find(command.name())) {
    auto next = *record;
    next.set_asleep(false);
    created_.put(turn, std::move(next));
  }
  return pb::WorldsNoted();
}

Result<pb::WorldsNoted> WorldsService::gone(Turn& turn, const Caller&, const pb::WorldsGone& command) {
  created_.erase(turn, command.name());
  seeds_.erase(command.name());
  lines_.forget(turn, command.name());
  return pb::WorldsNoted();
}

// ---- what is asked for

Result<void> WorldsService::check_new_name(const std::string& name) const {
  if (name == kSharedRoom)
    return fail(Code::invalid_argument, "worlds.bad_name", "'" + name + "' is what all worlds share");
  if (!exists(name)) return {};
  return fail(Code::conflict, "worlds.exists", "there is a world '" + name + "' already");
}

Result<WorldPlan> WorldsService::plan_of(const pb::WorldsCreateRequest& request) const {
  TRY_VOID(check_new_name(request.name()));
  std::vector<std::string> packs;
  for (const auto& own : runner_.started_with()) packs.push_back(own.pack);
  const std::string pack = request.pack().empty() && packs.size() == 1 ? packs.front() : request.pack();
  if (pack.empty()) {
    return fail(Code::invalid_argument, "worlds.no_pack",
                fmt::format("say from which pack: {}", fmt::join(packs, ", ")));
  }
  if (std::ranges::find(packs, pack) == packs.end()) {
    return fail(Code::not_found, "worlds.unknown_pack",
                fmt::format("no pack '{}'; this server was started with {}", pack, fmt::join(packs, ", ")));
  }
  return WorldPlan{.name = request.name(), .pack = pack, .seed = request.seed(), .file = request.name()};
}

Task<pb::WorldView> WorldsService::create(Caller, pb::WorldsCreateRequest request) {
  CO_TRY_VOID(plan_of(request));
  CO_TRY([[maybe_unused]] const auto alone_here, co_await alone_.with(request.name()));
  CO_TRY(const auto plan, plan_of(request));  // somebody else may have been first
  // What an earlier world of this name has left, where the server ended while it was deleted.
  CO_TRY_VOID(runner_.erase(plan.name));
  pb::WorldsBegun command;
  command.mutable_world()->set_name(plan.name);
  command.mutable_world()->set_pack(plan.pack);
  command.mutable_world()->set_seed(plan.seed);
  CO_TRY_VOID(co_await note(std::move(command)));
  if (const auto opened = co_await open(plan.name); !opened) {
    pb::WorldsGone back;
    back.set_name(plan.name);
    (void)co_await note(std::move(back));
    co_return std::unexpected(opened.error());
  }
  co_return view(plan.name);
}

Task<pb::WorldView> WorldsService::wake(Caller, pb::WorldsWakeRequest request) {
  CO_TRY([[maybe_unused]] const auto visit, co_await enter(request.name()));
  co_return view(request.name());
}

Task<pb::WorldView> WorldsService::sleep(Caller, pb::WorldsSleepRequest request) {
  CO_TRY_VOID(check_named(request.name()));
  CO_TRY([[maybe_unused]] const auto alone_here, co_await alone_.with(request.name()));
  CO_TRY_VOID(check(request.name()));
  CO_TRY_VOID(co_await close(request.name(), "this world falls asleep"));
  co_return view(request.name());
}

Task<pb::WorldsVisitReply> WorldsService::visit(Caller caller, pb::WorldsVisitRequest request) {
  pb::WorldsVisitReply reply;
  if (caller.role != pb::ROLE_SERVICE)  // an administrator has no stay that ends by itself
    co_return fail(Code::permission_denied, "rpc.role", "worlds.Visit is for gateways");
  if (request.leaving()) {
    guests_.left(request.world(), request.stay());
    co_return reply;
  }
  CO_TRY_VOID(check_named(request.world()));
  if (request.again() && (!runner_.is_open(request.world()) || alone_.is_taken(request.world()))) {
    reply.set_asleep(!alone_.is_taken(request.world()));  // who opens or closes it will have said so
    reply.set_line(line(request.world()).name);
    co_return reply;
  }
  CO_TRY(auto visit, co_await enter(request.world()));
  if (!guests_.has_room(request.world(), request.stay()))
    co_return fail(Code::exhausted, "worlds.too_many_guests", "too many gateways have people in worlds",
                   1000);
  guests_.came(request.world(), request.stay(), std::move(visit), host_.env().now() + kVisitLife);
  const auto is = line(request.world());
  reply.set_line(is.name);
  if (is.parted) reply.set_parted(*is.parted);
  co_return reply;
}

Task<pb::WorldsDeleteReply> WorldsService::remove(Caller, pb::WorldsDeleteRequest request) {
  const std::string world = request.name();
  CO_TRY_VOID(check_named(world));
  if (started_with(world) != nullptr) {
    co_return fail(
        Code::conflict, "worlds.started_with",
        "'" + world + "' is what the server was started with: it would begin anew; put it to sleep");
  }
  CO_TRY([[maybe_unused]] const auto alone_here, co_await alone_.with(world));
  CO_TRY_VOID(check(world));
  CO_TRY_VOID(co_await close(world, "this world is deleted"));
  const auto files = lines_.files(world);
  pb::WorldsGone command;
  command.set_name(world);
  CO_TRY_VOID(co_await note(std::move(command)));
  for (const auto& file : files) CO_TRY_VOID(runner_.erase(file));
  co_return pb::WorldsDeleteReply();
}

}  // namespace troupe
