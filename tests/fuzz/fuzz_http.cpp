// Heads of HTTP requests, targets and queries.
#include "edge/http_strict.h"
#include "edge/http_types.h"
#include "edge/query_args.h"
#include "fuzz.h"
#include "troupe/v1/weather.pb.h"

using namespace troupe;

namespace {

void read_target(std::string_view target) {
  edge::HttpRequest request;
  if (!edge::parse_target(target, request)) return;
  fuzz::must(request.path.starts_with('/') && request.path.find("/../") == std::string::npos &&
             request.path.find('\0') == std::string::npos);
  pb::WeatherForecastRequest message;
  (void)edge::set_from_query(request.query, message);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = fuzz::text_of(data, size);
  read_target(bytes);
  if (!edge::check_head(bytes)) return 0;
  fuzz::must(edge::find_bad_byte(bytes, 0) == std::string_view::npos);
  const auto first = bytes.find(' ');
  read_target(bytes.substr(first + 1, bytes.find(' ', first + 1) - first - 1));
  return 0;
}
