#include "host/told_error.h"

#include <algorithm>
#include <string_view>

#include "host/audience.h"

namespace troupe {

namespace {

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
         c == '.' || static_cast<unsigned char>(c) >= 0x80;
}

bool is_slash(char c) { return c == '/' || c == '\\'; }

// "/var/lib/troupe", "C:\troupe", "data/worlds/x.db", "data/x.db"; not "kind/id" or "2/3".
bool is_path(std::string_view word) {
  const auto slashes = std::ranges::count_if(word, is_slash);
  if (slashes == 0 || word.size() < 2) return false;
  if (is_slash(word[0]) || slashes > 1 || word.find(":\\") != std::string_view::npos) return true;
  const auto dot = word.rfind('.');
  return dot != std::string_view::npos && dot + 1 < word.size() && dot > word.find_first_of("/\\");
}

std::string without_paths(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i;
    const auto in_drive = [&] {
      return text[end] == ':' && end == i + 1 && end + 1 < text.size() && text[end + 1] == '\\';
    };
    while (end < text.size() && (is_word(text[end]) || is_slash(text[end]) || in_drive())) ++end;
    if (end == i) {
      out += text[i++];
      continue;
    }
    const std::string_view word = text.substr(i, end - i);
    out += is_path(word) ? std::string_view("(a file of the server)") : word;
    i = end;
  }
  return out;
}

std::string without(std::string text, std::string_view prefix) {
  for (auto at = text.find(prefix); at != std::string::npos; at = text.find(prefix, at))
    text.erase(at, prefix.size());
  return text;
}

}  // namespace

Error told_to(pb::Role role, Error error) {
  // One line, whatever was quoted in it.
  std::ranges::replace_if(
      error.message, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, ' ');
  if (sees_everything(role)) return error;
  if (error.code == Code::internal) {
    error.message = "the server made a mistake; whoever runs it finds it in its log";
    return error;
  }
  // What a database says of itself is full of files and statements.
  if (error.reason.starts_with("db.") || error.reason.starts_with("log.") ||
      error.reason.starts_with("timeline.")) {
    if (error.code == Code::unavailable || error.code == Code::conflict)
      error.message = "the world cannot be written or read now; try again";
    return error;
  }
  error.message = without(without(without_paths(error.message), "troupe.v1."), "google.protobuf.");
  return error;
}

}  // namespace troupe
