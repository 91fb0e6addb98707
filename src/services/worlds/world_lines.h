#pragma once
// The lines of each world's history: where a roll back began one, and what was saved on them. A part of
// WorldsService; lives on the shared timeline, io thread. Bounds: those of the tables.
#include <optional>
#include <string>

#include "host/table.h"
#include "services/worlds/world_runner.h"
#include "troupe/v1/worlds.pb.h"

namespace troupe {

class WorldLines {
 public:
  explicit WorldLines(Timeline& timeline) : lines_(timeline), labels_(timeline) {}

  static constexpr std::size_t kLabelBytesMax = 64;

  // The database of a line, of the current one by default: "moor", "moor@2".
  std::string file(const std::string& world) const { return file(world, current(world)); }
  static std::string file(const std::string& world, std::int64_t number);
  static std::string name(std::int64_t number);  // "main", "main-2"
  std::int64_t current(const std::string& world) const;
  std::vector<std::string> files(const std::string& world) const;  // of all its lines

  // A label, or a sequence of the current line. `not_found` worlds.unknown_moment; `invalid_argument`
  // worlds.bad_moment.
  struct Spot {
    std::int64_t number = 1;
    Moment moment;
  };
  Result<Spot> find(const std::string& world, const std::string& moment) const;
  // `invalid_argument` worlds.bad_label, `conflict` worlds.label_exists.
  Result<void> check_label(const std::string& world, const std::string& label) const;

  // Where the current line parted from the one before; nothing: it is the first.
  std::optional<std::uint64_t> parted(const std::string& world) const;
  // Whether a moment of a line is in the past of the current one.
  bool lived_through(const std::string& world, std::int64_t number, std::uint64_t sequence) const;

  // `present`: of the current line.
  pb::WorldsLinesReply view(const std::string& world, const Moment& present) const;

  void save(Turn& turn, const pb::WorldLabelRecord& label) { labels_.put(turn, label); }
  void roll_back(Turn& turn, const pb::WorldLineRecord& line) { lines_.put(turn, line); }
  void forget(Turn& turn, const std::string& world);

 private:
  Table<pb::WorldLineRecord> lines_;
  Table<pb::WorldLabelRecord> labels_;
};

}  // namespace troupe
