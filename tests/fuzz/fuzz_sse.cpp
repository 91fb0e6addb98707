// Server-sent events: the same however the bytes are cut.
#include <vector>

#include "base/sse.h"
#include "fuzz.h"

using namespace troupe;

namespace {

std::vector<std::string> events_of(std::string_view bytes, std::size_t piece) {
  SseParser parser(4096);
  std::vector<std::string> events;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    const bool goes_on = parser.feed(bytes.substr(at, piece), [&](const SseEvent& event) {
      fuzz::must(event.data.size() <= 4096);
      events.push_back(event.name + '\0' + event.data);
    });
    if (!goes_on) {
      events.emplace_back("too large");
      break;
    }
  }
  return events;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes = fuzz::text_of(data, size);
  const std::size_t piece = 1 + fuzz::pick(bytes) % 17;
  fuzz::must(events_of(bytes, piece) == events_of(bytes, bytes.size() + 1));
  return 0;
}
