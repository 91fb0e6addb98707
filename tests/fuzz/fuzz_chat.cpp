// What OpenAI's clients send: messages, calls of tools, schemas, texts to embed.
#include "edge/openai_reply.h"
#include "edge/openai_request.h"
#include "fuzz.h"

using namespace troupe;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view body = fuzz::text_of(data, size);
  if (fuzz::pick(body) % 4 == 0) {
    (void)edge::parse_embed(body);
    return 0;
  }
  auto chat = edge::parse_chat(body);
  if (!chat) {
    (void)edge::openai_error_json(chat.error());
    return 0;
  }
  fuzz::must(!chat->request.generate.messages.empty());
  auto options = edge::tool_options(chat->tools);
  for (const auto& option : options) {
    auto request = chat->request.generate;
    if (option) edge::ask_for_arguments(*option, request);
  }
  const auto question = edge::tool_question(std::move(options), chat->request.generate);
  fuzz::must(question.ask.options.size() == question.options.size());
  return 0;
}
