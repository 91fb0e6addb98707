#pragma once
// What the router is told: routes by tier, and policy. Plain values; made by app.
#include <map>
#include <string>
#include <vector>

#include "inference/budget.h"
#include "inference/fair_queue.h"
#include "inference/freedom.h"
#include "inference/route.h"
#include "ports/engine.h"

namespace troupe {

// One way to answer: an engine and a model of it.
struct Route {
  engine::Engine* engine = nullptr;
  std::string model;
  bool writes = true;  // false: it chooses and nothing else
  inference::Price price = {};
  std::size_t places = 32;  // requests of one tier that it is given at once
  // What it may do where a request asks for a model that may (RouterGenerateRequest.freedom).
  inference::Freedoms freedoms = inference::Freedoms::all();
};

struct JobLimits {
  std::size_t parallel = 2;            // bronze takes what is left: two keep it busy
  std::size_t waiting_max = 10'000;    // 10 MB of prompts of a page each
  std::size_t waiting_each_max = 500;  // of one player
  std::size_t kept_max = 1'000;        // of those that have ended
  int attempts_max = 5;                // then the work is at fault, or nobody can do it
  std::size_t work_bytes_max = 256 * 1024;
  rt::milliseconds takes_max{3'600'000};  // of one attempt
  rt::milliseconds again_after{5'000};    // and twice as long after each further one
};

// A model that is tried out on a share of a tier's callers.
struct Canary {
  std::string model;
  double share = 0;  // 0 to 1
};

// What an operator may say (config_router.h in app).
struct RouterPolicy {
  inference::BudgetLimits budgets;
  std::map<engine::Tier, rt::milliseconds> hedge_after;  // not there = never
  std::map<engine::Tier, Canary> canaries;
  // Answers at once for one player in a conversation. What a person says needs no more, and on a machine of
  // its own each more would make everybody else's slower.
  std::size_t player_parallel = 2;
  // A person who has said nothing after this long is somebody else's turn: a smaller model's, then a
  // writer's.
  rt::milliseconds player_patience{6'000};
  bool step_down = true;  // a smaller tier's models answer when a tier's own cannot
  JobLimits jobs;
};

// Of the answers that are kept because they would be the same again.
struct CacheLimits {
  std::size_t rows_max = 2048;
  std::size_t bytes_max = std::size_t{8} << 20;
  rt::milliseconds unknown_for{600'000};  // of weights that have no hash
};

struct MeaningLimits {
  std::size_t rows_max = 512;
  std::size_t bytes_max = std::size_t{2} << 20;
  double alike = .93;                       // cosine: below it, it is another question
  rt::milliseconds keeps_for{600'000};      // nothing tells when what was answered is no longer so
  rt::milliseconds embedded_within{1'000};  // then it is asked as any other
};

struct RouterLimits {
  CacheLimits cache;
  MeaningLimits meanings;
  inference::BreakerLimits breaker;
  inference::StatsLimits stats;
  std::size_t waiting_max = 1024;              // at one route and tier
  std::size_t waiting_each_max = 64;           // of one player there
  rt::milliseconds player_goes_on{30'000};     // by then most players have answered
  rt::milliseconds guess_unlikely{3'600'000};  // for its cache a guess is something that is needed so late
  rt::milliseconds begins_soon{2'000};         // a talk, where a smaller model can
  rt::milliseconds yields_for{30'000};         // since a talk was last turned away
};

struct RouterConfig {
  std::map<engine::Tier, std::vector<Route>> tiers;
  std::vector<Route> embedding;
  std::map<engine::Tier, rt::milliseconds> deadlines = {{engine::Tier::gold, rt::milliseconds(250)},
                                                        {engine::Tier::silver, rt::milliseconds(15'000)},
                                                        {engine::Tier::bronze, rt::milliseconds(120'000)}};
  RouterPolicy policy;
  RouterLimits limits;
};

}  // namespace troupe
