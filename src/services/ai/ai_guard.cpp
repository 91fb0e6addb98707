#include "services/ai/ai_guard.h"

#include "base/text.h"
#include "talk/keep.h"
#include "talk/words.h"

namespace troupe::ai {

namespace {

void add_all(std::string& to, const google::protobuf::RepeatedPtrField<std::string>& texts) {
  for (const auto& text : texts) to += text + "\n";
}

talk::Prompted prompted(const pack::Pack& pack, const pb::AiSpeakRequest& request) {
  const auto& context = request.context();
  talk::Prompted out{.line = context.player_text(), .speaker = context.name()};
  add_all(out.notes, context.brought_up());
  add_all(out.notes, request.may_say());
  out.notes += request.written();
  for (const auto* text : {&context.world(), &context.persona(), &context.situation(), &context.listener(),
                           &context.sample_line(), &context.reminded_of()})
    out.allowed += *text + "\n";
  for (const auto* texts : {&context.knows(), &context.memories(), &context.said_before()})
    add_all(out.allowed, *texts);
  for (const auto& turn : context.turns()) {
    out.allowed += turn.text() + "\n";
    if (!turn.player()) out.said.push_back(turn.text());
  }
  const auto& words = pack.texts.prompt;
  const auto persona = talk::sentences(context.persona());
  out.instructions = words.manner.with({{"name", context.name()}}) + "\n" +
                     words.stay.with({{"name", context.name()}}) + ".\n" +
                     (persona.empty() ? std::string() : persona.front());
  for (const auto& who : pack.npcs) {
    if (who.name != context.name()) out.others.push_back(who.name);
  }
  const auto name_all = [&](const auto& list) {
    for (const auto& one : list) out.names.push_back(one.name);
  };
  name_all(pack.places);
  name_all(pack.goods);
  name_all(pack.factions);
  name_all(pack.calendar.festivals);
  name_all(pack.calendar.months);
  return out;
}

}  // namespace

Guard::Guard(const pack::Pack& pack, const talk::Language& language, const pb::AiSpeakRequest& request)
    : language_(language), request_(request), words_(language, prompted(pack, request)) {}

std::vector<std::string> Guard::sentence(std::string_view text) const {
  std::vector<std::string> out;
  if (const auto objections = words_.heard_sentence(text); !objections.empty())
    out.push_back(talk::to_string(objections));
  add_never(text, out);
  return out;
}

std::vector<std::string> Guard::answer(std::string_view text) const {
  std::vector<std::string> out;
  if (const auto objections = words_.answer(text); !objections.empty())
    out.push_back(talk::to_string(objections));
  add_never(text, out);
  return out;
}

std::vector<std::string> Guard::rephrasing(std::string_view text) const {
  auto out = answer(text);
  const auto departures = talk::keeps(language_, {.source = request_.written(),
                                                  .text = text,
                                                  .line = request_.context().player_text(),
                                                  .speaker = request_.context().name(),
                                                  .keys = {request_.keys().begin(), request_.keys().end()}});
  if (!departures.empty()) out.push_back(talk::to_string(departures));
  return out;
}

// Not with the words themselves: what was withheld stands nowhere.
void Guard::add_never(std::string_view text, std::vector<std::string>& out) const {
  for (const auto& never : request_.never()) {
    if (!has_words(text, never)) continue;
    out.emplace_back("gives_away");
    return;
  }
}

}  // namespace troupe::ai
