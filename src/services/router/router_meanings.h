#pragma once
// Answers to requests that are marked as safe to share, found by what their last message means. Everything
// else of the request must be the same. Owned by the router, so of one world; io thread. Bounds:
// MeaningLimits; what was not used for longest goes first. Not kept over a restart.
#include <list>
#include <optional>
#include <string>
#include <vector>

#include "ports/engine.h"
#include "services/router/router_config.h"

namespace troupe::router {

class Meanings {
 public:
  explicit Meanings(const MeaningLimits& limits) : limits_(limits) {}

  // `scope`: cache_scope() and the model of the vectors. `meaning`: of length 1.
  std::optional<engine::GenerateReply> find(const std::string& scope, const std::vector<float>& meaning,
                                            rt::Instant now);
  void put(const std::string& scope, const std::vector<float>& meaning, const engine::GenerateReply& reply,
           rt::Instant now);

  std::size_t rows() const { return answers_.size(); }
  std::size_t bytes() const { return bytes_; }

 private:
  struct Kept {
    std::string scope;
    std::vector<float> meaning;
    engine::GenerateReply reply;
    rt::Instant at;
    std::size_t bytes = 0;
  };
  MeaningLimits limits_;
  std::list<Kept> answers_;  // used last first
  std::size_t bytes_ = 0;
};

}  // namespace troupe::router
