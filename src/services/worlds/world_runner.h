#pragma once
// What opens and closes the rooms of worlds. Implemented by app; io thread.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "host/worlds.h"

namespace troupe {

struct WorldPlan {
  std::string name;
  std::string pack;        // as world.yaml calls it
  std::uint64_t seed = 0;  // 0 = the pack's
};

class WorldRunner {
 public:
  virtual ~WorldRunner() = default;

  // What the server was started with: a world of each pack, which bears its name. Others are made from these packs.
  virtual const std::vector<WorldPlan>& started_with() const = 0;

  // Opens its database, or begins it, and lets time go on. Blocks for as long as it takes to read it.
  virtual Result<void> open(const WorldPlan& plan) = 0;
  virtual bool is_open(const std::string& world) const = 0;
  // Of an open world: its last event, its seed, and somebody in it.
  virtual std::uint64_t sequence(const std::string& world) const = 0;
  virtual std::uint64_t seed(const std::string& world) const = 0;
  virtual std::shared_ptr<Visit> visit(const std::string& world) = 0;
  // Who is in it is asked to leave; everything is durable when it answers with the world's last event.
  virtual Task<std::uint64_t> close(std::string world) = 0;
  // Of a closed world: its files.
  virtual Result<void> erase(const std::string& world) = 0;
};

}  // namespace troupe
