#pragma once
// Vectors of texts. Who makes them (an embedding model, or by_words() where there is none) is not this room's
// business: its functions name the texts whose vectors they need, and look them up here. A value; any thread
// while nobody adds. Bounded by whoever fills it; a vector of MiniLM has 384 numbers, 1.5 KiB.
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::talk {

using Vector = std::vector<float>;  // of unit length; empty = none

// The cosine of two vectors of unit length; 0 where one is missing or their sizes differ.
double cosine(const Vector& a, const Vector& b);

class VectorTable {
 public:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};

  // Takes the place of what was there. Rows stay where they are.
  std::uint32_t add(std::string text, Vector vector);
  std::uint32_t row(std::string_view text) const;  // kNone where the text is not here
  const Vector& at(std::uint32_t row) const;       // an empty vector for kNone
  const Vector& of(std::string_view text) const { return at(row(text)); }
  bool contains(std::string_view text) const { return row(text) != kNone; }
  std::size_t size() const { return vectors_.size(); }
  // All of them: text -> row.
  const std::map<std::string, std::uint32_t, std::less<>>& rows() const { return rows_; }

 private:
  std::map<std::string, std::uint32_t, std::less<>> rows_;
  std::vector<Vector> vectors_;
};

}  // namespace troupe::talk
