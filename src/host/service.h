#pragma once
// What a room runs: one folder of src/services each. Owned by app (and the rigs of tests); io thread.
//
// Life     made -> mount() -> the room opens -> start() -> the room stops and drains -> gone.
namespace troupe {

class Service {
 public:
  Service() = default;
  Service(const Service&) = delete;
  virtual ~Service() = default;

  // The one place that names what is served, heard and kept.
  virtual void mount() = 0;
  // What it does by itself begins (Host::spawn); once, when the room is open.
  virtual void start() {}
};

}  // namespace troupe
