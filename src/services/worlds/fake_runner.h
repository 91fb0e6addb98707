#pragma once
// Test only: worlds that are open or closed and nothing else.
#include <map>
#include <set>

#include "services/worlds/world_runner.h"

namespace troupe::test {

class FakeRunner final : public WorldRunner {
 public:
  explicit FakeRunner(std::vector<WorldPlan> own) : own_(std::move(own)) {
    for (const auto& plan : own_) open_[plan.name] = plan;
  }

  const std::vector<WorldPlan>& started_with() const override { return own_; }
  Result<void> open(const WorldPlan& plan) override {
    ++opened;
    if (fails) return std::unexpected(*fails);
    open_[plan.name] = plan;
    files.insert(plan.file);
    return {};
  }
  bool is_open(const std::string& world) const override { return open_.contains(world); }
  Moment present(const std::string&) const override { return {.sequence = 7, .at = {70}}; }
  std::uint64_t seed(const std::string& world) const override {
    const auto seed = open_.at(world).seed;
    return seed == 0 ? 1 : seed;
  }
  std::shared_ptr<Visit> visit(const std::string& world) override {
    auto& inside = inside_[world];
    if (!inside) inside = std::make_shared<Nothing>();
    return inside;
  }
  bool is_visited(const std::string& world) const override {
    const auto inside = inside_.find(world);
    return visited.contains(world) || (inside != inside_.end() && inside->second.use_count() > 1);
  }
  WorldRest rest(const WorldPlan& plan) const override {
    const auto found = rests.find(plan.pack);
    return found == rests.end() ? WorldRest() : found->second;
  }
  Task<Moment> close(std::string world, std::string) override {
    const auto last = present(world);
    open_.erase(world);
    co_return last;
  }
  // "moor@2 from moor until 5"
  Task<Moment> branch(WorldPlan from, Moment moment, WorldPlan to) override {
    const auto sequence = moment.sequence;
    if (fails) co_return std::unexpected(*fails);
    if (sequence > 7) co_return fail(Code::not_found, "worlds.unknown_moment", "it has come to event 7 only");
    branches.push_back(to.file + " from " + from.file + " until " + std::to_string(sequence));
    files.insert(to.file);
    co_return Moment{.sequence = sequence, .at = {static_cast<std::int64_t>(sequence) * 10}};
  }
  Task<File> write_file(WorldPlan from, Moment end, std::string name) override {
    if (fails) co_return std::unexpected(*fails);
    exported[name] = {.path = name, .pack = from.pack, .seed = from.seed, .end = end, .bytes = 1};
    co_return exported[name];
  }
  Task<File> look_at_file(std::string name) override {
    if (!exported.contains(name)) co_return fail(Code::not_found, "worlds.no_file", "no world file " + name);
    co_return exported[name];
  }
  Task<Moment> read_file(std::string name, WorldPlan to) override {
    if (fails) co_return std::unexpected(*fails);
    files.insert(to.file);
    co_return exported[name].end;
  }
  Result<void> erase(const std::string& world) override {
    files.erase(world);
    return {};
  }

  std::set<std::string> files;  // databases that were made
  std::set<std::string> visited;
  std::map<std::string, File> exported;
  std::map<std::string, WorldRest> rests;  // by pack
  std::vector<std::string> branches;
  std::optional<Error> fails;  // what open() says
  int opened = 0;

 private:
  struct Nothing final : Visit {
    Task<LogPage> read(std::uint64_t, std::size_t, LogReader) override { co_return LogPage(); }
  };
  const std::vector<WorldPlan> own_;
  std::map<std::string, WorldPlan> open_;
  std::map<std::string, std::shared_ptr<Nothing>> inside_;
};

}  // namespace troupe::test
