#include "app/config.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <optional>

#include "app/config_doors.h"
#include "app/config_engines.h"
#include "app/config_limits.h"
#include "app/config_router.h"
#include "base/text.h"

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

using Report = std::function<void(const YAML::Mark&, const std::string&)>;

// A list may also be written as YAML's.
std::optional<std::string> value_of(const YAML::Node& node) {
  if (node.IsScalar()) return node.Scalar();
  if (!node.IsSequence()) return std::nullopt;
  std::vector<std::string> words;
  for (const auto& word : node) {
    if (!word.IsScalar()) return std::nullopt;
    words.push_back(word.Scalar());
  }
  return join(words, ",");
}

engine::OpenAiModelConfig read_engine(const std::string& name, const YAML::Node& node, const Report& report) {
  engine::OpenAiModelConfig model{.name = name};
  std::vector<std::string> keys;
  for (const auto& key : engine_keys()) keys.emplace_back(key.name);
  bool good = true;
  const auto bad = [&](const YAML::Mark& mark, const std::string& what) {
    good = false;
    report(mark, "engines." + name + what);
  };
  for (const auto& entry : node) {
    const auto key = entry.first.as<std::string>();
    const auto known =
        std::ranges::find(engine_keys(), key, [](const EngineKey& k) { return std::string(k.name); });
    const auto value = value_of(entry.second);
    if (known == engine_keys().end()) {
      bad(entry.first.Mark(), ": no setting '" + key + "'" + did_you_mean(key, keys));
    } else if (!value) {
      bad(entry.second.Mark(), "." + key + " must be a single value or a list of them");
    } else if (const auto wanted = known->set(model, *value); !wanted.empty()) {
      bad(entry.second.Mark(), "." + key + ": '" + *value + "' is not " + wanted);
    }
  }
  if (!good) return model;
  if (const auto problem = engine::openai_model_problem(model); !problem.empty())
    bad(node.Mark(), ": " + problem);
  return model;
}

void read_engines(Config& config, const YAML::Node& section, const Report& report) {
  if (!section.IsMap()) return report(section.Mark(), "engines is a mapping of names to engines");
  if (section.size() > kEnginesMax) report(section.Mark(), fmt::format("{} engines at most", kEnginesMax));
  for (const auto& entry : section) {
    const auto name = entry.first.as<std::string>();
    const auto same = [&](const auto& model) { return model.name == name; };
    if (!entry.second.IsMap()) {
      report(entry.second.Mark(), "engines." + name + " is a mapping of keys to values");
    } else if (std::ranges::any_of(config.server.engines, same)) {
      report(entry.first.Mark(), "engines." + name + " is there twice");
    } else {
      config.server.engines.push_back(read_engine(name, entry.second, report));
    }
  }
}

std::vector<ConfigKey> server_keys() {
  return {
      {"world", "the world pack's folder", "worlds/lanternfall",
       [](Config& c, const std::string& v) { return c.server.world = v, std::string(); }},
      {"data", "where databases are kept", "data",
       [](Config& c, const std::string& v) { return c.server.data = v, std::string(); }},
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
    return fail(Code::invalid_argument, "config.bad_value", key + ": '" + value + "' is not " + wanted);
  }
  return {};
}

Result<void> load_config(Config& config, const std::string& file) {
  std::vector<std::string> problems;
  const auto report = [&](const YAML::Mark& mark, const std::string& what) {
    problems.push_back(fmt::format("{}:{}:{}: {}", file, mark.line + 1, mark.column + 1, what));
  };
  std::vector<std::string> names;
  for (const auto& key : config_keys()) names.emplace_back(key.name);
  names.emplace_back("engines");
  try {
    const YAML::Node root = YAML::LoadFile(file);
    if (!root.IsNull() && !root.IsMap())
      report(root.Mark(), "a configuration is a mapping of keys to values");
    const std::function<void(const YAML::Node&, const std::string&)> read = [&](const YAML::Node& node,
                                                                                const std::string& prefix) {
      for (const auto& entry : node) {
        const std::string name = prefix + entry.first.as<std::string>();
        const bool is_section =
            std::ranges::any_of(names, [&](const auto& known) { return known.starts_with(name + "."); });
        const auto value = value_of(entry.second);
        if (name == "engines") {
          read_engines(config, entry.second, report);
        } else if (is_section && entry.second.IsMap()) {
          read(entry.second, name + ".");
        } else if (std::ranges::find(names, name) == names.end()) {
          report(entry.first.Mark(), "no setting '" + name + "'" + did_you_mean(name, names));
        } else if (!value) {
          report(entry.second.Mark(), name + " must be a single value or a list of them");
        } else if (const auto set = set_config(config, name, *value); !set) {
          report(entry.second.Mark(), set.error().message);
        }
      }
    };
    if (root.IsMap()) read(root, "");
  } catch (const YAML::BadFile&) {
    return fail(Code::not_found, "config.missing", "no configuration file " + file);
  } catch (const YAML::Exception& e) {
    report(e.mark, e.msg);
  }
  if (!problems.empty()) return fail(Code::invalid_argument, "config.broken", join(problems, "\n"));
  return {};
}

}  // namespace troupe
