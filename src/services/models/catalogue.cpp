#include "services/models/catalogue.h"

#include <fmt/core.h>
#include <yaml-cpp/yaml.h>

#include <fstream>
#include <nlohmann/json.hpp>

namespace troupe::models {

Result<std::vector<CatalogueEntry>> load_catalogue(const std::filesystem::path& file) {
  try {
    const YAML::Node root = YAML::LoadFile(file.string());
    std::vector<CatalogueEntry> entries;
    for (const auto& node : root["models"]) {
      CatalogueEntry entry{.name = node["name"].as<std::string>(),
                           .file = node["file"].as<std::string>(),
                           .sha256 = node["sha256"].as<std::string>(),
                           .size = node["size"].as<std::int64_t>(),
                           .licence = node["licence"].as<std::string>(),
                           .context_tokens = node["context"].as<int>(),
                           .tiers = node["tiers"].as<std::vector<std::string>>()};
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

Installed find_installed(const CatalogueEntry& entry, const std::filesystem::path& models_dir) {
  namespace fs = std::filesystem;
  Installed found;
  const fs::path folder = models_dir / entry.name;
  const fs::path shipped = folder / entry.file;
  std::error_code error;
  const auto size = fs::file_size(shipped, error);
  if (error) {
    found.problem = "not on this machine; `troupe models pull " + entry.name + "` fetches it";
    return found;
  }
  found.file = shipped;
  found.sha256 = entry.sha256;
  if (static_cast<std::int64_t>(size) != entry.size) {
    found.state = FileState::damaged;
    found.problem = fmt::format("{} has {} bytes instead of {}; `troupe models pull {}` fetches it again",
                                shipped.string(), size, entry.size, entry.name);
    return found;
  }
  found.state = FileState::ready;
  std::ifstream in(folder / (entry.name + ".measured.json"));
  const auto measured = nlohmann::json::parse(in, nullptr, false);
  if (!measured.is_object()) return found;
  const std::string use = measured.value("use", std::string());
  // A name, not a path: the measurement may only choose among the files of its own folder.
  const bool is_name = !use.empty() && use.find('/') == std::string::npos;
  if (is_name && fs::exists(folder / use)) {
    found.file = folder / use;
    if (use != entry.file) found.sha256.clear();
  }
  for (const auto& tried : measured.value("tried", nlohmann::json::array())) {
    if (tried.value("file", std::string()) != found.file.filename().string()) continue;
    found.prompt_tokens_per_s = tried.value("prompt_tokens_per_s", 0.0);
    found.token_ms = tried.value("generation_ms", 0.0);
  }
  return found;
}

}  // namespace troupe::models
