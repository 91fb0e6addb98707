#pragma once
// Answers that must match a JSON schema. Pure. Whatever an engine holds them to while it writes, each is
// checked when it is whole; one that does not match is asked for once more, and is never given out.
#include <optional>
#include <string>

#include "inference/lru.h"
#include "ports/engine.h"
#include "schema/schema.h"

namespace troupe::router {

inline constexpr int kShapeTries = 2;

// Nothing where no schema is asked for. `invalid_argument` schema.*, before anything is generated.
Result<std::optional<schema::Schema>> shape_of(const std::string& json_schema);

// The same, read once for requests that ask for the same: an answer of eight choices is eight of them.
class Shapes {
 public:
  Result<std::optional<schema::Schema>> of(const std::string& json_schema);

 private:
  inference::Lru<schema::Schema> read_{8};
};

// Without the fence ("```json") that many models put around what they were asked for.
std::string without_fence(std::string text);
// The same request for another try: the same draw would give the same answer again.
void draw_again(engine::Sampling& sampling);

// What both tries took together.
void add(engine::Usage& usage, const engine::Usage& before);

}  // namespace troupe::router
