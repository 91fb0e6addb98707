#pragma once
// Answers that must match a JSON schema. Pure. Whatever an engine holds them to while it writes, each is
// checked when it is whole; one that does not match is asked for once more, and is never given out.
#include <optional>
#include <string>

#include "ports/engine.h"
#include "schema/schema.h"

namespace troupe::router {

inline constexpr int kShapeTries = 2;

// Nothing where no schema is asked for. `invalid_argument` schema.*, before anything is generated.
Result<std::optional<schema::Schema>> shape_of(const std::string& json_schema);

// The same request for another try: the same draw would give the same answer again.
// Without the fence ("```json") that many models put around what they were asked for.
std::string without_fence(std::string text);
void draw_again(engine::Sampling& sampling);

// What both tries took together.
void add(engine::Usage& usage, const engine::Usage& before);

}  // namespace troupe::router
