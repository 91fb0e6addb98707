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
  std::string file;        // of its database, without folder and end: "moor", or "moor@2" after a roll back
};

// A moment of a world: what it was after this event and this input, at this time. Without inputs: when the turn that
// made the event was over.
struct Moment {
  std::uint64_t sequence = 0;
  GameTime at;
  std::uint64_t inputs = 0;
};

// What its pack says of a world that nobody is in.
struct WorldRest {
  rt::milliseconds after{0};  // real time, then it falls asleep; 0 = never by itself
  bool time_passes = false;   // while it sleeps
};

class WorldRunner {
 public:
  virtual ~WorldRunner() = default;

  // What the server was started with: a world of each pack, which bears its name. Others are made from these packs.
  virtual const std::vector<WorldPlan>& started_with() const = 0;

  // Opens its database, or begins it, and lets time go on. Blocks for as long as it takes to read it.
  virtual Result<void> open(const WorldPlan& plan) = 0;
  virtual bool is_open(const std::string& world) const = 0;
  // Of an open world: what is last, its seed, and somebody in it.
  virtual Moment present(const std::string& world) const = 0;
  virtual std::uint64_t seed(const std::string& world) const = 0;
  virtual std::shared_ptr<Visit> visit(const std::string& world) = 0;
  // Whether somebody is.
  virtual bool is_visited(const std::string& world) const = 0;
  virtual WorldRest rest(const WorldPlan& plan) const = 0;
  // Who is in it is asked to leave, and told why; everything is durable when it answers with what was last.
  virtual Task<Moment> close(std::string world, std::string why) = 0;
  // Makes the database of `to` out of the inputs of `from`, up to `moment`: as if nothing had come after it. Where it
  // ends. `from` may be open; the io thread goes on meanwhile.
  virtual Task<Moment> branch(WorldPlan from, Moment moment, WorldPlan to) = 0;
  // A file of exports/, by name: made of a line up to `end`; what it is of; and a database made out of it. See app/world_file.h.
  struct File {
    std::string path;  // for people
    std::string pack;
    std::uint64_t seed = 0;
    Moment end;
    std::uint64_t bytes = 0;
  };
  virtual Task<File> write_file(WorldPlan from, Moment end, std::string name) = 0;
  virtual Task<File> look_at_file(std::string name) = 0;
  virtual Task<Moment> read_file(std::string name, WorldPlan to) = 0;
  // A database that is not open, with all that belongs to it.
  virtual Result<void> erase(const std::string& file) = 0;
};

}  // namespace troupe
