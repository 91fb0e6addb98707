#pragma once
// Who came into a world through another process: held as a visit of our own until that process says that they have left, or says
// nothing any more. A part of WorldsService; io thread. Bounds: kMax stays.
#include <map>
#include <memory>
#include <string>

#include "host/worlds.h"

namespace troupe {

class Guests {
 public:
  static constexpr std::size_t kMax = 10'000;  // worlds times gateways

  bool has_room(const std::string& world, const std::string& stay) const {
    return stays_.size() < kMax || stays_.contains({world, stay});
  }
  void came(const std::string& world, const std::string& stay, std::shared_ptr<Visit> visit,
            rt::Instant until) {
    stays_[{world, stay}] = {std::move(visit), until};
  }
  void left(const std::string& world, const std::string& stay) { stays_.erase({world, stay}); }
  void closed(const std::string& world) {
    std::erase_if(stays_, [&](const auto& one) { return one.first.first == world; });
  }
  // Those whose process has not been heard in time.
  void forget(rt::Instant now) {
    std::erase_if(stays_, [now](const auto& one) { return one.second.until < now; });
  }

 private:
  struct Stay {
    std::shared_ptr<Visit> visit;
    rt::Instant until;
  };
  std::map<std::pair<std::string, std::string>, Stay> stays_;
};

}  // namespace troupe
