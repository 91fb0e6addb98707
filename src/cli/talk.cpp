// troupe talk: one line to somebody and the answer as it is made, or a conversation.
#include <fmt/core.h>

#include <algorithm>
#include <istream>
#include <ostream>

#include "base/sse.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/rpc.h"
#include "cli/stop.h"

namespace troupe::cli {

namespace {

constexpr std::int64_t kDeadlineMsMax = 600'000;
constexpr std::int64_t kDeadlineMsDefault = 15'000;

class Talk {
 public:
  Talk(const TalkOptions& options, const Terminal& terminal)
      : options_(options), terminal_(terminal), client_(connect(options.server, &StopSignals::stopped())) {}

  // Prints the answer (with --json the whole reply) after `lead`.
  Result<void> say(const std::string& text, const std::string& lead);
  int converse();

 private:
  Result<Json> ask(const std::string& text, const std::string& lead);
  void show(std::string_view text, const std::string& lead);
  void show_rest(const Json& reply, const std::string& lead);
  void footnote(const Json& reply) const;
  void greet(const Json& who) const;

  const TalkOptions& options_;
  const Terminal& terminal_;
  HttpClient client_;
  std::string shown_;  // of the answer so far
};

void Talk::show(std::string_view text, const std::string& lead) {
  if (shown_.empty()) terminal_.out << lead;
  shown_ += text;
  terminal_.out << printable(text) << std::flush;
}

// The reply is what was said; what streamed may lack its end, or have been taken back by moderation or a
// fallback.
void Talk::show_rest(const Json& reply, const std::string& lead) {
  const std::string whole = text_in(reply, "text");
  if (std::string_view(whole).starts_with(shown_)) {
    if (whole.size() > shown_.size()) show(whole.substr(shown_.size()), lead);
  } else if (trim(shown_) != trim(whole)) {
    terminal_.out << '\n' << terminal_.style(Ink::dim, "(rather:)") << ' ' << printable(whole);
  }
  terminal_.out << '\n' << std::flush;
}

void Talk::footnote(const Json& reply) const {
  // Somebody else answers where the line calls them by name.
  const auto by = text_in(reply, "npc");
  std::string line = text_in(reply, "way");
  if (!line.empty()) line += ", ";
  if (!by.empty() && by != options_.npc) line = by + " answers: " + line;
  line += text_in(reply, "tier");
  if (const auto model = text_in(reply, "model"); !model.empty()) line += ", " + model;
  line += fmt::format("; first token {} ms; deadline {}", number_in(reply, "first_token_ms"),
                      flag_in(reply, "deadline_met") ? "met" : "missed");
  for (const auto& verb : list_in(reply, "verbs")) {
    line += "; " + text_in(verb, "verb");
    for (const auto& [name, value] : object_in(verb, "args").items()) {
      line += fmt::format(" {}={}", name, value.is_string() ? value.get<std::string>() : compact(value));
    }
    line += ": " + text_in(verb, "verdict");
  }
  if (const auto id = text_in(reply, "event_id"); !id.empty()) line += "; troupe why " + id;
  // Apart from what was said, so that a pipe gets the words alone.
  if (terminal_.out_tty) {
    terminal_.out << terminal_.style(Ink::dim, one_line(line)) << '\n' << std::flush;
  } else {
    terminal_.err << terminal_.err_style(Ink::dim, one_line(line)) << '\n' << std::flush;
  }
}

Result<Json> Talk::ask(const std::string& text, const std::string& lead) {
  Json body = {{"npc", options_.npc}, {"text", text}};
  if (options_.deadline_ms > 0) body["deadline_ms"] = options_.deadline_ms;
  // A little more for the call than for the answer: what was said is still recorded when the time is over.
  const std::int64_t span = options_.deadline_ms > 0 ? options_.deadline_ms : kDeadlineMsDefault;
  auto request = rpc_request("npc.Talk", compact(body),
                             std::chrono::milliseconds(std::min(span + 5'000, kDeadlineMsMax)));
  if (options_.json) {
    TRY(const HttpReply reply, client_.send(request));
    return read_reply(client_, reply);
  }
  request.headers.emplace_back("Accept", "text/event-stream");
  SseParser parser;
  Result<Json> outcome =
      fail(Code::unavailable, "cli.cut_off", client_.url() + " broke off before the answer was complete");
  const auto on_event = [&](const SseEvent& event) {
    const Json json = Json::parse(event.data, nullptr, false);
    if (event.name == "delta") show(text_in(json, "text"), lead);
    if (event.name == "done") outcome = json;
    if (event.name == "error") outcome = std::unexpected(error_from_json(json));
  };
  TRY(const HttpReply reply,
      client_.send(request, [&](std::string_view bytes) { return parser.feed(bytes, on_event); }));
  // Refused before it could stream, or answered by something that does not stream.
  if (!reply.content_type.starts_with("text/event-stream")) return read_reply(client_, reply);
  return outcome;
}

Result<void> Talk::say(const std::string& text, const std::string& lead) {
  shown_.clear();
  const auto reply = ask(text, lead);
  if (!reply) {
    if (!shown_.empty()) terminal_.out << '\n' << std::flush;
    return std::unexpected(reply.error());
  }
  if (options_.json) {
    terminal_.out << compact(*reply) << '\n' << std::flush;
    return {};
  }
  show_rest(*reply, lead);
  footnote(*reply);
  return {};
}

void Talk::greet(const Json& who) const {
  if (!terminal_.in_tty || options_.json) return;
  std::string line = text_in(who, "name");
  for (const char* key : {"role", "activity"}) {
    if (const auto text = text_in(who, key); !text.empty()) line += ", " + text;
  }
  terminal_.out << terminal_.style(Ink::dim, one_line(line)) << '\n'
                << terminal_.style(Ink::dim, "/quit or Ctrl-D ends the conversation") << '\n';
}

int Talk::converse() {
  const auto who = call_rpc(client_, "npc.Get", {{"npc", options_.npc}});
  if (!who) return failed(terminal_, who.error());
  std::string name = one_line(text_in(*who, "name"));
  if (name.empty()) name = options_.npc;
  greet(*who);
  int status = 0;
  for (std::string line; !StopSignals::stopped().load();) {
    if (terminal_.in_tty) terminal_.out << terminal_.style(Ink::bold, "to " + name + "> ") << std::flush;
    if (!std::getline(terminal_.in, line)) {
      if (terminal_.in_tty) terminal_.out << '\n';
      break;
    }
    line = trim(line);
    if (line == "/quit") break;
    if (line.empty()) continue;
    const auto said = say(line, terminal_.style(Ink::cyan, name + ": "));
    if (said) continue;
    // Ctrl-C ends an answer, not the conversation; only at the prompt it ends that too.
    if (said.error().code == Code::cancelled && terminal_.in_tty) {
      StopSignals::clear();
      continue;
    }
    status = failed(terminal_, said.error());
    if (said.error().code == Code::unavailable || said.error().code == Code::cancelled) break;
  }
  return terminal_.in_tty ? 0 : status;
}

}  // namespace

int run_talk(const TalkOptions& options, const Terminal& terminal) {
  const StopSignals signals;
  Talk talk(options, terminal);
  if (trim(options.text).empty()) return talk.converse();
  const auto said = talk.say(options.text, "");
  return said ? 0 : failed(terminal, said.error());
}

}  // namespace troupe::cli
