#pragma once
// The files of data/, built in by tools/embed_text.py.
#include <string_view>
#include <vector>

namespace troupe::inference {

// "question.en.yaml" -> its text; "" where there is none.
std::string_view data_file(std::string_view name);
std::vector<std::string_view> data_files();  // names, sorted

}  // namespace troupe::inference
