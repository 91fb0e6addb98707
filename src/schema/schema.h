#pragma once
// What a JSON schema may ask for here, and whether a document is what it asks for. Pure; any thread.
//
// The schema and its patterns come from clients. So the work is bounded by Limits whatever they say: a schema
// is read in one pass, patterns run in linear time (RE2), and the steps of a check are counted.
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

namespace troupe::schema {

struct Limits {
  std::size_t bytes_max = 64 * 1024;         // of a schema
  int depth_max = 32;                        // of a schema, without its references
  int reach_max = 256;                       // levels of the schema and of all that it refers to, together
  int in_place_max = 16;                     // $ref, allOf, anyOf... one in another, for the same value
  std::size_t nodes_max = 4096;              // schemas in a schema
  std::size_t pattern_bytes_max = 1024;      // of one pattern
  std::int64_t pattern_states_max = 30'000;  // of all patterns together, each counted once: some 40 ms
  std::size_t document_bytes_max = 1024 * 1024;  // of what is checked
  int document_depth_max = 64;
  std::size_t unique_items_max = 1024;  // of an array in a document whose schema says uniqueItems
  std::int64_t steps_max = 200'000;     // of one check
};

class Schema {
 public:
  // `invalid_argument` schema.bad (is no schema), schema.unsupported (names the keyword, format or pattern
  // that an answer cannot be held to), schema.impossible (nothing matches), schema.too_much.
  static Result<Schema> read(std::string_view text, const Limits& limits = {});

  // What its patterns took of Limits::pattern_states_max.
  std::int64_t pattern_states() const;

  // Whether `document` is JSON that matches: `invalid_argument` schema.not_met, which says where and what.
  Result<void> check(std::string_view document) const;

 private:
  struct Compiled;
  explicit Schema(std::shared_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}
  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace troupe::schema
