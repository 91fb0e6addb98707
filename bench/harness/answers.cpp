#include "bench/harness/answers.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iostream>
#include <sstream>

#include "base/check.h"

namespace troupe::bench {

namespace {

Words split(const std::string& line) {
  Words words;
  std::istringstream in(line);
  for (std::string word; std::getline(in, word, '\t');) words.push_back(word);
  return words;
}

std::string to_line(const Figures& figures) {
  std::vector<std::string> parts;
  for (const auto& [name, values] : figures) {
    parts.push_back(fmt::format("\"{}\":[{}]", name, fmt::join(values, ",")));
  }
  return fmt::format("{{{}}}", fmt::join(parts, ","));
}

}  // namespace

int answer_lines(const Commands& commands) {
  for (std::string line; std::getline(std::cin, line);) {
    const Words words = split(line);
    const auto found = words.empty() ? commands.end() : commands.find(words.front());
    if (found == commands.end()) {
      std::cerr << "no command '" << line << "'\n";
      return 2;
    }
    std::cout << to_line(found->second({words.begin() + 1, words.end()})) << std::endl;
  }
  return 0;
}

double median(std::vector<double> values) {
  TROUPE_CHECK(!values.empty(), "a median is of something");
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

}  // namespace troupe::bench
