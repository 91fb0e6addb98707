// troupe load: simulated players on a running server, and what they and the server saw.
#include <fmt/core.h>

#include <memory>
#include <ostream>
#include <thread>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/load_player.h"
#include "cli/metrics_text.h"
#include "cli/stop.h"

namespace troupe::cli {

namespace {

using namespace std::chrono_literals;

std::string span_text(double ms) {
  return ms < 10     ? fmt::format("{:.1f} ms", ms)
         : ms < 1000 ? fmt::format("{:.0f} ms", ms)
                     : fmt::format("{:.2f} s", ms / 1000);
}

std::string counts(const std::map<std::string, std::int64_t>& by_name) {
  std::string out;
  for (const auto& [name, count] : by_name)
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", name, count);
  return out;
}

Result<MetricsText> scrape(HttpClient& client) {
  TRY(const auto reply, client.send({.path = "/metrics", .timeout = 10s}));
  if (reply.status == 200) return parse_metrics(reply.body);
  return fail(Code::unavailable, "cli.metrics",
              client.url() + "/metrics answered " + std::to_string(reply.status));
}

class Load {
 public:
  Load(const LoadOptions& options, const Terminal& terminal)
      : options_(options),
        terminal_(terminal),
        clock_(std::chrono::milliseconds(std::chrono::seconds(options.seconds))),
        client_(connect(options.server)) {}

  Result<void> run();

 private:
  void watch(LoadClock::Clock::time_point began);
  Json report(const MetricsText& before, const MetricsText& after, double seconds) const;
  void print(const Json& report) const;

  const LoadOptions& options_;
  const Terminal& terminal_;
  LoadClock clock_;
  HttpClient client_;
  std::vector<std::unique_ptr<LoadPlayer>> players_;
  LoadFigures figures_;
};

void Load::watch(LoadClock::Clock::time_point began) {
  while (!clock_.over()) {
    if (!StopSignals::wait(500ms) || StopSignals::stopped().load()) clock_.end();
    for (auto& player : players_) figures_.add(player->take());
    if (!terminal_.err_tty) continue;
    const auto s = std::chrono::duration_cast<std::chrono::seconds>(LoadClock::Clock::now() - began).count();
    terminal_.err << fmt::format("\r\033[K{}:{:02} of {}:{:02}: {} answers, first word {}", s / 60, s % 60,
                                 options_.seconds / 60, options_.seconds % 60, figures_.answer_ms.size(),
                                 span_text(percentile(figures_.first_word_ms, .5)))
                  << std::flush;
  }
  if (terminal_.err_tty) terminal_.err << "\r\033[K" << std::flush;
}

Result<void> Load::run() {
  const StopSignals signals;
  TRY(const auto before, scrape(client_));
  const auto began = LoadClock::Clock::now();
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < options_.players; ++i) {
      auto server = options_.server;
      server.player = fmt::format("load-{}", i + 1);
      players_.push_back(std::make_unique<LoadPlayer>(server, static_cast<std::uint64_t>(options_.seed), i,
                                                      clock_, &StopSignals::stopped()));
      threads.emplace_back([player = players_.back().get()] { player->play(); });
    }
    watch(began);
  }
  for (auto& player : players_) figures_.add(player->take());
  const double seconds = std::chrono::duration<double>(LoadClock::Clock::now() - began).count();
  TRY(const auto after, scrape(client_));
  print(report(before, after, seconds));
  return {};
}

Json Load::report(const MetricsText& before, const MetricsText& after, double seconds) const {
  const auto during = between(before, after);
  const auto spans = [](const std::vector<double>& ms) {
    return Json{{"count", ms.size()}, {"p50_ms", percentile(ms, .5)}, {"p99_ms", percentile(ms, .99)}};
  };
  const auto gold = [&](const char* met) {
    return total(during, "troupe_ai_deadlines_total", {"kind=\"choose\"", met});
  };
  const double ticks = total(during, "troupe_timeline_tick_lateness_seconds_count");
  return {
      {"players", options_.players},
      {"seconds", seconds},
      {"answers", spans(figures_.answer_ms)},
      {"first_word", spans(figures_.first_word_ms)},
      {"tiers", figures_.tiers},
      {"ways", figures_.ways},
      {"deadlines_missed", figures_.deadlines_missed},
      {"failed", figures_.failed},
      {"inputs", spans(figures_.input_ms)},
      {"prompts_read_ahead", total(during, "troupe_npc_talks_total", {"prompt=\"warm\""})},
      {"prompts_cold", total(during, "troupe_npc_talks_total", {"prompt=\"cold\""})},
      {"choices_in_time", gold("met=\"yes\"")},
      {"choices_late", gold("met=\"no\"")},
      {"ticks", ticks},
      {"tick_late_p99_ms", 1000 * histogram_percentile(during, "troupe_timeline_tick_lateness_seconds", .99)},
      {"acts", total(during, "troupe_npc_acts_total")},
      {"people", total(after, "troupe_npc_people")},
      {"memory_before_mib", total(before, "process_resident_memory_bytes") / (1 << 20)},
      {"memory_after_mib", total(after, "process_resident_memory_bytes") / (1 << 20)},
      {"cores", total(during, "process_cpu_seconds_total") / seconds},
  };
}

void Load::print(const Json& r) const {
  if (options_.json) {
    terminal_.out << compact(r) << '\n' << std::flush;
    return;
  }
  const auto spans = [&](const char* key) {
    const auto& s = object_in(r, key);
    return fmt::format("p50 {}, p99 {}", span_text(real_in(s, "p50_ms")), span_text(real_in(s, "p99_ms")));
  };
  const auto count = [&](const char* key) { return number_in(object_in(r, key), "count"); };
  Table table({"", ""});
  table.row({"players", fmt::format("{} for {:.0f} s", options_.players, real_in(r, "seconds"))});
  table.row({"answers", fmt::format("{} ({}); {}; {} too late", count("answers"), counts(figures_.ways),
                                    spans("answers"), figures_.deadlines_missed)});
  table.row({"first word", spans("first_word")});
  table.row({"prompts", fmt::format("{:.0f} read ahead, {:.0f} cold", real_in(r, "prompts_read_ahead"),
                                    real_in(r, "prompts_cold"))});
  table.row({"choices", fmt::format("{:.0f} in time, {:.0f} late", real_in(r, "choices_in_time"),
                                    real_in(r, "choices_late"))});
  table.row({"inputs", fmt::format("{}; {}", count("inputs"), spans("inputs"))});
  table.row({"ticks", fmt::format("{:.0f}, p99 at most {} late; {:.0f} acts of {:.0f} people",
                                  real_in(r, "ticks"), span_text(real_in(r, "tick_late_p99_ms")),
                                  real_in(r, "acts"), real_in(r, "people"))});
  table.row(
      {"server", fmt::format("{:.2f} cores; {:.0f} MiB at the start, {:.0f} at the end", real_in(r, "cores"),
                             real_in(r, "memory_before_mib"), real_in(r, "memory_after_mib"))});
  if (!figures_.failed.empty()) table.row({"failed", counts(figures_.failed)});
  table.print(terminal_, "");
}

}  // namespace

int run_load(const LoadOptions& options, const Terminal& terminal) {
  Load load(options, terminal);
  const auto done = load.run();
  return done ? 0 : failed(terminal, done.error());
}

}  // namespace troupe::cli
