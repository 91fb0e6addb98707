#pragma once
// The worlds of a server as its front door sees them: by name, and awake while somebody is in one. Implemented by
// app, and by OneWorld where there is one for good (rigs of tests); io thread.
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/timeline.h"
#include "ports/log.h"
#include "rt/task.h"

namespace troupe {

// Somebody is in a world: while this lives it does not fall asleep by itself. And reads its log: `unavailable`
// world.asleep once it has been put to sleep all the same.
class Visit : public Log {};

// What a world's present log is: after a roll back another one, with the same sequences up to where it parted.
struct HistoryLine {
  std::string name = "main";
  std::optional<std::uint64_t> parted;  // from the line before, after this sequence; nothing: it is the first
};

// What whoever closes a world says on the bus, a troupe.v1.WorldClosing: doors let go of who is in it.
inline constexpr const char* kWorldClosing = "fleet.worlds.Closing";
// For how long a process that has said that somebody is in a world need not say it again.
inline constexpr rt::milliseconds kVisitLife{15'000};

class Worlds {
 public:
  virtual ~Worlds() = default;

  // The world that is meant where none is named: the one that there is, "" where there are several.
  virtual std::string unnamed() const = 0;
  virtual bool exists(const std::string& world) const = 0;
  virtual std::vector<std::string> names() const = 0;
  // Which world is meant: the one named, where there is such a one, or the one that there is; "" where several are
  // and none is named.
  virtual Task<std::string> meant(std::optional<std::string> named);
  // Wakes it where it sleeps.
  virtual Task<std::shared_ptr<Visit>> enter(std::string world) = 0;

  virtual HistoryLine line(const std::string& world) const = 0;

  // `not_found` world.unknown with the nearest name.
  Result<void> check(const std::string& world) const;
  // For what needs a world: `invalid_argument` world.unnamed where none was named and there are several.
  Result<void> check_named(const std::string& world) const;
};

class OneWorld final : public Worlds {
 public:
  explicit OneWorld(Timeline& timeline) : timeline_(timeline) {}
  std::string unnamed() const override { return timeline_.config().world; }
  bool exists(const std::string& world) const override { return world == unnamed(); }
  std::vector<std::string> names() const override { return {unnamed()}; }
  Task<std::shared_ptr<Visit>> enter(std::string world) override;
  HistoryLine line(const std::string&) const override { return {}; }

 private:
  Timeline& timeline_;
};

}  // namespace troupe
