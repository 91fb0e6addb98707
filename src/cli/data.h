#pragma once
// Files that are built in by tools/embed_text.py: the scenes of bench/choose.
#include <string_view>
#include <vector>

namespace troupe::cli {

// "scenes.yaml" -> its text; "" where there is none.
std::string_view data_file(std::string_view name);
std::vector<std::string_view> data_files();  // names, sorted

}  // namespace troupe::cli
