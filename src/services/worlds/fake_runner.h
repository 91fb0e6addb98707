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
  std::shared_ptr<Visit> visit(const std::string&) override { return std::make_shared<Nothing>(); }
  bool is_visited(const std::string& world) const override { return visited.contains(world); }
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
  Result<void> erase(const std::string& world) override {
    files.erase(world);
    return {};
  }

  std::set<std::string> files;  // databases that were made
  std::set<std::string> visited;
  std::map<std::string, WorldRest> rests;  // by pack
  std::vector<std::string> branches;
  std::optional<Error> fails;  // what open() says
  int opened = 0;

 private:
  struct Nothing final : Visit {
    Task<void> read_log(std::move_only_function<Result<void>(db::Reader&)>) override {
      co_return Result<void>();
    }
  };
  const std::vector<WorldPlan> own_;
  std::map<std::string, WorldPlan> open_;
};

}  // namespace troupe::test
