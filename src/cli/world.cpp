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

}  // namespace troupe::cli
