#include "services/models/catalogue.h"

#include <fmt/core.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "base/text.h"
#include "inference/freedom.h"
#include "services/models/json_file.h"
#include "services/models/weight_hash.h"

namespace troupe::models {

namespace {

constexpr const char* kManifest = "model.json";
constexpr const char* kPublisher = "publisher.json";
constexpr double kBytesPerParameter = .6;
constexpr std::int64_t kWorkingBytes = 1'000'000'000;

constexpr const char* kBuiltIn =
#include "services/models/catalogue_text.inc"
    ;

Result<void> check_freedoms(const CatalogueEntry& entry, const YAML::Mark& mark) {
  const std::vector<std::string> known(inference::kFreedomNames.begin(), inference::kFreedomNames.end());
  for (const auto& name : *entry.may) {
    if (inference::parse_freedom(name)) continue;
    return fail(Code::invalid_argument, "models.bad_catalogue",
                fmt::format("line {}: {} may '{}', which is none of {}{}", mark.line + 1, entry.name, name,
                            join(known, ", "), did_you_mean(name, known)));
  }
  return {};
}

}  // namespace

Result<std::vector<CatalogueEntry>> load_catalogue(const std::filesystem::path& file) {
  try {
    const YAML::Node root = file.empty() ? YAML::Load(kBuiltIn) : YAML::LoadFile(file.string());
    std::vector<CatalogueEntry> entries;
    for (const auto& node : root["models"]) {
      const bool listed = node["listed"] && node["listed"].as<bool>();
      CatalogueEntry entry{.name = node["name"].as<std::string>(),
                           .file = node["file"].as<std::string>(),
                           .sha256 = listed ? std::string() : node["sha256"].as<std::string>(),
                           .size = listed ? 0 : node["size"].as<std::int64_t>(),
                           .licence = node["licence"].as<std::string>(),
                           .context_tokens = node["context"].as<int>(),
                           .tiers = node["tiers"].as<std::vector<std::string>>()};
      for (const auto& source : node["sources"]) {
        if (source["url"]) entry.sources.push_back(source["url"].as<std::string>());
        // A file of the tree that the catalogue stands in, as models/catalogue.yaml. What was built in has
        // none.
        if (source["here"] && !file.empty())
          entry.sources.push_back(
              (file.parent_path().parent_path() / source["here"].as<std::string>()).string());
      }
      if (node["languages"]) entry.languages = node["languages"].as<std::vector<std::string>>();
      if (node["may"]) entry.may = node["may"].as<std::vector<std::string>>();
      if (entry.may) TRY_VOID(check_freedoms(entry, node["may"].Mark()));
      if (node["deprecated"]) entry.deprecated = node["deprecated"].as<bool>();
      entry.listed = listed;
      if (listed) entry.parameters = static_cast<std::int64_t>(node["parameters"].as<double>());
      if (node["card"]) entry.wants_card = node["card"].as<bool>();
      entries.push_back(std::move(entry));
    }
    return entries;
  } catch (const YAML::BadFile&) {
    return fail(Code::not_found, "models.no_catalogue", "no catalogue of models at " + file.string());
  } catch (const YAML::Exception& e) {
    return fail(Code::invalid_argument, "models.bad_catalogue",
                fmt::format("{}:{}:{}: {}", file.string(), e.mark.line + 1, e.mark.column + 1, e.msg));
  }
}

std::int64_t memory_about(const CatalogueEntry& entry) {
  const auto weights =
      entry.size > 0 ? entry.size : std::llround(static_cast<double>(entry.parameters) * kBytesPerParameter);
  return weights + kWorkingBytes;
}

namespace {

// What is not there, or makes no sense, is not known: then the file is not loaded.
void take_publisher(CatalogueEntry& entry, const std::filesystem::path& models_dir) {
  std::ifstream in(models_dir / entry.name / kPublisher);
  const auto read = nlohmann::json::parse(in, nullptr, false);
  try {
    entry.sha256 = read.at("sha256").get<std::string>();
    entry.size = read.at("size").get<std::int64_t>();
  } catch (const nlohmann::json::exception&) {
    entry.sha256.clear();
    entry.size = 0;
  }
}

}  // namespace

std::vector<CatalogueEntry> with_local(std::vector<CatalogueEntry> catalogue,
                                       const std::filesystem::path& models_dir) {
  std::error_code error;
  std::vector<std::filesystem::path> manifests;
  for (const auto& folder : std::filesystem::directory_iterator(models_dir, error)) {
    auto manifest = folder.path() / kManifest;
    if (std::filesystem::is_regular_file(manifest, error)) manifests.push_back(std::move(manifest));
  }
  std::ranges::sort(manifests);
  std::vector<CatalogueEntry> all;
  for (const auto& manifest : manifests) {
    if (all.size() == kLocalMax) break;
    std::ifstream in(manifest);
    const auto read = nlohmann::json::parse(in, nullptr, false);
    try {
      CatalogueEntry entry{.name = read.at("name").get<std::string>(),
                           .file = read.at("file").get<std::string>(),
                           .sha256 = read.at("sha256").get<std::string>(),
                           .size = read.at("size").get<std::int64_t>(),
                           .licence = read.at("licence").get<std::string>(),
                           .context_tokens = read.at("context").get<int>(),
                           .tiers = read.at("tiers").get<std::vector<std::string>>()};
      entry.deprecated = read.value("deprecated", false);
      entry.source = read.value("source", std::string());
      entry.local = true;
      const bool known = std::ranges::find(catalogue, entry.name, &CatalogueEntry::name) != catalogue.end();
      if (known || entry.name != manifest.parent_path().filename() || entry.file.contains('/')) continue;
      all.push_back(std::move(entry));
    } catch (const nlohmann::json::exception& e) {
      log::warn("models", "{} is left out: {}", manifest.string(), e.what());
    }
  }
  for (auto& entry : catalogue) {
    if (entry.listed) take_publisher(entry, models_dir);
    all.push_back(std::move(entry));
  }
  return all;
}

Result<void> save_local(const CatalogueEntry& entry, const std::filesystem::path& models_dir) {
  return write_json({{"name", entry.name},
                     {"file", entry.file},
                     {"sha256", entry.sha256},
                     {"size", entry.size},
                     {"licence", entry.licence},
                     {"context", entry.context_tokens},
                     {"tiers", entry.tiers},
                     {"source", entry.source},
                     {"deprecated", entry.deprecated}},
                    models_dir / entry.name / kManifest);
}

Result<void> save_publisher(const CatalogueEntry& entry, const std::filesystem::path& models_dir) {
  return write_json({{"sha256", entry.sha256}, {"size", entry.size}, {"sources", entry.sources}},
                    models_dir / entry.name / kPublisher);
}

namespace {

namespace fs = std::filesystem;

std::string begin_of(const std::string& hash) { return hash.substr(0, 12) + "..."; }

// Compares what is known of the file's own hash with what it must be.
void judge(Installed& found, const CatalogueEntry& entry) {
  if (found.sha256.empty() || found.expected.empty() || found.sha256 == found.expected) return;
  found.state = FileState::damaged;
  const bool as_shipped = found.file == found.shipped;
  found.problem = fmt::format(
      "{} is not what it says it is: its SHA-256 is {}, {} {}; `troupe models {} {}` makes it right",
      found.file.string(), begin_of(found.sha256),
      !as_shipped    ? "when it was made it was"
      : entry.listed ? "its publisher said"
                     : "the catalogue has",
      begin_of(found.expected), as_shipped ? "pull" : "bench", entry.name);
}

void take_measurement(Installed& found, const CatalogueEntry& entry, const fs::path& folder) {
  std::ifstream in(folder / (entry.name + ".measured.json"));
  const auto measured = nlohmann::json::parse(in, nullptr, false);
  if (!measured.is_object()) return;
  const auto text = [](const nlohmann::json& object, const char* key) {
    return object.contains(key) && object[key].is_string() ? object[key].get<std::string>() : std::string();
  };
  const auto number = [](const nlohmann::json& object, const char* key) {
    return object.contains(key) && object[key].is_number() ? object[key].get<double>() : 0.0;
  };
  const std::string use = text(measured, "use");
  if (!measured.contains("tried") || !measured["tried"].is_array()) return;
  for (const auto& tried : measured["tried"]) {
    // A name, not a path, and one that was tried: the measurement may only choose among the files that it
    // made.
    if (!tried.is_object() || text(tried, "file") != use || use.empty() || use.contains('/')) continue;
    if (!fs::exists(folder / use)) continue;
    found.file = folder / use;
    found.prompt_tokens_per_s = number(tried, "prompt_tokens_per_s");
    found.token_ms = number(tried, "generation_ms");
    if (use == entry.file) continue;
    found.expected = text(tried, "sha256");
    if (found.expected.empty()) found.expected = first_hash(found.file).value_or("");
  }
}

}  // namespace

Installed find_installed(const CatalogueEntry& entry, const fs::path& models_dir) {
  Installed found;
  const fs::path folder = models_dir / entry.name;
  found.shipped = folder / entry.file;
  std::error_code error;
  const auto size = fs::file_size(found.shipped, error);
  if (error) {
    found.problem = "not on this machine; `troupe models pull " + entry.name + "` fetches it";
    return found;
  }
  found.file = found.shipped;
  found.expected = entry.sha256;
  if (entry.listed && entry.sha256.empty()) {
    found.state = FileState::damaged;
    found.problem =
        fmt::format("nobody said which hash {} must have; `troupe models pull {}` asks its publisher",
                    found.shipped.string(), entry.name);
    return found;
  }
  if (static_cast<std::int64_t>(size) != entry.size) {
    found.state = FileState::damaged;
    found.problem = fmt::format("{} has {} bytes instead of {}; `troupe models pull {}` fetches it again",
                                found.shipped.string(), size, entry.size, entry.name);
    return found;
  }
  found.state = FileState::ready;
  take_measurement(found, entry, folder);
  found.sha256 = remembered_hash(found.file).value_or("");
  judge(found, entry);
  return found;
}

Installed find_verified(const CatalogueEntry& entry, const fs::path& models_dir) {
  auto found = find_installed(entry, models_dir);
  const auto read = [&] {
    if (found.state != FileState::ready || !found.sha256.empty()) return;
    if (auto own = hash_of(found.file)) {
      found.sha256 = *own;
      judge(found, entry);
    } else {
      found.state = FileState::damaged;
      found.problem = own.error().message;
    }
  };
  read();
  if (found.state != FileState::damaged || found.file == found.shipped || found.shipped.empty()) return found;
  const auto problem = found.problem;
  found.file = found.shipped;
  found.expected = entry.sha256;
  found.sha256 = remembered_hash(found.file).value_or("");
  found.state = FileState::ready;
  judge(found, entry);
  read();
  if (found.state == FileState::ready) found.problem = problem;
  return found;
}

}  // namespace troupe::models
