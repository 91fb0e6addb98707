#include "cli/commands_table.h"

namespace troupe::cli {

namespace {

void server_options(CLI::App& app, ServerOptions& server) {
  app.add_option("--server", server.url,
                 "the server to talk to (default: $TROUPE_SERVER, or http://127.0.0.1:7777)")
      ->type_name("URL");
  app.add_option("--as", server.player, "be this player, with no more rights than a player has")
      ->type_name("PLAYER");
  app.add_option("--world", server.world,
                 "which world, where the server has several (default: $TROUPE_WORLD); worlds.List names them")
      ->type_name("NAME");
}

void json_flag(CLI::App& app, bool& json, const char* what = "JSON for programs") {
  app.add_flag("--json", json, what);
}

// Without the description, which CLI11 would put behind the option's name.
CLI::Validator not_negative() {
  const auto check = [](const std::string& text) {
    return text.starts_with('-') ? "expected 0 or more, not " + text : std::string();
  };
  return {check, ""};
}

void define_up(CLI::App& app, Command& command) {
  auto& up = command.emplace<UpOptions>();
  app.add_option("--world", up.worlds,
                 "a world pack; may be given several times (default: worlds/lanternfall)")
      ->type_name("DIR")
      ->allow_extra_args(false);
  app.add_option("--data", up.data, "where databases are kept (default: data)")->type_name("DIR");
  app.add_option("--db", up.db,
                 "sqlite, or postgresql://user@host:port/name: which database (default: sqlite)")
      ->type_name("ADDRESS");
  app.add_option("--config", up.config, "configuration, YAML; options here come before it")
      ->type_name("FILE");
  app.add_option("--listen", up.listen, "where to listen; port 0 picks one (default: 127.0.0.1:7777)")
      ->type_name("ADDRESS:PORT");
  app.add_option("--seed", up.seed, "of a new world, instead of the pack's")->type_name("N");
  app.add_option("--services", up.services,
                 "only these, e.g. time,weather,state; what they ask of others is unavailable (default: all)")
      ->type_name("NAMES");
  app.add_option("--bus", up.bus,
                 "what carries calls and events: local, or nats://HOST:PORT (default: local)")
      ->type_name("URL");
  app.add_option(
         "--role", up.role,
         "all, or what this process is of several on one bus: gateway, or world,mind,shared (default: all)")
      ->type_name("ROLES");
  app.add_option("--models", up.models, "where the weights are (default: where set-up put them)")
      ->type_name("DIR");
  app.add_flag("--accept-loss", up.accept_loss,
               "go on where acknowledged writes are missing or a table is damaged, with what is there");
  app.add_flag("--no-models", up.no_models,
               "no language models: people act and speak by rules and written lines");
  json_flag(app, up.json, "the ready line as JSON, and the log");
  app.add_option("--log", up.log, "text or json (default: text)")->type_name("FORMAT");
  app.add_option("--log-level", up.log_level, "debug, info, warn, error or off (default: info)")
      ->type_name("LEVEL");
}

void define_check(CLI::App& app, Command& command) {
  auto& check = command.emplace<CheckOptions>();
  app.add_option("DIR", check.dir, "the world pack")->required();
  json_flag(app, check.json);
}

void define_status(CLI::App& app, Command& command) {
  auto& status = command.emplace<StatusOptions>();
  server_options(app, status.server);
  json_flag(app, status.json);
}

void define_watch(CLI::App& app, Command& command) {
  auto& watch = command.emplace<WatchOptions>();
  app.add_option("--type", watch.types, "only events of this type; may be given several times")
      ->type_name("TYPE")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_flag("--ai", watch.ai,
               "only what models said and decided, and who thinks now: tier, slack, met or late");
  app.add_option("--after", watch.after,
                 "begin after this sequence of the log (0: from the start), not with now")
      ->type_name("N")
      ->check(not_negative());
  app.add_option("--count", watch.count, "end after so many events")->type_name("N")->check(not_negative());
  server_options(app, watch.server);
  json_flag(app, watch.json, "one JSON object per line");
}

void define_talk(CLI::App& app, Command& command) {
  auto& talk = command.emplace<TalkOptions>();
  app.add_option("NPC", talk.npc, "whom to talk to")->required();
  app.add_option_function<std::vector<std::string>>(
         "TEXT",
         [&talk](const std::vector<std::string>& words) { talk.text = CLI::detail::join(words, " "); },
         "what to say; without it, a conversation")
      ->expected(0, -1);
  app.add_option("--deadline", talk.deadline_ms,
                 "the whole answer within so many milliseconds (default: 15000)")
      ->type_name("MS")
      ->check(CLI::Range(1, 600'000).description(""));
  server_options(app, talk.server);
  json_flag(app, talk.json, "the reply as JSON, when it is complete");
}

void define_load(CLI::App& app, Command& command) {
  auto& load = command.emplace<LoadOptions>();
  app.add_option("--players", load.players, "how many (default: 20)")
      ->type_name("N")
      ->check(CLI::Range(1, 500).description(""));
  app.add_option("--seconds", load.seconds, "for how long (default: 60)")
      ->type_name("S")
      ->check(CLI::Range(1, 86'400).description(""));
  app.add_option("--seed", load.seed, "of whom they visit and what they say (default: 1)")->type_name("N");
  app.add_option("--server", load.server.url,
                 "the server to load (default: $TROUPE_SERVER, or http://127.0.0.1:7777)")
      ->type_name("URL");
  app.add_option("--world", load.server.world,
                 "which world, where the server has several (default: $TROUPE_WORLD)")
      ->type_name("NAME");
  json_flag(app, load.json);
}

void define_call(CLI::App& app, Command& command) {
  auto& call = command.emplace<CallOptions>();
  app.add_option("METHOD", call.method, "service.Method; with --list, a service or method to read about");
  app.add_option("JSON", call.body, "the request; '-' reads it from standard input (default: {})");
  app.add_flag("--list", call.list, "every method with what it does; of one method, its fields");
  app.add_option("--deadline", call.deadline_ms, "the answer within so many milliseconds (default: 30000)")
      ->type_name("MS")
      ->check(CLI::Range(1, 600'000).description(""));
  server_options(app, call.server);
  json_flag(app, call.json, "on one line");
}

void define_why(CLI::App& app, Command& command) {
  auto& why = command.emplace<WhyOptions>();
  app.add_option("EVENT-ID", why.event_id, "as in `troupe watch`; its number is enough")->required();
  app.add_flag("--full", why.full, "prompts in full");
  server_options(app, why.server);
  json_flag(app, why.json);
}

void define_models(CLI::App& app, Command& command, ModelsOptions::Verb verb) {
  auto& models = command.emplace<ModelsOptions>();
  models.verb = verb;
  if (verb == ModelsOptions::Verb::ls) {
    server_options(app, models.server);
  } else {
    const bool pulls = verb == ModelsOptions::Verb::pull;
    app.add_option("NAME", models.names,
                   pulls ? "models of the catalogue (`troupe models ls`), https addresses or GGUF files"
                         : "models; `troupe models ls` shows them")
        ->expected(0, -1);
    if (pulls) {
      app.add_option("--name", models.as, "what a model by address or file is called (default: as its file)");
      app.add_option("--tiers", models.tiers,
                     "what it is for: gold, silver, bronze, embedding or choice (default: by its file)");
      app.add_option("--licence", models.licence, "where its file does not say");
      app.add_option("--sha256", models.sha256, "the hash that it must have");
    }
    app.add_flag("--all", models.all, "every model of the catalogue");
  }
  app.add_option("--models", models.models, "where the weights are (default: where set-up put them)")
      ->type_name("DIR");
  json_flag(app, models.json, "one JSON object per line");
}

void define_models_ls(CLI::App& app, Command& c) { define_models(app, c, ModelsOptions::Verb::ls); }
void define_models_pull(CLI::App& app, Command& c) { define_models(app, c, ModelsOptions::Verb::pull); }
void define_models_rm(CLI::App& app, Command& c) { define_models(app, c, ModelsOptions::Verb::rm); }
void define_models_bench(CLI::App& app, Command& c) { define_models(app, c, ModelsOptions::Verb::bench); }

void define_models_judge(CLI::App& app, Command& command) {
  auto& judge = command.emplace<JudgeOptions>();
  server_options(app, judge.server);
  app.add_option("NAME", judge.names, "models that the server has, of this machine or over HTTP")
      ->expected(0, -1);
  json_flag(app, judge.json, "one JSON object per model and line");
}

void define_verify(CLI::App& app, Command& command) {
  auto& verify = command.emplace<VerifyOptions>();
  server_options(app, verify.server);
  json_flag(app, verify.json);
}

void define_lines(CLI::App& app, Command& command, LinesOptions::Verb verb) {
  auto& lines = command.emplace<LinesOptions>();
  lines.verb = verb;
  server_options(app, lines.server);
  if (verb == LinesOptions::Verb::save) {
    app.add_option("LABEL", lines.moment, "what to call the moment")->required();
  } else if (verb == LinesOptions::Verb::write || verb == LinesOptions::Verb::read) {
    app.add_option("FILE", lines.moment, "its name in the server's folder exports, without the end .world")
        ->required();
  } else if (verb != LinesOptions::Verb::lines) {
    app.add_option("MOMENT", lines.moment, "a label, or the sequence of an event")->required();
  }
  if (verb == LinesOptions::Verb::branch || verb == LinesOptions::Verb::read)
    app.add_option("NAME", lines.name, "of the new world")->required();
  json_flag(app, lines.json);
}
void define_world_lines(CLI::App& app, Command& c) { define_lines(app, c, LinesOptions::Verb::lines); }
void define_world_save(CLI::App& app, Command& c) { define_lines(app, c, LinesOptions::Verb::save); }
void define_world_branch(CLI::App& app, Command& c) { define_lines(app, c, LinesOptions::Verb::branch); }
void define_world_rollback(CLI::App& app, Command& c) { define_lines(app, c, LinesOptions::Verb::rollback); }
void define_world_export(CLI::App& app, Command& c) { define_lines(app, c, LinesOptions::Verb::write); }
void define_world_import(CLI::App& app, Command& c) { define_lines(app, c, LinesOptions::Verb::read); }

void define_replay(CLI::App& app, Command& command) {
  auto& replay = command.emplace<ReplayOptions>();
  app.add_option("--world", replay.world, "the world pack (default: worlds/lanternfall)")->type_name("DIR");
  app.add_option("--name", replay.name,
                 "of a world that was created from that pack, or of a line: moor@2 (default: the pack's own)")
      ->type_name("WORLD");
  app.add_option("--data", replay.data, "where databases are kept (default: data)")->type_name("DIR");
  app.add_option("--db", replay.db,
                 "sqlite, or postgresql://user@host:port/name: as for `up` (default: sqlite)")
      ->type_name("ADDRESS");
  json_flag(app, replay.json);
}

void define_bench(CLI::App& app, Command& command) {
  auto& bench = command.emplace<BenchOptions>();
  app.add_option("NAME", bench.name, "which benchmark");
  app.add_flag("--all", bench.all, "every benchmark");
  json_flag(app, bench.json, "one JSON object per benchmark and line");
}

constexpr CommandRow kRows[] = {
    {"Run a world", "up", "start the server on a world",
     "Prints `ready http://ADDRESS` on a line of its own when it takes requests. Ctrl-C stops it; what has "
     "happened is\n"
     "kept and goes on at the next start. An address that other machines can reach needs tokens in the "
     "configuration.",
     "troupe up --world worlds/lanternfall\ntroupe up --no-models --listen 127.0.0.1:0", define_up},
    {"Run a world", "check", "is a world pack right?",
     "Prints every problem as file:line:column, what is wrong and what would be right.",
     "troupe check worlds/lanternfall", define_check},
    {"Look", "status", "what runs: clock, weather, models, people",
     "Exit status 1 when the server is not there or not ready.", "troupe status\ntroupe status --json",
     define_status},
    {"Look", "watch", "events as they happen, a line each",
     "Ctrl-C ends it. The number in front is for `troupe why`.\n"
     "With --ai each thought is a line, too, when it begins, is pre-empted and ends.",
     "troupe watch\ntroupe watch --type WeatherChanged --type PhaseChanged\ntroupe watch --ai", define_watch},
    {"Look", "why", "the chain of causes of an event",
     "Goes back from cause to cause. A decision of a model comes with its options, prompt, verdict and time.",
     "troupe why lanternfall-1042\ntroupe why 1042 --full", define_why},
    {"Take part", "talk", "say something to somebody",
     "The answer is printed as it is made; a last line says which model it was, how fast, and what they did "
     "about it.\n"
     "Without TEXT a conversation begins: a line each; /quit or Ctrl-D ends it. You are $USER, or who --as "
     "says.",
     "troupe talk marta \"Has anybody seen the keeper?\"\ntroupe talk marta --as anna", define_talk},
    {"Take part", "call", "any method of any service",
     "Method and request are checked here, before anything is sent. The reply is printed as JSON.",
     "troupe call --list\ntroupe call --list weather.Forecast\n"
     "troupe call weather.Forecast '{\"region\":\"harbour\",\"hours\":24}'\necho '{\"scale\":600}' | troupe "
     "call time.SetScale -",
     define_call},
    {"Models", "models ls", "the catalogue and what is on this machine",
     "Asks a running server; without one, looks itself. With --models it always looks itself.",
     "troupe models ls", define_models_ls},
    {"Models", "models pull", "fetch weights; what is there is only checked",
     "Without NAME: which listed model would be better on this machine; nothing is fetched, nobody is "
     "asked.\n"
     "Stopped, it goes on from where it was. What comes is held against the hash in the catalogue; of a "
     "listed\nmodel, against the one that its publisher says when it is pulled. Any GGUF will do, by its "
     "https "
     "address or\nas a file: hash and licence are shown and kept, and it answers before the catalogue's.",
     "troupe models pull\ntroupe models pull granite-3.3-2b\n"
     "troupe models pull ./own.gguf --name own --tiers silver",
     define_models_pull},
    {"Models", "models rm", "delete weights", "", "troupe models rm smollm2-135m", define_models_rm},
    {"Models", "models bench", "how fast weights run on this machine",
     "Measures again, and keeps what it found: set-up and server choose the file by it.",
     "troupe models bench qwen2.5-coder-0.5b", define_models_bench},
    {"Models", "models judge", "what a model is good enough for, and how well it chooses",
     "Through the running server, with whatever engine. An exam of no world: whether it says what a note\n"
     "says, and of whom, knows nothing where it was told nothing, and answers small talk. Then scenes in\n"
     "which it chooses what to do. Without NAME, every loaded model that speaks. The server keeps the grade\n"
     "by the file's hash, or by name and address; from its next start the grade decides what the model may\n"
     "say, unless talk.may or the catalogue says so.",
     "troupe models judge\ntroupe models judge qwen2.5-coder-1.5b", define_models_judge},
    {"The world's history", "world lines", "the lines of its history, and what was saved on them",
     "A roll back leaves the line that it came from as it is. `*` is what the world has lived through.",
     "troupe world lines", define_world_lines},
    {"The world's history", "world save", "give the present moment a name",
     "Nothing is copied: the moment is a place in the log, which can be branched from or rolled back to.",
     "troupe world save 'before the storm'", define_world_save},
    {"The world's history", "world branch", "another world, which goes on from a moment of this one",
     "The new world begins with everything that had happened by then; the old one goes on meanwhile.",
     "troupe world branch 'before the storm' what-if\ntroupe world branch 1042 what-if --world shard-2",
     define_world_branch},
    {"The world's history", "world rollback", "go on from an earlier moment",
     "What came after it is kept as another line, and nobody remembers it. Sockets are closed, and come back.",
     "troupe world rollback 'before the storm'", define_world_rollback},
    {"The world's history", "world export", "the world as one file, for another server",
     "Written by the server into the folder exports of its data: the log from the beginning, and the packs that\n"
     "it was lived with.",
     "troupe world export moor-before-winter", define_world_export},
    {"The world's history", "world import", "another world, out of such a file",
     "It is lived through again from its first moment and held against what was recorded; the server has to\n"
     "have its pack (--world of `troupe up`).",
     "troupe world import moor-before-winter moor-2", define_world_import},
    {"The world's history", "world verify", "is the log intact?",
     "Walks the log's hash chain and prints the hashes of log and state. Exit status 1 when the chain is "
     "broken.",
     "troupe world verify", define_verify},
    {"The world's history", "world replay", "make the state again from the recorded inputs, and compare",
     "Works on the files of a server that is not running, and changes none of them. Exit status 1 when the "
     "two differ.",
     "troupe world replay --world worlds/lanternfall --data data", define_replay},
    {"Measure", "load", "players who walk about and talk, on a running server",
     "Each walks up to somebody, stands before them, says one to three lines and goes on. Reports what "
     "players saw "
     "(first\nword, answers, inputs) and what the server says of itself meanwhile: choices in time, ticks, "
     "memory.",
     "troupe load --players 20 --seconds 600", define_load},
    {"Measure", "bench", "one benchmark beside its peer",
     "Prints what was measured, and the ratio to the peer in the same run; above 1 means that Troupe is "
     "better.\n"
     "  tokens           reading a prompt and writing, against llama-bench\n"
     "  gold_under_load  choices while 16 stories are written, against llama-server and SMG\n"
     "  preempt          how long gold waits for a step of others, against no pre-emption\n"
     "  overload         1.5 times what fits, against first in first out and plain deadlines\n"
     "  cost_model       what a step was predicted to take, against what it took\n"
     "  acts             deeds asked for in words: found and left, with vectors, against words alone\n"
     "  talk             right answers and first words of people in four worlds, against llama-server\n"
     "  talk_models      the same by model: rules alone, graded, free, against llama-server\n"
     "  load             twenty players at once for ten minutes, against one alone\n"
     "  shared_prefix    8 to 128 characters who share a world, against llama-server\n"
     "  first_line       nine people spoken to on a fresh start, against llama-server started anew\n"
     "  first_word       who was looked at for 2 s and is spoken to, against no anticipation and "
     "llama-server\n"
     "  grammar          JSON under a schema, against llama-server\n"
     "  choose           what to do in over 200 scenes, against a label that llama-server generates\n"
     "  proxy            what /v1/chat/completions adds, against LiteLLM, SMG, vllm-router and Portkey\n"
     "  worlds           a thousand in one server, 20 awake, against a process for each\n"
     "  tick             ticks and echoes while the engine runs flat out\n"
     "  bus              from publish to the handler\n"
     "  bus_nats         a request over NATS, beside nats.c alone\n"
     "  durable_writes   64 writers, against one commit per write\n"
     "  group_commit     64 writers into PostgreSQL, against pgbench\n"
     "  weather_event    bytes of an event on the wire\n"
     "  reflex           a decision for each of 1,000 NPCs\n"
     "  decide           which engine, of 100, while 1,000 requests wait\n"
     "  allocations      of the forecast and the reflex: none",
     "troupe bench --all\ntroupe bench bus --json", define_bench},
};

}  // namespace

std::span<const CommandRow> command_rows() { return kRows; }

}  // namespace troupe::cli
