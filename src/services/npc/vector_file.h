#pragma once
// Vectors of texts in a file, so that a start does not make them again: caches, never state. A file that is
// damaged or of another model counts as empty. Bounds: kVectorFileTexts; a text 1 KiB.
#include <cstddef>
#include <filesystem>
#include <string>

#include "base/error.h"
#include "talk/vectors.h"

namespace troupe::npc {

inline constexpr std::size_t kVectorFileTexts = 20'000;

// Where the vectors of a model are kept in a folder: one file for each.
std::filesystem::path vector_file(const std::filesystem::path& folder, const std::string& model);

// What the file has; nothing where there is none, or where its vectors have another size.
talk::VectorTable read_vectors(const std::filesystem::path& file, std::size_t dimensions);
// Replaces the file at once, or leaves it as it was.
Result<void> write_vectors(const std::filesystem::path& file, std::size_t dimensions,
                           const talk::VectorTable& vectors);

}  // namespace troupe::npc
