#include "talk/acting.h"

#include <gtest/gtest.h>

namespace troupe::talk {
namespace {

using pack::Effect;
using pack::ParamType;
using pack::Ref;

pack::Param param(std::string name, ParamType type) {
  pack::Param out;
  out.name = std::move(name);
  out.type = type;
  return out;
}

Ref of(std::string name) { return {.kind = Ref::Kind::param, .name = std::move(name)}; }

Effect effect(Effect::Kind kind, Ref ref, std::optional<Ref> from = {}, std::optional<Ref> to = {}) {
  Effect out;
  out.kind = kind;
  out.ref = std::move(ref);
  out.from = std::move(from);
  out.to = std::move(to);
  return out;
}

pack::Verb verb(std::vector<pack::Param> params, std::vector<Effect> effects,
                std::vector<pack::Nature> nature = {}) {
  pack::Verb out;
  out.params = std::move(params);
  out.effects = std::move(effects);
  out.nature = std::move(nature);
  return out;
}

// A deed is known by what it does, whatever a pack calls it.
TEST(Deed, is_what_it_does) {
  const auto good = param("ware", ParamType::item);
  const auto person = param("who", ParamType::person);
  const Effect gives = effect(Effect::Kind::give, of("ware"), Ref{}, of("who"));
  const Effect paid = effect(Effect::Kind::pay, {}, of("who"), Ref{});
  EXPECT_EQ(deed_of(verb({good, person}, {gives, paid})), Deed::sell);
  EXPECT_EQ(deed_of(verb({good, person}, {gives})), Deed::give);
  EXPECT_EQ(deed_of(verb({param("to", ParamType::place)}, {effect(Effect::Kind::move, of("to"))})), Deed::go);
  EXPECT_EQ(deed_of(verb({person}, {}, {pack::Nature::travel})), Deed::join);
  EXPECT_EQ(deed_of(verb({}, {}, {pack::Nature::rest})), Deed::rest);
  EXPECT_EQ(deed_of(verb({good}, {effect(Effect::Kind::take, of("ware"))})), Deed::eat);
  EXPECT_EQ(deed_of(verb({person}, {}, {pack::Nature::harm})), Deed::harm);
  EXPECT_EQ(deed_of(verb({param("bell", ParamType::feature)}, {})), Deed::other);
}

}  // namespace
}  // namespace troupe::talk
