#include "services/ai/ai_prompt.h"

#include <algorithm>

#include "base/text.h"

namespace troupe::ai {

namespace {

void add(std::vector<pb::ChatMessage>& messages, const char* role, std::string text) {
  pb::ChatMessage message;
  message.set_role(role);
  message.set_text(std::move(text));
  messages.push_back(std::move(message));
}

std::string lines_of(const google::protobuf::RepeatedPtrField<std::string>& lines, const pack::Phrase& line,
                     std::size_t count_max, std::size_t bytes_max) {
  std::string out;
  for (int i = 0; i < lines.size() && static_cast<std::size_t>(i) < count_max; ++i)
    out += line.with({{"text", inert(lines[i], bytes_max)}});
  return out;
}

}  // namespace

std::string inert(std::string_view text, std::size_t bytes_max) {
  std::string out;
  for (const char c : utf8_prefix(text, bytes_max)) {
    const auto byte = static_cast<unsigned char>(c);
    const bool control = byte < 0x20 || byte == 0x7F;
    if (control) {
      if (!out.empty() && out.back() != ' ') out += ' ';
      continue;
    }
    // "<|" opens the control tokens of every chat template that we know; the engine treats them as text
    // anyway.
    if (c == '|' && !out.empty() && out.back() == '<') out += ' ';
    out += c;
  }
  return trim(out);
}

std::vector<pb::ChatMessage> assemble(const pb::AiContext& c, const pack::PromptWords& words,
                                      const PromptLimits& limits) {
  const auto lines = [&](const auto& list, std::size_t count_max) {
    return lines_of(list, words.line, count_max, limits.line_bytes);
  };
  std::vector<pb::ChatMessage> messages;
  std::string system = words.head.with({{"world", c.world()}, {"persona", c.persona()}});
  if (c.knows_size() > 0)
    system += words.knows.with({{"name", c.name()}, {"lines", lines(c.knows(), limits.knows_max)}});
  system += words.manner.with({{"name", c.name()}});
  add(messages, "system", std::move(system));
  if (!c.sample_line().empty()) {
    // One exchange in the writer's words: without it a small model tells about the speaker instead of being
    // them.
    add(messages, "user", words.first_greeting.text());
    add(messages, "assistant", inert(c.sample_line(), limits.line_bytes));
  }

  // Old lines go four at a time: each that goes makes the prompt new from there on.
  const int over = std::max(0, c.turns_size() - static_cast<int>(limits.turns_max));
  const int first = std::min((over + 3) / 4 * 4, c.turns_size());
  for (int i = first; i < c.turns_size(); ++i) {
    add(messages, c.turns(i).player() ? "user" : "assistant", inert(c.turns(i).text(), limits.line_bytes));
  }

  if (c.said_before_size() > 0)
    add(messages, "user", words.said_before.with({{"lines", lines(c.said_before(), limits.memories_max)}}));
  std::string now = words.now.with({{"situation", c.situation()}});
  if (!c.listener().empty()) now += c.listener() + "\n";
  if (c.memories_size() > 0)
    now += words.remembers.with({{"name", c.name()}, {"lines", lines(c.memories(), limits.memories_max)}});
  now += words.stay.with({{"name", c.name()}});
  if (c.brought_up_size() > 0) {
    now += words.in_these_words.with(
        {{"name", c.name()}, {"lines", lines(c.brought_up(), limits.brought_up_max)}});
  } else {
    now += words.in_own_words.text();
  }
  add(messages, "system", std::move(now));
  std::string before;
  if (!c.reminded_of().empty())
    before = words.reminded_of.with({{"text", inert(c.reminded_of(), limits.line_bytes)}});
  add(messages, "user", before + inert(c.player_text(), limits.player_bytes));
  return messages;
}

std::vector<std::string> stops(const pb::AiContext& context) {
  std::vector<std::string> out = {"\n\n", "\n" + context.name() + ":", "\nUser:"};
  for (const auto& turn : context.turns()) {
    if (!turn.player() || turn.who().empty()) continue;
    out.push_back("\n" + turn.who() + ":");
    break;
  }
  return out;
}

std::string without_name(std::string_view text, const std::string& name) {
  std::string out = trim(text);
  for (const std::string& lead : {name + ":", "**" + name + ":**", "**" + name + "**:", "[" + name + "]:"}) {
    if (out.starts_with(lead)) return trim(std::string_view(out).substr(lead.size()));
  }
  return out;
}

}  // namespace troupe::ai
