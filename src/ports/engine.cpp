#include "ports/engine.h"

namespace troupe::engine {

std::string_view tier_name(Tier tier) {
  switch (tier) {
    case Tier::reflex: return "reflex";
    case Tier::gold: return "gold";
    case Tier::silver: return "silver";
    case Tier::bronze: return "bronze";
  }
  return "reflex";
}

std::string_view finish_name(Finish finish) {
  switch (finish) {
    case Finish::stop: return "stop";
    case Finish::length: return "length";
    case Finish::deadline: return "deadline";
    case Finish::cancelled: return "cancelled";
  }
  return "stop";
}

}  // namespace troupe::engine
