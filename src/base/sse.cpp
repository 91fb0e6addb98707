#include "base/sse.h"

#include <utility>

namespace troupe {

bool SseParser::feed(std::string_view bytes, const std::function<void(const SseEvent&)>& on_event) {
  for (const char c : bytes) {
    const bool line_end_goes_on = c == '\n' && std::exchange(after_cr_, false);
    if (line_end_goes_on) continue;
    after_cr_ = c == '\r';
    if (c != '\n' && c != '\r') {
      line_ += c;
      if (line_.size() + data_.size() > event_bytes_max_) return false;
      continue;
    }
    line(line_, on_event);
    line_.clear();
  }
  return true;
}

void SseParser::line(std::string_view text, const std::function<void(const SseEvent&)>& on_event) {
  if (text.empty()) {
    SseEvent event{.data = std::exchange(data_, {})};
    if (!name_.empty()) event.name = std::exchange(name_, {});
    if (std::exchange(has_data_, false)) on_event(event);
    return;
  }
  const auto colon = text.find(':');
  const std::string_view field = text.substr(0, colon);
  std::string_view value = colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "event") {
    name_ = value;
  } else if (field == "data") {
    if (has_data_) data_ += '\n';
    data_ += value;
    has_data_ = true;
  }
  // A comment (empty field) keeps the connection alive and says nothing; id and retry are for browsers.
}

}  // namespace troupe
