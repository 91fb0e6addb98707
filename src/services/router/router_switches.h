#pragma once
// Which model writes for each tier, and when that changes: another configuration, an engine that failed, one
// that came back. One answer by another model is not a switch, kInARow are. Owned by RouterService; io
// thread. Keeps one name a tier, as part of the world's history.
#include <map>
#include <string>

#include "host/host.h"
#include "host/table.h"
#include "troupe/v1/router.pb.h"

namespace troupe::router {

class Switches {
 public:
  static constexpr int kInARow = 3;

  explicit Switches(Host& host) : host_(host), serving_(host.timeline()) {}
  void mount();
  // `model` has written an answer of `tier` that asked for no model in particular.
  void wrote(const std::string& tier, const std::string& model);

 private:
  Result<pb::RouterServed> serving(Turn& turn, const Caller& caller, const pb::RouterServing& command);

  struct Other {
    std::string model;
    int in_a_row = 0;
  };
  Host& host_;
  Table<pb::RouterServing> serving_;
  std::map<std::string, Other> others_;
};

}  // namespace troupe::router
