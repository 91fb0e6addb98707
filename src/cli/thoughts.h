#pragma once
// Who thinks, in plain words, for people who watch. Pure.
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "cli/events.h"
#include "cli/rpc.h"
#include "cli/terminal.h"

namespace troupe::cli {

// Remembers what was told already. Bounded by what the server lists (engine::kThoughtsMax an engine).
class ThoughtFollower {
 public:
  // What is new in a reply of router.Status, in the order of the calls: a thought that has begun, one that
  // was pre-empted again, one that has ended. What had ended before the first reply is old.
  std::vector<Json> changes(const Json& status);

 private:
  using Key = std::pair<std::string, std::int64_t>;  // engine, number
  struct Told {
    bool ended = false;
    std::int64_t preemptions = 0;
  };
  bool first_ = true;
  std::map<Key, Told> told_;
};

// "Marta            gold    met       120 ms to spare; waited 3 ms; 1 new token; qwen2.5-coder-0.5b"
std::string thought_line(const Json& thought, const Names& names, const Style& style);

}  // namespace troupe::cli
