#pragma once
// What somebody typed, as values: one struct per command. Made by parse.h, read by commands.h.
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "cli/cli.h"

namespace troupe::cli {

// Of every command that talks to a running server.
struct ServerOptions {
  std::string url;     // "http://127.0.0.1:7777", without a slash at the end
  std::string player;  // whom to be; "" = oneself
  std::string world;   // which, where the server has several; "" = the one that there is
  std::string token;   // from the environment only: arguments are for everybody on the machine to read
};

struct CheckOptions {
  std::string dir;
  bool json = false;
};

struct StatusOptions {
  ServerOptions server;
  bool json = false;
};

struct WatchOptions {
  ServerOptions server;
  std::vector<std::string> types;  // empty = all
  bool ai = false;                 // only what models did
  std::int64_t after = -1;         // a sequence; -1 = from now
  std::int64_t count = 0;          // stop after so many; 0 = never
  bool json = false;
};

struct TalkOptions {
  ServerOptions server;
  std::string npc;
  std::string text;  // "" = a conversation
  std::int64_t deadline_ms = 0;
  bool json = false;
};

struct LoadOptions {
  ServerOptions server;
  int players = 20;
  int seconds = 60;
  std::int64_t seed = 1;
  bool json = false;
};

struct CallOptions {
  ServerOptions server;
  std::string method;  // with `list`: a service, or a method to describe
  std::string body;    // JSON; "-" = standard input
  std::int64_t deadline_ms = 0;
  bool list = false;
  bool json = false;
};

struct ModelsOptions {
  enum class Verb { ls, pull, rm, bench };
  Verb verb = Verb::ls;
  ServerOptions server;  // of ls
  std::vector<std::string> names;
  bool all = false;
  std::string models;                      // where the weights are; "" = where set-up put them
  std::string as, sha256, licence, tiers;  // of pull, by address or file
  bool json = false;
};

struct JudgeOptions {
  ServerOptions server;
  std::vector<std::string> names;  // of models that the server has
  bool json = false;
};

struct WhyOptions {
  ServerOptions server;
  std::string event_id;
  bool full = false;
  bool json = false;
};

struct VerifyOptions {
  ServerOptions server;
  bool json = false;
};

struct LinesOptions {
  enum class Verb { lines, save, branch, rollback, write, read };
  Verb verb = Verb::lines;
  ServerOptions server;
  std::string moment;  // a label, or a sequence; of save: the label; of write and read: the file's name
  std::string name;    // of the new world
  bool json = false;
};

struct BenchOptions {
  std::string name;  // "" with `all`
  bool all = false;
  bool json = false;
};

using Command = std::variant<UpOptions, CheckOptions, StatusOptions, WatchOptions, TalkOptions, LoadOptions,
                             CallOptions, ModelsOptions, JudgeOptions, WhyOptions, VerifyOptions,
                             LinesOptions, ReplayOptions, BenchOptions>;

}  // namespace troupe::cli
