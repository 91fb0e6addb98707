#pragma once
// The reference of all keys of a pack, as Markdown: what the loader asks for, with what type and whether it
// must be there, and in a sentence what it means. Kept in docs/reference/pack.md; a test says when that is
// not fresh.
#include <expected>
#include <filesystem>
#include <string>
#include <vector>

namespace troupe::pack {

// Reads the packs at `samples`, which must have every key between them. What went wrong otherwise, a line
// each.
std::expected<std::string, std::vector<std::string>> pack_reference(
    const std::vector<std::filesystem::path>& samples);

}  // namespace troupe::pack
