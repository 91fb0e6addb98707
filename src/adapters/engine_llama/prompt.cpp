#include "adapters/engine_llama/prompt.h"

#include <fmt/format.h>

#include "inference/question.h"

namespace troupe::engine {

namespace {

// Stands for the text of message `i` while the template is applied. The bytes cannot be typed into a
// template.
std::string placeholder(std::size_t i) { return fmt::format("\x02{}\x03", i); }

}  // namespace

Result<ChatFormat> ChatFormat::of(const Model& model) {
  ChatFormat out(model);
  if (const char* own = llama_model_chat_template(model.weights(), nullptr)) out.template_ = own;
  const ChatMessage probe{Role::user, "x"};
  if (!out.template_.empty() && out.prompt({&probe, 1})) return out;
  // No template, or one that llama.cpp does not know: ChatML, when the vocabulary has its tokens.
  if (model.tokenize("<|im_start|>", true).size() == 1) {
    out.template_ = "chatml";
    if (out.prompt({&probe, 1})) return out;
  }
  return fail(Code::invalid_argument, "engine.bad_model",
              model.config().path + ": has no chat template that is known; choose an instruct model");
}

Result<std::string> ChatFormat::render(std::span<const ChatMessage> messages) const {
  std::vector<std::string> contents;
  contents.reserve(messages.size());
  for (std::size_t i = 0; i < messages.size(); ++i) contents.push_back(placeholder(i));
  std::vector<llama_chat_message> chat;
  for (std::size_t i = 0; i < messages.size(); ++i)
    chat.push_back({role_name(messages[i].role).data(), contents[i].c_str()});  // names end in a zero
  std::string out(256 + 64 * messages.size(), '\0');
  for (int attempt = 0; attempt < 2; ++attempt) {
    const auto length = llama_chat_apply_template(template_.c_str(), chat.data(), chat.size(), true,
                                                  out.data(), static_cast<std::int32_t>(out.size()));
    if (length < 0) break;
    const bool whole = static_cast<std::size_t>(length) <= out.size();
    out.resize(static_cast<std::size_t>(length));
    if (whole) return out;
  }
  return fail(Code::invalid_argument, "engine.bad_model", "the chat template cannot be applied");
}

Result<Prompt> ChatFormat::prompt(std::span<const ChatMessage> messages) const {
  TRY(const auto rendered, render(messages));
  Prompt out;
  if (llama_vocab_get_add_bos(model_->vocab())) out.tokens.push_back(llama_vocab_bos(model_->vocab()));
  std::size_t at = 0;
  const auto add = [&](std::string_view text, bool special) {
    const auto tokens = model_->tokenize(text, special);
    out.tokens.insert(out.tokens.end(), tokens.begin(), tokens.end());
    out.text += text;
  };
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const auto mark = placeholder(i);
    const auto found = rendered.find(mark, at);
    if (found == std::string::npos) {
      return fail(Code::invalid_argument, "engine.bad_model", "the chat template loses messages");
    }
    add(std::string_view(rendered).substr(at, found - at), true);
    if (i > 0) out.ends.push_back(out.tokens.size());
    add(messages[i].text, false);
    at = found + mark.size();
  }
  add(std::string_view(rendered).substr(at), true);
  out.ends.push_back(out.tokens.size());
  return out;
}

std::vector<ChatMessage> choose_messages(const inference::QuestionWords& words, const std::string& context,
                                         const std::string& scene, std::span<const std::string> options,
                                         bool lettered) {
  std::vector<ChatMessage> out;
  if (!context.empty()) out.push_back({Role::system, context});
  out.push_back({Role::user, lettered ? inference::lettered_question(words, scene, options)
                                      : inference::open_question(words, scene)});
  return out;
}

}  // namespace troupe::engine
