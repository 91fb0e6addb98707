// Lines of a world: saved, branched, rolled back.
#include "services/worlds/worlds_service.h"

namespace troupe {

void WorldsService::mount_history() {
  host_.serve(&WorldsService::lines, this);
  host_.serve(&WorldsService::save, this);
  host_.serve(&WorldsService::branch, this);
  host_.serve(&WorldsService::roll_back, this);
  host_.serve(&WorldsService::write_file, this);
  host_.serve(&WorldsService::read_file, this);
  host_.serve(&WorldsService::saved, this);
  host_.serve(&WorldsService::rolled_back, this);
}

Result<pb::WorldsLinesReply> WorldsService::lines(const Caller&,
                                                  const pb::WorldsLinesRequest& request) const {
  const auto world = named(request.world());
  TRY_VOID(check_named(world));
  return lines_.view(world, present(world));
}

Task<pb::WorldsLinesReply> WorldsService::save(Caller, pb::WorldsSaveRequest request) {
  request.set_world(named(request.world()));
  CO_TRY_VOID(check_named(request.world()));
  CO_TRY_VOID(lines_.check_label(request.world(), request.label()));
  // While it is being opened or closed there is no present moment.
  CO_TRY([[maybe_unused]] const auto alone_here, co_await alone_.with(request.world()));
  CO_TRY_VOID(check(request.world()));
  CO_TRY_VOID(lines_.check_label(request.world(), request.label()));
  const auto moment = present(request.world());
  pb::WorldsSaved command;
  command.mutable_label()->set_world(request.world());
  command.mutable_label()->set_label(request.label());
  command.mutable_label()->set_number(lines_.current(request.world()));
  command.mutable_label()->set_sequence(moment.sequence);
  command.mutable_label()->set_at_ms(moment.at.ms);
  command.mutable_label()->set_inputs(moment.inputs);
  CO_TRY_VOID(co_await note(std::move(command)));
  co_return lines_.view(request.world(), present(request.world()));
}

// What did not come to its end leaves nothing behind.
Task<Moment> WorldsService::make(WorldPlan from, Moment moment, WorldPlan to) {
  CO_TRY_VOID(runner_.erase(to.file));  // of one that the server did not live to see
  auto made = co_await runner_.branch(std::move(from), moment, to);
  if (!made) (void)runner_.erase(to.file);
  co_return made;
}

// A world whose database is there.
Task<pb::WorldsLinesReply> WorldsService::begin_made(WorldPlan made) {
  pb::WorldsBegun command;
  command.mutable_world()->set_name(made.name);
  command.mutable_world()->set_pack(made.pack);
  command.mutable_world()->set_seed(made.seed);
  CO_TRY_VOID(co_await note(std::move(command)));
  CO_TRY_VOID(co_await open(made.name));
  co_return lines_.view(made.name, present(made.name));
}

Task<pb::WorldsFile> WorldsService::write_file(Caller, pb::WorldsExportRequest request) {
  const std::string world = named(request.world());
  CO_TRY_VOID(check_named(world));
  CO_TRY([[maybe_unused]] const auto alone_here, co_await alone_.with(world));
  CO_TRY_VOID(check(world));
  CO_TRY_VOID(co_await open(world));
  CO_TRY(const auto file, co_await runner_.write_file(plan(world), present(world), request.file()));
  pb::WorldsFile reply;
  reply.set_file(file.path);
  reply.set_bytes(static_cast<std::int64_t>(file.bytes));
  reply.set_sequence(file.end.sequence);
  reply.set_inputs(file.end.inputs);
  co_return reply;
}

Task<pb::WorldsLinesReply> WorldsService::read_file(Caller, pb::WorldsImportRequest request) {
  CO_TRY_VOID(check_new_name(request.name()));
  CO_TRY([[maybe_unused]] const auto alone_here, co_await alone_.with(request.name()));
  CO_TRY(const auto file, co_await runner_.look_at_file(request.file()));
  pb::WorldsCreateRequest as_new;
  as_new.set_name(request.name());
  as_new.set_pack(file.pack);
  as_new.set_seed(file.seed);
  CO_TRY(const auto to, plan_of(as_new));
  CO_TRY_VOID(runner_.erase(to.file));
  if (const auto made = co_await runner_.read_file(request.file(), to); !made) {
    (void)runner_.erase(to.file);
    co_return std::unexpected(made.error());
  }
  co_return co_await begin_made(to);
}

Task<pb::WorldsLinesReply> WorldsService::branch(Caller, pb::WorldsBranchRequest request) {
  request.set_world(named(request.world()));
  CO_TRY_VOID(check_named(request.world()));
  CO_TRY_VOID(check_new_name(request.name()));
  CO_TRY([[maybe_unused]] const auto new_alone, co_await alone_.with(request.name()));
  CO_TRY([[maybe_unused]] const auto alone_here, co_await alone_.with(request.world()));
  CO_TRY_VOID(check(request.world()));
  CO_TRY_VOID(check_new_name(request.name()));
  CO_TRY(const auto spot, lines_.find(request.world(), request.from()));
  CO_TRY_VOID(co_await open(request.world()));
  auto from = plan(request.world());
  from.file = WorldLines::file(request.world(), spot.number);
  WorldPlan to = from;
  to.name = to.file = request.name();
  CO_TRY([[maybe_unused]] const auto end, co_await make(from, spot.moment, to));
  to.seed = runner_.seed(request.world());
  co_return co_await begin_made(to);
}

// The line that is left stays as it is, in its own database. The next one is whole before it counts.
Task<pb::WorldsLinesReply> WorldsService::roll_back(Caller, pb::WorldsRollbackRequest request) {
  const std::string world = named(request.world());
  CO_TRY_VOID(check_named(world));
  CO_TRY([[maybe_unused]] const auto alone_here, co_await alone_.with(world));
  CO_TRY_VOID(check(world));
  CO_TRY(const auto spot, lines_.find(world, request.to()));
  CO_TRY_VOID(co_await open(world));
  auto from = plan(world);
  from.file = WorldLines::file(world, spot.number);
  const auto next = lines_.current(world) + 1;
  WorldPlan to = from;
  to.file = WorldLines::file(world, next);
  CO_TRY(const auto end, co_await make(from, spot.moment, to));
  CO_TRY_VOID(co_await close(world, "this world was rolled back"));
  const auto left = present(world);
  pb::WorldsRolledBack command;
  auto& line = *command.mutable_line();
  line.set_world(world);
  line.set_number(next);
  line.set_from_number(spot.number);
  line.set_from_sequence(end.sequence);
  line.set_left_sequence(left.sequence);
  line.set_left_at_ms(left.at.ms);
  CO_TRY_VOID(co_await note(std::move(command)));
  CO_TRY_VOID(co_await open(world));
  co_return lines_.view(world, present(world));
}

Result<pb::WorldsNoted> WorldsService::saved(Turn& turn, const Caller&, const pb::WorldsSaved& command) {
  lines_.save(turn, command.label());
  return pb::WorldsNoted();
}

Result<pb::WorldsNoted> WorldsService::rolled_back(Turn& turn, const Caller&,
                                                   const pb::WorldsRolledBack& command) {
  lines_.roll_back(turn, command.line());
  return pb::WorldsNoted();
}

}  // namespace troupe
