#pragma once
// Server-sent events from bytes, in whatever pieces they come. One owner. Bounded: `event_bytes_max` an
// event.
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace troupe {

inline constexpr std::size_t kSseEventBytesMax = 4 * 1024 * 1024;

struct SseEvent {
  std::string name = "message";
  std::string data;
};

class SseParser {
 public:
  explicit SseParser(std::size_t event_bytes_max = kSseEventBytesMax) : event_bytes_max_(event_bytes_max) {}

  // False when an event is over the limit; the stream makes no sense from there on.
  [[nodiscard]] bool feed(std::string_view bytes, const std::function<void(const SseEvent&)>& on_event);

 private:
  void line(std::string_view text, const std::function<void(const SseEvent&)>& on_event);

  std::size_t event_bytes_max_;
  std::string line_;
  std::string name_;
  std::string data_;
  bool has_data_ = false;
  bool after_cr_ = false;  // a line feed right after belongs to the same line end
};

}  // namespace troupe
