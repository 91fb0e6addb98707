#pragma once
// The table behind the image: state_documents. Plain SQL over ports/db; no state of its own.
#include <vector>

#include "host/turn.h"
#include "services/state/state_image.h"

namespace troupe::state::store {

inline constexpr const char* kTable = "state_documents";
inline constexpr const char* kOrder = "kind, id";

std::vector<db::Migration> migrations();
Result<void> load(db::Reader& reader, Image& image, const pack::Pack& pack, const Limits& limits);
void write(Turn& turn, const Key& key, const Document& document);
void erase(Turn& turn, const Key& key);

}  // namespace troupe::state::store
