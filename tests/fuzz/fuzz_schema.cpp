// JSON schemas: what is counted before anything works on them, and what is refused of them.
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/schema_work.h"
#include "edge/openai_request.h"
#include "fuzz.h"

using namespace troupe;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text = fuzz::text_of(data, size);
  const bool strict = fuzz::pick(text) % 2 == 1;
  const auto schema = parse_ordered_json(text);
  if (!schema) return 0;
  (void)check_schema_work(*schema);
  const std::string body =
      R"({"model":"silver","messages":[{"role":"user","content":"a"}],"response_format":{"type":"json_schema",)"
      R"("json_schema":{"name":"s","strict":)" +
      std::string(strict ? "true" : "false") + R"(,"schema":)" + std::string(text) + "}}}";
  (void)edge::parse_chat(body);
  return 0;
}
