#pragma once
// One engine's answer on its way to whoever asked: the one place that every text of every model passes,
// streamed or not. A model's own markup goes; where speech was asked for, only whole sentences come through.
// Private to this room; io thread. Holds back a tag, and with `whole` the sentence under way.
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "inference/anytime.h"
#include "inference/markup.h"
#include "ports/engine.h"

namespace troupe::router {

class Heard {
 public:
  struct Way {
    bool whole = false;                             // sentences
    std::function<void(std::string_view)> on_text;  // empty = not streamed
    std::function<bool()> may_speak;                // of two that race, the first to speak is heard
    std::shared_ptr<bool> streamed;                 // set at the first text that is told
  };
  Heard(const engine::GenerateRequest& work, Way way);

  void piece(std::string_view text);
  // The answer as it may be kept. `unavailable` or `deadline_exceeded` router.nothing_whole where no sentence
  // of it is complete.
  Result<engine::GenerateReply> end(engine::GenerateReply reply);

 private:
  void tell(const std::string& text);

  Way way_;
  inference::Markup::Kind kind_;
  inference::Markup markup_;
  inference::WholeSentences sentences_;
  std::string raw_;
  bool told_ = false;
  int recalls_ = 0;
};

// Asks, and hears the answer through `heard`.
Task<engine::GenerateReply> hear(engine::Engine* engine, engine::GenerateRequest work, Heard::Way way);

}  // namespace troupe::router
