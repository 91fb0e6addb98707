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
    files.insert(plan.name);
    return {};
  }
  bool is_open(const std::string& world) const override { return open_.contains(world); }
  std::uint64_t sequence(const std::string&) const override { return 7; }
  std::uint64_t seed(const std::string& world) const override {
    const auto seed = open_.at(world).seed;
    return seed == 0 ? 1 : seed;
  }
  std::shared_ptr<Visit> visit(const std::string&) override { return std::make_shared<Nothing>(); }
  Task<std::uint64_t> close(std::string world) override {
    open_.erase(world);
    co_return std::uint64_t{7};
  }
  Result<void> erase(const std::string& world) override {
    files.erase(world);
    return {};
  }

  std::set<std::string> files;  // of created worlds
  std::optional<Error> fails;   // what open() says
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
