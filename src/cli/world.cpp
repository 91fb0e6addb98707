// troupe world: the history of a running server's world.
#include <fmt/core.h>

#include <ostream>

#include "cli/commands.h"
#include "cli/rpc.h"

namespace troupe::cli {

int run_verify(const VerifyOptions& options, const Terminal& terminal) {
  HttpClient client = connect(options.server);
  // A long log takes a while to walk.
  const auto reply = call_rpc(client, "world.Verify", Json::object(), std::chrono::minutes(10));
  if (!reply) return failed(terminal, reply.error());
  const std::string problem = text_in(*reply, "problem");
  const int status = problem.empty() ? 0 : 1;
  if (options.json) {
    terminal.out << compact(*reply) << '\n';
    return status;
  }
  if (status != 0) {
    complain(terminal, "the log is not intact: " + problem);
    return status;
  }
  terminal.out << fmt::format("{} {} events from {} inputs\nlog    {}\nstate  {}\n",
                              terminal.style(Ink::green, "intact:"), number_in(*reply, "events"),
                              number_in(*reply, "inputs"), one_line(text_in(*reply, "log_hash")),
                              one_line(text_in(*reply, "state_hash")));
  return status;
}

namespace {

Result<Json> ask_lines(HttpClient& client, const LinesOptions& options) {
  Json request = {{"world", options.server.world}};
  // A past moment is lived through again, which takes as long as it takes.
  const auto patience = std::chrono::minutes(10);
  switch (options.verb) {
    case LinesOptions::Verb::lines:
      break;
    case LinesOptions::Verb::save:
      request["label"] = options.moment;
      return call_rpc(client, "worlds.Save", request);
    case LinesOptions::Verb::branch:
      request["from"] = options.moment;
      request["name"] = options.name;
      return call_rpc(client, "worlds.Branch", request, patience);
    case LinesOptions::Verb::rollback:
      request["to"] = options.moment;
      return call_rpc(client, "worlds.Rollback", request, patience);
    case LinesOptions::Verb::write:
      request["file"] = options.moment;
      return call_rpc(client, "worlds.Export", request, patience);
    case LinesOptions::Verb::read:
      return call_rpc(client, "worlds.Import", {{"file", options.moment}, {"name", options.name}}, patience);
  }
  return call_rpc(client, "worlds.Lines", request);
}

}  // namespace

int run_lines(const LinesOptions& options, const Terminal& terminal) {
  HttpClient client = connect(options.server);
  const auto reply = ask_lines(client, options);
  if (!reply) return failed(terminal, reply.error());
  if (options.json) {
    terminal.out << compact(*reply) << '\n';
    return 0;
  }
  if (options.verb == LinesOptions::Verb::write) {
    terminal.out << fmt::format("{}: {:.1f} MB, {} events from {} inputs\n",
                                one_line(text_in(*reply, "file")),
                                static_cast<double>(number_in(*reply, "bytes")) / 1e6,
                                number_in(*reply, "sequence"), number_in(*reply, "inputs"));
    return 0;
  }
  Table table({"", "Line", "Moment", "Event", "Day", ""});
  for (const auto& line : list_in(*reply, "lines")) {
    const auto minutes = number_in(line, "at_ms") / 60'000;
    const std::string label = one_line(text_in(line, "label"));
    table.row({flag_in(line, "current") ? "*" : "", one_line(text_in(line, "name")),
               label.empty() ? "its end" : label, std::to_string(number_in(line, "sequence")),
               std::to_string(minutes / 1440 + 1),
               fmt::format("{:02}:{:02}", minutes % 1440 / 60, minutes % 60)});
  }
  table.print(terminal, "");
  return 0;
}

}  // namespace troupe::cli
