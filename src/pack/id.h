#pragma once
// Ids of a pack: short, lowercase, readable where people meet them ("marta", "harbour"). One type per kind of
// thing, so that a place cannot be passed where a person is meant. `str()` where a proto or SQL wants the
// text.
#include <fmt/core.h>

#include <compare>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace troupe::pack {

template <class Tag>
class Id {
 public:
  Id() = default;
  explicit Id(std::string text) : text_(std::move(text)) {}

  const std::string& str() const { return text_; }
  bool empty() const { return text_.empty(); }
  explicit operator bool() const { return !text_.empty(); }

  friend auto operator<=>(const Id&, const Id&) = default;
  friend bool operator==(const Id&, const Id&) = default;
  friend bool operator==(const Id& id, std::string_view text) { return id.text_ == text; }

 private:
  std::string text_;
};

using RegionId = Id<struct RegionTag>;
using PlaceId = Id<struct PlaceTag>;
using FeatureId = Id<struct FeatureTag>;
using NpcId = Id<struct NpcTag>;
using FactId = Id<struct FactTag>;
using FactionId = Id<struct FactionTag>;
using GoodId = Id<struct GoodTag>;
using VerbId = Id<struct VerbTag>;

}  // namespace troupe::pack

template <class Tag>
struct std::hash<troupe::pack::Id<Tag>> {
  std::size_t operator()(const troupe::pack::Id<Tag>& id) const { return std::hash<std::string>()(id.str()); }
};

template <class Tag>
struct fmt::formatter<troupe::pack::Id<Tag>> : fmt::formatter<std::string_view> {
  template <class Context>
  auto format(const troupe::pack::Id<Tag>& id, Context& context) const {
    return fmt::formatter<std::string_view>::format(id.str(), context);
  }
};
