#pragma once
// One simulated player of `troupe load`: walks to people, stands before them, talks, walks on. A thread of
// its own; what it does follows from seed and number alone, when it does it from the server's answers.
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "cli/rpc.h"
#include "rt/random.h"

namespace troupe::cli {

// What players saw, together.
struct LoadFigures {
  std::vector<double> first_word_ms;  // of lines that streamed
  std::vector<double> answer_ms;
  std::vector<double> input_ms;
  std::map<std::string, std::int64_t> tiers;   // answers
  std::map<std::string, std::int64_t> ways;    // the same: written, grounded, told, model, deflected
  std::map<std::string, std::int64_t> failed;  // calls, by reason
  std::int64_t deadlines_missed = 0;

  void add(const LoadFigures& other);
};
// The value below which that share of all lie; 0 for none.
double percentile(std::vector<double> values, double share);

// Ends all players at once.
class LoadClock {
 public:
  using Clock = std::chrono::steady_clock;
  explicit LoadClock(std::chrono::milliseconds span) : end_(Clock::now() + span) {}
  bool over() const;
  void end();
  // False when the end came first.
  bool wait(std::chrono::milliseconds span);

 private:
  mutable std::mutex mutex_;
  std::condition_variable ended_;
  Clock::time_point end_;
};

class LoadPlayer {
 public:
  LoadPlayer(ServerOptions server, std::uint64_t seed, int number, LoadClock& clock,
             const std::atomic<bool>* stop);
  void play();
  // Any thread: what was seen since the last call.
  LoadFigures take();

 private:
  struct Place {
    double x = 0, y = 0;
  };
  std::uint64_t draw(std::uint64_t below) { return draw_.below(below, ++drawn_); }
  Result<Json> call(std::string_view method, const Json& request);
  std::string pick();
  void come_in(Place place);
  bool walk_to(const std::string& npc);
  bool stand_before(const std::string& npc, std::chrono::milliseconds span, bool typing);
  bool input(const std::string& looked_at, const std::string& typing_to);
  void say(const std::string& npc, const std::string& text);
  void note_failure(const Error& error);

  LoadClock& clock_;
  const ServerOptions server_;
  HttpClient client_;
  rt::Draw draw_;
  std::uint64_t drawn_ = 0;
  Place at_;
  std::mutex mutex_;  // of figures_
  LoadFigures figures_;
};

}  // namespace troupe::cli
