#include "cli/parse.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "cli/commands_table.h"
#include "cli/http_client.h"
#include "host/registry.h"

namespace troupe::cli {

namespace {

constexpr std::string_view kDefaultServer = "http://127.0.0.1:7777";

Answer wrong(std::string problem) { return {.status = 2, .problem = std::move(problem)}; }

std::string overview() {
  std::string out =
      "troupe: a self-hosted server for games whose characters think\n\nUsage: troupe COMMAND [ARGUMENTS] "
      "[OPTIONS]\n";
  std::string_view group;
  for (const auto& row : command_rows()) {
    if (row.group != group) out += fmt::format("\n{}\n", row.group);
    group = row.group;
    out += fmt::format("  {:16}{}\n", row.name, row.summary);
  }
  return out +
         "\n`troupe COMMAND --help` says more. Exit status: 0 done, 1 failed, 2 wrong usage.\n"
         "Environment: TROUPE_SERVER (address), TROUPE_TOKEN (for servers that want one), TROUPE_WORLD (where there\n"
         "are several), NO_COLOR.\n";
}

// The commands that begin with the same word: "models" has five.
std::string overview_of(std::string_view first_word) {
  std::string out = fmt::format("Usage: troupe {} COMMAND [ARGUMENTS] [OPTIONS]\n\n", first_word);
  for (const auto& row : command_rows()) {
    if (split(row.name, ' ').front() == first_word) out += fmt::format("  {:16}{}\n", row.name, row.summary);
  }
  return out + fmt::format("\n`troupe {} COMMAND --help` says more.\n", first_word);
}

std::string usage(const CommandRow& row, const CLI::App& app) {
  std::string out = fmt::format("troupe {}", row.name);
  for (const auto* option : app.get_options()) {
    if (!option->get_positional()) continue;
    const std::string name = option->get_name(true) + (option->get_expected_max() > 1 ? "..." : "");
    out += option->get_required() ? " " + name : " [" + name + "]";
  }
  return out + " [OPTIONS]";
}

std::string help_of(const CommandRow& row, const CLI::App& app) {
  std::string out = fmt::format("{}: {}\n\nUsage: {}\n", row.name, row.summary, usage(row, app));
  if (!row.about.empty()) out += fmt::format("\n{}\n", row.about);
  for (const bool positional : {true, false}) {
    std::string lines;
    for (const auto* option : app.get_options()) {
      if (option->get_positional() != positional) continue;
      std::string name = positional ? option->get_name(true) : "--" + option->get_lnames().front();
      if (!positional && option->get_items_expected_max() > 0) name += " " + option->get_type_name();
      lines += fmt::format("  {:22}{}\n", name, option->get_description());
    }
    if (!positional) lines += fmt::format("  {:22}{}\n", "--help", "this text");
    if (!lines.empty()) out += (positional ? "\nArguments\n" : "\nOptions\n") + lines;
  }
  out += "\nExample\n";
  for (const auto& line : split(row.example, '\n')) out += fmt::format("  {}\n", line);
  return out;
}

bool asks_for_help(const std::vector<std::string>& words) {
  for (const auto& word : words) {
    if (word == "--") return false;
    if (word == "--help" || word == "-h") return true;
  }
  return false;
}

// An unknown option, with what it may have been meant to be. Before CLI11, which would first miss an
// argument.
std::optional<Answer> check_options(const CommandRow& row, const CLI::App& app,
                                    const std::vector<std::string>& words) {
  std::vector<std::string> known;
  for (const auto* option : app.get_options()) {
    for (const auto& name : option->get_lnames()) known.push_back("--" + name);
  }
  for (const auto& word : words) {
    if (word == "--") break;
    if (!word.starts_with("--")) continue;
    const std::string name = word.substr(0, word.find('='));
    if (std::ranges::find(known, name) != known.end()) continue;
    const std::string guess = did_you_mean(name, known);
    return wrong(fmt::format("`troupe {}` has no option '{}'{}", row.name, name,
                             guess.empty() ? fmt::format("; see `troupe {} --help`", row.name) : guess));
  }
  return std::nullopt;
}

// CLI11's sentences, shortened and made one line.
std::string explain(const CommandRow& row, const CLI::ParseError& error) {
  std::string text = error.what();
  std::ranges::replace(text, '\n', ' ');
  if (error.get_name() == "RequiredError") text = text.substr(0, text.find(" is required")) + " is missing";
  if (error.get_name() == "ArgumentMismatch") {
    const bool twice = text.contains("but received") && !text.contains("received 0");
    text = text.substr(0, text.find(':')) + (twice ? " stands there more than once" : " wants a value");
  }
  return fmt::format("{}; see `troupe {} --help`", text, row.name);
}

std::optional<std::string> complete(ServerOptions& server, const Environment& environment) {
  if (server.url.empty()) server.url = environment("TROUPE_SERVER");
  if (server.url.empty()) server.url = kDefaultServer;
  server.token = environment("TROUPE_TOKEN");
  if (server.world.empty()) server.world = environment("TROUPE_WORLD");
  auto url = server_url(server.url);
  if (!url) return url.error().message;
  server.url = *url;
  return std::nullopt;
}

// What CLI11 cannot say: what depends on several options, on the environment or on the protos.
struct Completion {
  const Environment& environment;

  std::optional<std::string> operator()(auto& options) const {
    if constexpr (requires { options.server; }) return complete(options.server, environment);
    return std::nullopt;
  }
  std::optional<std::string> operator()(WatchOptions& watch) const {
    if (watch.ai && !watch.types.empty()) return "--ai and --type do not go together";
    for (const auto& type : watch.types) {
      const auto known = find_event_type(type);
      if (!known) return known.error().message + "; `troupe call events.Types` lists them";
      if ((*known)->info.live()) return type + " is not kept in the log, so that watch cannot show it";
    }
    return complete(watch.server, environment);
  }
  std::optional<std::string> operator()(TalkOptions& talk) const {
    // A token stands for somebody already; without one, be known by one's own name.
    if (auto problem = complete(talk.server, environment)) return problem;
    if (talk.server.player.empty() && talk.server.token.empty()) {
      talk.server.player = environment("USER");
      if (talk.server.player.empty()) talk.server.player = "stranger";
    }
    return std::nullopt;
  }
  std::optional<std::string> operator()(LoadOptions& load) const {
    return complete(load.server, environment);
  }
  std::optional<std::string> operator()(CallOptions& call) const {
    if (call.method.empty() && !call.list) return "METHOD is missing; `troupe call --list` shows them all";
    if (call.list && !call.body.empty()) return "--list takes no request";
    return complete(call.server, environment);
  }
  std::optional<std::string> operator()(ModelsOptions& models) const {
    if (models.verb != ModelsOptions::Verb::ls) {
      // `pull` without one says which would fit.
      if (models.names.empty() && !models.all && models.verb != ModelsOptions::Verb::pull)
        return "NAME is missing; name a model, or --all";
      if (!models.names.empty() && models.all) return "NAME and --all do not go together";
    }
    return complete(models.server, environment);
  }
  std::optional<std::string> operator()(JudgeOptions& judge) const {
    return complete(judge.server, environment);
  }
  std::optional<std::string> operator()(BenchOptions& bench) const {
    if (bench.name.empty() && !bench.all) return "NAME is missing; name a benchmark, or --all";
    if (!bench.name.empty() && bench.all) return "NAME and --all do not go together";
    return std::nullopt;
  }
};

std::variant<Command, Answer> parse_row(const CommandRow& row, const std::vector<std::string>& words,
                                        const Environment& environment) {
  Command command;
  CLI::App app;
  app.set_help_flag();
  row.define(app, command);
  if (asks_for_help(words)) return Answer{.text = help_of(row, app)};
  if (auto answer = check_options(row, app, words)) return *std::move(answer);
  app.allow_extras();
  try {
    app.parse(std::vector<std::string>(words.rbegin(), words.rend()));
  } catch (const CLI::ParseError& error) {
    return wrong(explain(row, error));
  }
  auto extras = app.remaining();
  std::erase(extras, "--");  // CLI11 keeps the mark itself
  if (!extras.empty()) {
    return wrong(fmt::format("'{}' is one argument too many; usage: {}", extras.front(), usage(row, app)));
  }
  if (const auto problem = std::visit(Completion{environment}, command)) return wrong(*problem);
  return command;
}

const CommandRow* find_row(std::string_view name) {
  const auto rows = command_rows();
  const auto found = std::ranges::find(rows, name, &CommandRow::name);
  return found == rows.end() ? nullptr : &*found;
}

std::variant<Command, Answer> no_such_command(const std::string& name, const std::string& among) {
  std::vector<std::string> names;
  for (const auto& row : command_rows()) {
    const auto words = split(row.name, ' ');
    if (among.empty()) names.push_back(words.front());
    if (!among.empty() && words.front() == among) names.push_back(words.back());
  }
  const std::string guess = did_you_mean(name, names);
  const std::string path = among.empty() ? "troupe" : "troupe " + among;
  return wrong(fmt::format("no command '{}'{}", among.empty() ? name : among + " " + name,
                           guess.empty() ? fmt::format("; see `{} --help`", path) : guess));
}

}  // namespace

std::vector<std::string> command_names() {
  std::vector<std::string> names;
  for (const auto& row : command_rows()) names.emplace_back(row.name);
  return names;
}

std::variant<Command, Answer> parse(const std::vector<std::string>& words, const Environment& environment) {
  if (words.empty()) return Answer{.status = 2, .text = overview()};
  const std::string& first = words.front();
  if (first == "--help" || first == "-h") return Answer{.text = overview()};
  if (first == "--version") return Answer{.text = "troupe " TROUPE_VERSION "\n"};
  if (first == "help") {
    std::vector<std::string> about(words.begin() + 1, words.end());
    about.emplace_back("--help");
    return parse(about, environment);
  }
  if (first.starts_with('-'))
    return wrong(fmt::format("the command comes first, then '{}'; see `troupe --help`", first));
  if (const auto* row = find_row(first))
    return parse_row(*row, {words.begin() + 1, words.end()}, environment);

  const auto names = command_names();
  const bool is_group =
      std::ranges::any_of(names, [&](const auto& name) { return name.starts_with(first + " "); });
  if (!is_group) return no_such_command(first, "");
  if (words.size() < 2)
    return wrong(fmt::format("`troupe {}` wants a command; see `troupe {} --help`", first, first));
  if (words[1] == "--help" || words[1] == "-h") return Answer{.text = overview_of(first)};
  if (const auto* row = find_row(first + " " + words[1])) {
    return parse_row(*row, {words.begin() + 2, words.end()}, environment);
  }
  return no_such_command(words[1], first);
}

}  // namespace troupe::cli
