#pragma once
// Test only: a whole room, every service of a world in it, lived through with faults: random requests in any
// order, a database that is slow, full or refuses, a bus that loses answers, and the process ended at any
// await. All of it follows from one seed, on a clock that only the simulation moves.
#include <memory>
#include <string>
#include <vector>

#include "app/services.h"
#include "host/room.h"
#include "ports/faulty_bus.h"
#include "ports/faulty_db.h"
#include "rt/virtual_clock.h"
#include "tests/simulator/clerk.h"
#include "tests/simulator/random_request.h"

namespace troupe::test {

struct Tally {
  int commands = 0, answered = 0, refused = 0, crashes = 0, restarts = 0, disk_faults = 0, bus_faults = 0;
  int failed_turns = 0;  // by time, consumed
  std::uint64_t events = 0;
  std::string state_hash;
};

class Simulation {
 public:
  Simulation(std::uint64_t seed, const pack::Pack& pack);
  ~Simulation();
  Simulation(const Simulation&) = delete;

  // Lives through `steps` and holds it against what was promised; what is wrong is a test's failure.
  Tally run(int steps);

 private:
  struct Life;
  struct Asked;

  void begin();  // opens the room: at the start, and after each end
  void crash();
  void restart();
  void end(bool orderly);
  void step();
  void pass(rt::nanoseconds span) { clock_.advance(span); }
  void ask_anything();
  void ask_clerk();
  void hold_to_promises();
  void expect_the_same_after_a_restart();
  void expect_replay();
  std::vector<std::pair<std::string, std::string>> answers();  // of every query, by its RPC
  db::Fault disk();
  bus::Fault wire();
  std::unique_ptr<db::Db> open_file(const std::string& name) const;
  TimelineConfig config(bool replay) const;
  std::string hash(Room& room);

  const std::uint64_t seed_;
  const pack::Pack& pack_;
  Dice dice_;
  std::vector<std::string> words_;
  std::filesystem::path folder_;
  rt::asio::io_context io_;
  rt::VirtualClock clock_{io_};
  rt::SeededIds ids_;
  rt::Env env_{io_.get_executor(), clock_, ids_};
  Metrics metrics_;
  // Faults that are on.
  int full_ = 0;      // transactions that meet a full disk
  int refusing_ = 0;  // transactions of which one statement is refused
  int slow_ = 0;      // transactions that take long
  int lossy_ = 0;     // requests
  std::unique_ptr<Life> life_;
  std::vector<std::shared_ptr<Asked>> asked_;
  std::vector<std::shared_ptr<Errand>> errands_;
  Tally tally_;
};

}  // namespace troupe::test
