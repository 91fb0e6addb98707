#include "services/router/router_speech.h"

namespace troupe::router {

using inference::Markup;

namespace {

Markup::Kind kind_of(const engine::GenerateRequest& work) {
  if (!work.json_schema.empty() || !work.grammar.empty()) return Markup::Kind::structured;
  return work.speech ? Markup::Kind::speech : Markup::Kind::text;
}

bool blank(std::string_view text) { return text.find_first_not_of(" \n\t\r") == std::string_view::npos; }

}  // namespace

Heard::Heard(const engine::GenerateRequest& work, Way way)
    : way_(std::move(way)), kind_(kind_of(work)), markup_(kind_) {}

void Heard::tell(const std::string& text) {
  if (text.empty() || !way_.on_text || !way_.may_speak()) return;
  told_ = true;
  *way_.streamed = true;
  way_.on_text(text);
}

void Heard::piece(std::string_view text) {
  raw_ += text;
  std::string shown = markup_.push(text);
  if (markup_.recalls() > recalls_) {
    recalls_ = markup_.recalls();
    sentences_.forget();
  }
  tell(way_.whole ? sentences_.push(shown) : shown);
}

Result<engine::GenerateReply> Heard::end(engine::GenerateReply reply) {
  if (reply.text.starts_with(raw_)) {
    piece(std::string(reply.text).substr(raw_.size()));
  } else if (!told_) {
    // The engine took back what it had streamed: a thought, as it turned out.
    markup_ = Markup(kind_);
    sentences_ = {};
    piece(reply.text);
  }
  const bool by_itself = reply.finish == engine::Finish::stop || markup_.ended();
  std::string rest = markup_.finish();
  if (way_.whole) {
    tell(sentences_.push(rest));
    tell(sentences_.finish(by_itself));
  } else {
    tell(rest);
  }
  // (Of speech what was told is what was said. Other text is the engine's own word, whatever it streamed.)
  if (way_.whole) {
    reply.text = sentences_.text();
  } else {
    reply.text = reply.text.starts_with(raw_) ? markup_.text() : inference::without_markup(reply.text, kind_);
  }
  std::erase(reply.text, '\0');  // it can be neither kept nor sent on
  if (reply.reasoning.empty()) reply.reasoning = markup_.reasoning();
  std::erase(reply.reasoning, '\0');
  if (!way_.whole || !blank(reply.text)) return reply;
  const bool late = reply.finish == engine::Finish::deadline;
  return fail(
      late ? Code::deadline_exceeded : Code::unavailable, "router.nothing_whole",
      reply.model + (markup_.thought() || !reply.reasoning.empty() ? " thought, and came to no sentence"
                                                                   : " came to no whole sentence"));
}

Task<engine::GenerateReply> hear(engine::Engine* engine, engine::GenerateRequest work, Heard::Way way) {
  const auto heard = std::make_shared<Heard>(work, way);
  std::function<void(std::string_view)> on_text;
  if (way.on_text) on_text = [heard](std::string_view text) { heard->piece(text); };
  auto reply = co_await engine->generate(std::move(work), std::move(on_text));
  if (!reply) co_return std::unexpected(std::move(reply).error());
  co_return heard->end(*std::move(reply));
}

}  // namespace troupe::router
