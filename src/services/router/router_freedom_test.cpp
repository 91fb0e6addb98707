// Requests that only models may answer which were found good enough for it.
#include "services/router/router_rig.h"

namespace troupe {
namespace {

using engine::Tier;
using test::RouterRig;

TEST(Router, AsksOnlyWhoWasFoundGoodEnough) {
  using inference::Freedom;
  RouterRig rig({"small", "large"}, [](RouterRig& r, RouterConfig& config) {
    auto small = r.route("small");
    small.freedoms = {};
    small.freedoms.add(Freedom::rephrase);
    auto large = r.route("large");
    config.tiers = {{Tier::silver, {small, large}}};
  });
  for (const auto* name : {"small", "large"}) rig.engine(name).at_once = rig.engine(name).says(name);
  const auto said = [&](const char* freedom) {
    auto line = RouterRig::line();
    line.set_freedom(freedom);
    const auto reply = rig.generate(line);
    return reply ? reply->text() : reply.error().reason;
  };
  EXPECT_EQ(said(""), "small");
  EXPECT_EQ(said("rephrase"), "small");
  EXPECT_EQ(said("nearest"), "large");
  EXPECT_EQ(said("first"), "large");
  EXPECT_EQ(said("firts"), "router.unknown_freedom");

  RouterRig none({"small"}, [](RouterRig& r, RouterConfig& config) {
    auto small = r.route("small");
    small.freedoms = {};
    config.tiers = {{Tier::silver, {small}}};
  });
  auto line = RouterRig::line();
  line.set_freedom("small_talk");
  EXPECT_EQ(none.generate(line).error().reason, "router.no_freedom");
  EXPECT_TRUE(none.engine("small").asked.empty());
}

}  // namespace
}  // namespace troupe
