// The three text helpers that llama.cpp's json-schema-to-grammar takes from its common.cpp. Defined here so
// that the schema library does not pull in the rest of that file (argument parsing, downloads, chat
// templates: 3 minutes).
#include "common.h"

std::string string_repeat(const std::string& str, size_t n) {
  std::string result;
  result.reserve(str.size() * n);
  for (size_t i = 0; i < n; ++i) result += str;
  return result;
}

std::string string_join(const std::vector<std::string>& values, const std::string& separator) {
  std::string result;
  for (size_t i = 0; i < values.size(); ++i) {
    if (i > 0) result += separator;
    result += values[i];
  }
  return result;
}

std::vector<std::string> string_split(const std::string& str, const std::string& delimiter) {
  std::vector<std::string> parts;
  size_t start = 0;
  for (size_t end = str.find(delimiter); end != std::string::npos; end = str.find(delimiter, start)) {
    parts.push_back(str.substr(start, end - start));
    start = end + delimiter.size();
  }
  parts.push_back(str.substr(start));
  return parts;
}
