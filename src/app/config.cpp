#include "app/config.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <functional>
#include <map>
#include <optional>
#include <sstream>

#include "adapters/engine_llama/llama_engine.h"
#include "app/config_bus.h"
#include "app/config_doors.h"
#include "app/config_engines.h"
#include "app/config_limits.h"
#include "app/config_router.h"
#include "app/databases.h"
#include "base/text.h"
#include "pack/pack_yaml.h"

namespace troupe {

namespace {

template <class Number>
bool parse_number(const std::string& text, Number& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

std::string set_listen(Config& config, const std::string& value) {
  const auto colon = value.rfind(':');
  std::uint16_t port = 0;
  if (colon == std::string::npos || colon == 0 || !parse_number(value.substr(colon + 1), port)) {
    return "an address and a port, such as 127.0.0.1:7777 (port 0 picks one)";
  }
  std::string host = value.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  config.server.listen_host = host == "localhost" ? "127.0.0.1" : host;
  config.server.listen_port = port;
  return {};
}

std::string set_bool(bool& out, const std::string& value) {
  if (value != "true" && value != "false") return "true or false";
  out = value == "true";
  return {};
}

std::string set_route(Config& config, engine::Tier tier, const std::string& value) {
  auto& names = config.server.routes[tier];
  names.clear();
  for (const auto& name : split(value, ',')) names.push_back(trim(name));
  return {};
}

std::string set_gpu_layers(Config& config, const std::string& value) {
  int layers = engine::kGpuLayersAuto;
  const bool number = parse_number(value, layers);
  if (value != "auto" && (!number || layers < 0 || layers > engine::kGpuLayersMax))
    return "auto or 0 to 1000";
  if (layers > 0 && engine::built_for_gpu().empty())
    return "auto or 0: this program is built for the CPU alone (make run GPU=vulkan, or GPU=cuda)";
  config.server.engine_gpu_layers = layers;
  return {};
}

using pack::Node;
using Report = std::function<void(const Node&, const std::string&)>;

// A list may also be written as YAML's.
std::optional<std::string> value_of(const Node& node) {
  if (node.kind == Node::Kind::scalar) return node.text;
  if (node.kind != Node::Kind::list) return std::nullopt;
  std::vector<std::string> words;
  for (const auto& word : node.items) {
    if (word.kind != Node::Kind::scalar) return std::nullopt;
    words.push_back(word.text);
  }
  return join(words, ",");
}

engine::OpenAiModelConfig read_engine(const std::string& name, const Node& node, const Report& report) {
  engine::OpenAiModelConfig model{.name = name};
  std::vector<std::string> keys;
  for (const auto& key : engine_keys()) keys.emplace_back(key.name);
  bool good = true;
  const auto bad = [&](const Node& at, const std::string& what) {
    good = false;
    report(at, "engines." + name + what);
  };
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    const std::string& key = node.keys[i].text;
    const auto known =
        std::ranges::find(engine_keys(), key, [](const EngineKey& k) { return std::string(k.name); });
    const auto value = value_of(node.items[i]);
    if (known == engine_keys().end()) {
      bad(node.keys[i], ": no setting '" + key + "'" + did_you_mean(key, keys));
    } else if (!value) {
      bad(node.items[i], "." + key + " must be a single value or a list of them");
    } else if (const auto wanted = known->set(model, *value); !wanted.empty()) {
      bad(node.items[i], "." + key + ": '" + *value + "' is not " + wanted);
    }
  }
  if (!good) return model;
  if (const auto problem = engine::openai_model_problem(model); !problem.empty()) bad(node, ": " + problem);
  return model;
}

// What `/v1` and the router would take for something else.
bool is_tier(const std::string& name) {
  return name == "gold" || name == "silver" || name == "bronze" || name == "reflex" || name == "embedding";
}

void read_engines(Config& config, const Node& section, const Report& report) {
  if (section.kind != Node::Kind::map) return report(section, "engines is a mapping of names to engines");
  if (section.items.size() > kEnginesMax) report(section, fmt::format("{} engines at most", kEnginesMax));
  for (std::size_t i = 0; i < section.items.size(); ++i) {
    const std::string& name = section.keys[i].text;
    if (is_tier(name)) {
      report(section.keys[i], "engines." + name + ": a tier has this name");
    } else if (section.items[i].kind != Node::Kind::map) {
      report(section.items[i], "engines." + name + " is a mapping of keys to values");
    } else {
      config.server.engines.push_back(read_engine(name, section.items[i], report));
    }
  }
}

std::vector<ConfigKey> server_keys() {
  return {
      {"world", "the world pack's folder, or a list of several", "worlds/lanternfall",
       [](Config& c, const std::string& v) {
         const auto folders = split(v, ',');
         c.server.worlds.assign(folders.begin(), folders.end());
         return std::string();
       }},
      {"data", "where databases are kept", "data",
       [](Config& c, const std::string& v) { return c.server.data = v, std::string(); }},
      {"db",
       "sqlite (files in the data folder) or postgresql://user@host:port/name: where the rooms of the server are kept. "
       "PostgreSQL 15 or newer; a password stands in a file: ?passfile=FILE",
       "sqlite",
       [](Config& c, const std::string& v) -> std::string {
         if (auto problem = database_address_problem(v); !problem.empty())
           return "sqlite or an address of PostgreSQL: " + problem;
         c.server.database = v;
         return {};
       }},
      {"listen", "address and port; port 0 picks one", "127.0.0.1:7777", set_listen},
      {"seed", "the world's seed, when it begins", "the pack's",
       [](Config& c, const std::string& v) -> std::string {
         std::uint64_t seed = 0;
         if (!parse_number(v, seed)) return "a whole number from 0";
         c.server.seed = seed;
         return {};
       }},
      {"tokens", "file of bearer tokens (role name sha256 a line); needed to listen beyond loopback",
       "none: local mode",
       [](Config& c, const std::string& v) { return c.server.tokens_file = v, std::string(); }},
      {"models.dir", "where the weights are", "where set-up put them",
       [](Config& c, const std::string& v) { return c.server.models_dir = v, std::string(); }},
      {"models.use", "false: reflex and written lines only", "true",
       [](Config& c, const std::string& v) { return set_bool(c.server.use_models, v); }},
      {"models.only", "names of models to load, with commas", "those that serve a tier",
       [](Config& c, const std::string& v) -> std::string {
         c.server.only_models = v.empty() ? std::vector<std::string>() : split(v, ',');
         return {};
       }},
      {"models.choice",
       "the model that chooses what people do: a GGUF file that tools/train_choice wrote, a name, or none",
       "what was pulled for `choice`, then the catalogue's",
       [](Config& c, const std::string& v) { return c.server.choice_model = v, std::string(); }},
      {"engine.read_ahead", "whether what somebody will be asked is read before the line comes", "true",
       [](Config& c, const std::string& v) { return set_bool(c.server.read_ahead, v); }},
      {"engine.keep_prefixes", "whether prompts that were read are kept over a restart, in the data folder",
       "true", [](Config& c, const std::string& v) { return set_bool(c.server.keep_prefixes, v); }},
      {"engine.threads", "threads of the inference engine, 0 to 256; 0 = one a core", "0",
       [](Config& c, const std::string& v) -> std::string {
         int threads = 0;
         if (!parse_number(v, threads) || threads < 0 || threads > 256) return "0 to 256";
         c.server.engine_threads = threads;
         return {};
       }},
      {"engine.memory_mb", "memory for weights and caches of one model, in MB; 0 = what the machine has free",
       "0",
       [](Config& c, const std::string& v) -> std::string {
         if (!parse_number(v, c.server.engine_memory_mb)) return "a whole number from 0";
         return {};
       }},
      {"engine.gpu_layers",
       "layers of each chat model on a graphics card: auto (as many as it has memory for) or 0 to 1000; the "
       "output counts as one. Needs a program built with GPU=vulkan or GPU=cuda",
       "auto", set_gpu_layers},
      {"routes.gold", "names of models that serve gold, best first, with commas; the reflex comes last",
       "engines, then models of this machine, by their tiers",
       [](Config& c, const std::string& v) { return set_route(c, engine::Tier::gold, v); }},
      {"routes.silver", "the same for silver", "the same",
       [](Config& c, const std::string& v) { return set_route(c, engine::Tier::silver, v); }},
      {"routes.bronze", "the same for bronze", "the same",
       [](Config& c, const std::string& v) { return set_route(c, engine::Tier::bronze, v); }},
      {"routes.moderation",
       "a model that judges what the word lists let pass, both ways; what is said is then shown whole",
       "none",
       [](Config& c, const std::string& v) -> std::string {
         c.server.moderation_model = trim(v);
         return {};
       }},
      {"log.format", "text or json", "text",
       [](Config& c, const std::string& v) -> std::string {
         if (v != "text" && v != "json") return "text or json";
         c.log_format = v == "json" ? log::Format::json : log::Format::text;
         return {};
       }},
      {"log.level", "debug, info, warn, error or off", "info",
       [](Config& c, const std::string& v) -> std::string {
         static const std::vector<std::string> kLevels = {"debug", "info", "warn", "error", "off"};
         const auto found = std::ranges::find(kLevels, v);
         if (found == kLevels.end()) return "debug, info, warn, error or off";
         c.log_level = static_cast<log::Level>(found - kLevels.begin());
         return {};
       }},
  };
}

}  // namespace

const std::vector<ConfigKey>& config_keys() {
  static const std::vector<ConfigKey> kKeys = [] {
    auto keys = server_keys();
    keys.insert(keys.end(), router_keys().begin(), router_keys().end());
    keys.insert(keys.end(), limit_keys().begin(), limit_keys().end());
    keys.insert(keys.end(), door_keys().begin(), door_keys().end());
    keys.insert(keys.end(), bus_keys().begin(), bus_keys().end());
    return keys;
  }();
  return kKeys;
}

Result<void> set_config(Config& config, const std::string& key, const std::string& value) {
  const auto found =
      std::ranges::find(config_keys(), key, [](const ConfigKey& k) { return std::string(k.name); });
  if (found == config_keys().end())
    return fail(Code::invalid_argument, "config.unknown", "no setting '" + key + "'");
  const std::string wanted = found->set(config, value);
  if (!wanted.empty()) {
    const auto shown = key == "db" ? database_address_shown(value) : without_login(value);
    return fail(Code::invalid_argument, "config.bad_value", key + ": '" + shown + "' is not " + wanted);
  }
  return {};
}

std::string config_reference() {
  std::string out =
      "# Keys of the configuration\n\n"
      "Made from the tables of the program (`src/app/config*.cpp`); a test says when it is not fresh. "
      "`troupe up --config FILE` reads YAML:\n"
      "`a.b` is `b` in the section `a`, a list is written with commas or as YAML's. A key that is not known "
      "or stands there twice is an\n"
      "error. The command line overrides the file.\n\n"
      "| key | | without it |\n|---|---|---|\n";
  const auto row = [&](const std::string& name, const auto& key) {
    std::string help = key.help;
    for (std::size_t at = 0; (at = help.find('|', at)) != std::string::npos; at += 2)
      help.insert(at, 1, '\\');
    out += fmt::format("| `{}` | {} | {} |\n", name, help, key.fallback);
  };
  for (const auto& key : config_keys()) row(key.name, key);
  out += fmt::format(
      "\n## engines.NAME\n\nAn engine over HTTP under each name, {} at most.\n\n| key | | without it "
      "|\n|---|---|---|\n",
      kEnginesMax);
  for (const auto& key : engine_keys()) row(key.name, key);
  return out;
}

Result<void> load_config(Config& config, const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail(Code::not_found, "config.missing", "no configuration file " + file);
  std::ostringstream bytes;
  bytes << in.rdbuf();
  // As strict as packs are: a key that stands there twice, an anchor, a control character are mistakes.
  const pack::PackLimits limits;
  if (bytes.view().size() > limits.file_bytes || !is_utf8(bytes.view())) {
    return fail(Code::invalid_argument, "config.broken",
                fmt::format("{}: a configuration is UTF-8 of at most {} bytes", file, limits.file_bytes));
  }
  pack::Report problems(limits.problems);
  const Report report = [&](const Node& at, const std::string& what) {
    problems.add({file, at.line, at.column}, what);
  };
  std::vector<std::string> names;
  for (const auto& key : config_keys()) names.emplace_back(key.name);
  names.emplace_back("engines");
  std::map<std::string, const Node*>
      given;  // in which mapping: "engine.threads: 2" and "engine: {threads: 2}" are one setting
  const std::function<void(const Node&, const std::string&)> read = [&](const Node& node,
                                                                        const std::string& prefix) {
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      const Node& value_node = node.items[i];
      const std::string name = prefix + node.keys[i].text;
      const bool is_section =
          std::ranges::any_of(names, [&](const auto& known) { return known.starts_with(name + "."); });
      const auto value = value_of(value_node);
      if (name == "engines") {
        read_engines(config, value_node, report);
      } else if (is_section && value_node.kind == Node::Kind::map) {
        read(value_node, name + ".");
      } else if (std::ranges::find(names, name) == names.end()) {
        report(node.keys[i], "no setting '" + name + "'" + did_you_mean(name, names));
      } else if (given.emplace(name, &node).first->second != &node) {
        report(node.keys[i], "the setting '" + name + "' stands there twice");
      } else if (!value) {
        report(value_node, name + " must be a single value or a list of them");
      } else if (const auto set = set_config(config, name, *value); !set) {
        report(value_node, set.error().message);
      }
    }
  };
  const auto root = pack::parse_yaml(file, bytes.str(), limits, problems);
  if (root && root->kind == Node::Kind::map) read(*root, "");
  if (root && root->kind != Node::Kind::map && root->kind != Node::Kind::null)
    report(*root, "a configuration is a mapping of keys to values");
  if (problems.empty()) return {};
  std::string message;
  for (const auto& problem : problems.take()) message += (message.empty() ? "" : "\n") + to_string(problem);
  return fail(Code::invalid_argument, "config.broken", message);
}

}  // namespace troupe
