#pragma once
// Test only: a service that writes down each errand in a row of its own, so that what was acknowledged can be
// counted: never lost, never twice, and never there when it was refused. Some errands fail after they have
// changed things in three services, and one of its timers always fails.
#include <memory>
#include <string>

#include "host/host.h"
#include "host/service.h"
#include "host/table.h"
#include "troupe/v1/time.pb.h"
#include "troupe/v1/worlds.pb.h"

namespace troupe::test {

// How it ends.
enum class Ending { done, refused, throws, poisoned, unstorable };

struct Errand {
  int number = 0;
  Ending ending = Ending::done;
  enum class Known { unknown, acknowledged, refused } known = Known::unknown;
  std::string key() const { return "errand " + std::to_string(number); }
  std::string payload() const {
    return std::to_string(number) + " " + std::to_string(static_cast<int>(ending));
  }
};

class Clerk final : public Service {
 public:
  static constexpr const char* kErrand = "clerk.Errand";

  explicit Clerk(Host& host) : host_(host), rows_(host.timeline()) {}
  void mount() override;
  // How often it was done.
  int times(int number) const;

 private:
  Result<std::string> run(Turn& turn, const std::string& payload);
  void fire(Turn& turn, const std::string& key);
  void put(Turn& turn, const std::string& name, std::uint64_t times);

  Host& host_;
  Table<pb::WorldRecord> rows_;  // any record with a text and a number that no world has
};

}  // namespace troupe::test
