// What an engine over HTTP answers, which is nobody of ours.
#include "adapters/engine_openai/reply.h"
#include "base/text.h"
#include "fuzz.h"

using namespace troupe;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view body = fuzz::text_of(data, size);
  static const engine::OpenAiModelConfig kModel{.name = "far", .model = "far"};
  switch (fuzz::pick(body) % 5) {
    case 0:
      if (const auto piece = engine::read_piece(body, kModel)) fuzz::must(is_utf8(piece->text));
      break;
    case 1:
      (void)engine::read_choice(body, kModel, 3);
      break;
    case 2:
      (void)engine::read_vectors(body, kModel, 2);
      break;
    case 3:
      (void)engine::lists_model(body, kModel);
      break;
    default:
      fuzz::must(is_utf8(engine::failure_of_status(429, body, 0, kModel, "the key").error.message));
  }
  return 0;
}
