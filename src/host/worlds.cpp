#include "host/worlds.h"

#include <fmt/ranges.h>

#include "base/text.h"
#include "host/room_log.h"

namespace troupe {

namespace {

constexpr std::size_t kNamedMax = 20;  // worlds in one message

class Here final : public Visit {
 public:
  explicit Here(Timeline& timeline) : log_(timeline.db(), timeline.config().world) {}
  Task<LogPage> read(std::uint64_t after, std::size_t limit, LogReader each) override {
    return log_.read(after, limit, std::move(each));
  }

 private:
  DbLog log_;
};

}  // namespace

Result<void> Worlds::check(const std::string& world) const {
  if (exists(world)) return {};
  if (const auto only = unnamed(); !only.empty())
    return fail(Code::not_found, "world.unknown", "no world '" + world + "' here; this is '" + only + "'");
  auto all = names();
  if (const auto near = did_you_mean(world, all); !near.empty())
    return fail(Code::not_found, "world.unknown", "no world '" + world + "' here" + near);
  if (all.size() > kNamedMax) all.resize(kNamedMax);
  return fail(Code::not_found, "world.unknown",
              fmt::format("no world '{}' here; there are {}", world, fmt::join(all, ", ")));
}

Result<void> Worlds::check_named(const std::string& world) const {
  if (!world.empty()) return check(world);
  auto all = names();
  if (all.size() > kNamedMax) all.resize(kNamedMax);
  return fail(Code::invalid_argument, "world.unnamed",
              fmt::format("there are several worlds: name one (X-Troupe-World, hello.world, --world): {}",
                          fmt::join(all, ", ")));
}

Task<std::string> Worlds::meant(std::optional<std::string> named) {
  if (!named) co_return unnamed();
  CO_TRY_VOID(check(*named));
  co_return *std::move(named);
}

Task<std::shared_ptr<Visit>> OneWorld::enter(std::string world) {
  CO_TRY_VOID(check_named(world));
  co_return std::make_shared<Here>(timeline_);
}

}  // namespace troupe
