#pragma once
// From messages to tokens, with the model's own chat template. The template's control tokens come from the
// template only: texts are tokenised as plain text, so "<|im_start|>" in what a player typed is eight
// harmless tokens.
#include <llama.h>

#include <span>
#include <string>
#include <vector>

#include "adapters/engine_llama/model.h"
#include "inference/question.h"

namespace troupe::engine {

struct Prompt {
  std::vector<llama_token> tokens;
  std::vector<std::size_t> ends;  // per message: tokens up to where the next message begins
  std::string text;               // as assembled, for people
};

class ChatFormat {
 public:
  // `invalid_argument` engine.bad_model when the model has no template that llama.cpp knows.
  static Result<ChatFormat> of(const Model& model);

  // Ends where the assistant's answer begins.
  Result<Prompt> prompt(std::span<const ChatMessage> messages) const;

 private:
  explicit ChatFormat(const Model& model) : model_(&model) {}
  Result<std::string> render(std::span<const ChatMessage> messages) const;

  const Model* model_;
  std::string template_;
};

// The question of choose(): context first (what calls share), then what changed. `scene` "" asks without a
// scene; `lettered` lists the options and asks for a letter.
std::vector<ChatMessage> choose_messages(const inference::QuestionWords& words, const std::string& context,
                                         const std::string& scene, std::span<const std::string> options,
                                         bool lettered);

}  // namespace troupe::engine
