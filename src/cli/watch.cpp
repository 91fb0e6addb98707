// troupe watch: the event log as it grows. It is asked again four times a second: nothing is missed or told
// twice, whatever happens to the connection, because the log has a cursor. With --ai, who thinks, too: that
// is seen as it is at each look, so what is over within a quarter of a second shows its end only.
#include <fmt/core.h>

#include <algorithm>
#include <ostream>

#include "cli/commands.h"
#include "cli/events.h"
#include "cli/stop.h"
#include "cli/thoughts.h"

namespace troupe::cli {

namespace {

constexpr std::chrono::milliseconds kInterval{250};
constexpr std::int64_t kPage = 500;

// What a model did, or what was done about it.
constexpr std::string_view kAiTypes[] = {"DialogueStarted", "DialogueEnded",     "NpcDecided",
                                         "VerbRefused",     "GuardrailViolated", "ModelSwitched",
                                         "JobEnded",        "NarrativeGenerated"};

class Watch {
 public:
  Watch(const WatchOptions& options, const Terminal& terminal)
      : options_(options), terminal_(terminal), client_(connect(options.server, &StopSignals::stopped())) {}

  int run();

 private:
  Result<void> begin();
  Result<std::size_t> page();  // how many events came
  Result<void> thoughts();
  bool wanted(const Json& event) const;
  bool enough() const { return options_.count > 0 && printed_ >= options_.count; }
  template <class Line>
  void print(const Json& for_machines, Line line);

  const WatchOptions& options_;
  const Terminal& terminal_;
  HttpClient client_;
  Names names_;
  ThoughtFollower follower_;
  bool sees_thoughts_ = true;
  std::int64_t cursor_ = 0;
  std::int64_t printed_ = 0;
};

bool Watch::wanted(const Json& event) const {
  const std::string type = text_in(event, "type");
  if (options_.ai) return std::ranges::find(kAiTypes, type) != std::end(kAiTypes);
  return options_.types.empty() || std::ranges::find(options_.types, type) != options_.types.end();
}

// `line` tells it to people, in a style.
template <class Line>
void Watch::print(const Json& for_machines, Line line) {
  if (options_.json) {
    terminal_.out << compact(for_machines) << '\n';
  } else {
    // Cut by the text's own width: colours take no room.
    const std::string plain = line(Style());
    const bool cuts = terminal_.columns > 0 && width(plain) > terminal_.columns;
    terminal_.out << (cuts ? cut(plain, terminal_.columns) : line(terminal_.style)) << '\n';
  }
  ++printed_;
}

Result<void> Watch::begin() {
  if (options_.after >= 0) {
    cursor_ = options_.after;
  } else {
    TRY(const Json last, call_rpc(client_, "events.History", {{"limit", 1}, {"newest_first", true}}));
    cursor_ = number_in(last, "last_sequence");
    for (const auto& event : list_in(last, "events"))
      cursor_ = std::max(cursor_, number_in(event, "sequence"));
  }
  if (!options_.json) names_ = ask_names(client_);
  return {};
}

Result<std::size_t> Watch::page() {
  Json request = {{"after_sequence", cursor_}, {"limit", kPage}};
  if (options_.types.size() == 1) request["type"] = options_.types.front();
  TRY(const Json reply, call_rpc(client_, "events.History", request));
  const Json& events = list_in(reply, "events");
  for (const auto& event : events) {
    cursor_ = std::max(cursor_, number_in(event, "sequence"));
    if (!wanted(event)) continue;
    print(event, [&](const Style& style) { return event_line(event, names_, style); });
    if (enough()) break;
  }
  // Past what was read but not for this caller to see, too.
  if (!enough()) {
    cursor_ = std::max(cursor_, number_in(reply, "last_sequence"));
  }
  terminal_.out << std::flush;
  return events.size();
}

Result<void> Watch::thoughts() {
  if (!options_.ai || !sees_thoughts_ || enough()) return {};
  auto status = call_rpc(client_, "router.Status");
  if (!status && status.error().code == Code::permission_denied) {
    // Who watches as a player sees what happens, not who thinks.
    sees_thoughts_ = false;
    complain(terminal_, status.error().message);
    return {};
  }
  if (!status) return std::unexpected(status.error());
  for (const auto& thought : follower_.changes(*status)) {
    if (enough()) continue;
    print({{"thought", thought}}, [&](const Style& style) { return thought_line(thought, names_, style); });
  }
  terminal_.out << std::flush;
  return {};
}

int Watch::run() {
  if (const auto begun = begin(); !begun) {
    return begun.error().code == Code::cancelled ? 0 : failed(terminal_, begun.error());
  }
  bool lost = false;
  while (!StopSignals::stopped().load() && terminal_.out) {
    auto came = page();
    if (const auto seen = came ? thoughts() : Result<void>(); !seen) came = std::unexpected(seen.error());
    if (!came && came.error().code == Code::cancelled) break;
    if (!came && came.error().code != Code::unavailable && came.error().code != Code::deadline_exceeded) {
      return failed(terminal_, came.error());
    }
    if (!came && !lost) complain(terminal_, came.error().message + " (waiting for it)");
    lost = !came;
    if (enough()) break;
    // A full page means that there is more already.
    if (came && *came >= static_cast<std::size_t>(kPage)) continue;
    StopSignals::wait(kInterval);
  }
  return 0;
}

}  // namespace

int run_watch(const WatchOptions& options, const Terminal& terminal) {
  const StopSignals signals;
  return Watch(options, terminal).run();
}

}  // namespace troupe::cli
