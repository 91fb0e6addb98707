#pragma once
// What the rows of each table add up to: a number of rows and the sum of their hashes, kept with every
// change, so that a flipped bit in any row is found and its table named. The order of rows does not matter.
// Against failing disks, not against people: whoever can write the file can seal it again. A value; used by
// one thread.
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace troupe::db {

// 128 bits of one row, value by value in the order of its columns.
class RowHash {
 public:
  void null() { mix(1); }
  void integer(std::int64_t value) {
    mix(2);
    mix(static_cast<std::uint64_t>(value));
  }
  void real(double value);  // a whole number counts as the integer that SQLite may keep in its place
  void text(std::string_view value) { bytes(3, value); }
  void blob(std::string_view value) { bytes(4, value); }
  std::array<std::uint64_t, 2> finish() const;

 private:
  void mix(std::uint64_t value);
  void bytes(std::uint64_t kind, std::string_view value);

  std::uint64_t a_ = 0x243f6a8885a308d3U;
  std::uint64_t b_ = 0x13198a2e03707344U;
};

class Seals {
 public:
  void add(std::string_view table, const RowHash& row) { change(table, row, false); }
  void remove(std::string_view table, const RowHash& row) { change(table, row, true); }
  // Of a table whose rows are covered by a chain of their own: the number of its last row. A chain does not
  // know where it ended.
  void reach(std::string_view table, std::int64_t last_row);

  // Changes since `mark` are taken back; mark() is how many there were.
  std::size_t mark() const { return changes_.size(); }
  void undo_to(std::size_t mark);
  void settle() { changes_.clear(); }  // committed

  std::string encode() const;
  static Result<Seals> decode(std::string_view bytes);
  // The first table, by name, whose rows do not add up, and how; "" where all do.
  std::string difference(const Seals& counted) const;

 private:
  struct Sum {
    std::string table;
    std::int64_t rows = 0;
    std::array<std::uint64_t, 2> hash = {};
  };
  struct Change {
    std::size_t table;
    std::array<std::uint64_t, 2> hash;
    std::int64_t rows;  // more; what was removed is taken off
  };
  void change(std::string_view table, const RowHash& row, bool removed);
  void apply(const Change& change, bool backwards);
  std::size_t index_of(std::string_view table);

  std::vector<Sum> sums_;  // a few dozen tables
  std::vector<Change> changes_;
  std::size_t last_ = 0;  // most changes follow one of the same table
};

}  // namespace troupe::db
