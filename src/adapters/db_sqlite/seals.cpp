#include "adapters/db_sqlite/seals.h"

#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <map>

namespace troupe::db {

namespace {

std::uint64_t fold(std::uint64_t x, std::uint64_t y) {
  const auto product = static_cast<unsigned __int128>(x) * y;
  return static_cast<std::uint64_t>(product >> 64) ^ static_cast<std::uint64_t>(product);
}

void put(std::string& out, std::uint64_t value) {
  for (int i = 0; i < 8; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
}

std::uint64_t get(std::string_view& in) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    value |= static_cast<std::uint64_t>(static_cast<unsigned char>(in[i])) << (8 * i);
  }
  in.remove_prefix(8);
  return value;
}

}  // namespace

void RowHash::mix(std::uint64_t value) {
  a_ = fold(a_ ^ value, 0x9e3779b97f4a7c15U) + 0xa4093822299f31d0U;
  b_ = fold(std::rotl(b_, 29) + value, 0xd1342543de82ef95U) ^ value;
}

void RowHash::bytes(std::uint64_t kind, std::string_view value) {
  mix(kind);
  mix(value.size());
  while (value.size() >= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, value.data(), 8);
    mix(word);
    value.remove_prefix(8);
  }
  if (value.empty()) return;
  std::uint64_t word = 0;
  std::memcpy(&word, value.data(), value.size());
  mix(word);
}

void RowHash::real(double value) {
  constexpr double kWhole = 9e15;
  if (std::trunc(value) == value && std::abs(value) < kWhole)
    return integer(static_cast<std::int64_t>(value));
  mix(5);
  mix(std::bit_cast<std::uint64_t>(value));
}

std::array<std::uint64_t, 2> RowHash::finish() const {
  return {fold(a_ ^ std::rotl(b_, 17), 0x9e3779b97f4a7c15U), fold(b_ ^ a_, 0xd1342543de82ef95U)};
}

std::size_t Seals::index_of(std::string_view table) {
  if (last_ < sums_.size() && sums_[last_].table == table) return last_;
  const auto found = std::ranges::find(sums_, table, &Sum::table);
  last_ = static_cast<std::size_t>(found - sums_.begin());
  if (found == sums_.end()) sums_.push_back({.table = std::string(table)});
  return last_;
}

void Seals::apply(const Change& change, bool backwards) {
  Sum& sum = sums_[change.table];
  const bool less = (change.rows < 0) != backwards;
  sum.rows += backwards ? -change.rows : change.rows;
  for (std::size_t lane = 0; lane < 2; ++lane) {
    sum.hash[lane] += less ? 0 - change.hash[lane] : change.hash[lane];
  }
}

void Seals::change(std::string_view table, const RowHash& row, bool removed) {
  changes_.push_back({index_of(table), row.finish(), removed ? -1 : 1});
  apply(changes_.back(), false);
}

void Seals::reach(std::string_view table, std::int64_t last_row) {
  const auto index = index_of(table);
  if (last_row <= sums_[index].rows) return;
  changes_.push_back({index, {}, last_row - sums_[index].rows});
  apply(changes_.back(), false);
}

void Seals::undo_to(std::size_t mark) {
  while (changes_.size() > mark) {
    apply(changes_.back(), true);
    changes_.pop_back();
  }
}

std::string Seals::encode() const {
  std::string out;
  for (const Sum& sum : sums_) {
    if (sum.rows == 0 && sum.hash == std::array<std::uint64_t, 2>{}) continue;
    put(out, sum.table.size());
    out += sum.table;
    put(out, static_cast<std::uint64_t>(sum.rows));
    for (const auto lane : sum.hash) put(out, lane);
  }
  return out;
}

Result<Seals> Seals::decode(std::string_view bytes) {
  Seals seals;
  while (!bytes.empty()) {
    const auto damaged = [] { return fail(Code::unavailable, "db.damaged", "the seals do not parse"); };
    if (bytes.size() < 8) return damaged();
    const std::uint64_t size = get(bytes);
    if (size > bytes.size() || bytes.size() - size < 24) return damaged();
    Sum sum{.table = std::string(bytes.substr(0, size))};
    bytes.remove_prefix(size);
    sum.rows = static_cast<std::int64_t>(get(bytes));
    for (auto& lane : sum.hash) lane = get(bytes);
    seals.sums_.push_back(std::move(sum));
  }
  return seals;
}

std::string Seals::difference(const Seals& counted) const {
  std::map<std::string, std::pair<Sum, Sum>> tables;
  for (const Sum& sum : sums_) tables[sum.table].first = sum;
  for (const Sum& sum : counted.sums_) tables[sum.table].second = sum;
  for (const auto& [table, both] : tables) {
    const auto& [sealed, found] = both;
    // (An older version did not write down where chained tables end.)
    if (sealed.rows == 0 && found.hash == std::array<std::uint64_t, 2>{}) continue;
    if (sealed.rows != found.rows) {
      return fmt::format("table {} has {} rows, and {} were written", table, found.rows, sealed.rows);
    }
    if (sealed.hash != found.hash) return fmt::format("a row of table {} is not what was written", table);
  }
  return {};
}

}  // namespace troupe::db
