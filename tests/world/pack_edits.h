#pragma once
// Test only: how a pack is edited, one thing more or another id, for every part of the format.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "pack/pack_diff.h"

namespace troupe::test {

namespace fs = std::filesystem;

inline std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

inline void write(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

inline void append(const fs::path& path, const std::string& text) { write(path, read(path) + text); }

inline void replace(const fs::path& path, const std::string& what, const std::string& by) {
  std::string text = read(path);
  const auto found = text.find(what);
  ASSERT_NE(found, std::string::npos) << path << ": " << what;
  write(path, text.replace(found, what.size(), by));
}

// A folder that goes away with its test.
class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "troupe-change-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = name;
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

// The minimal pack, with one thing at least of every part.
inline void make_base(const fs::path& pack) {
  fs::copy(fs::path("tests/packs/minimal"), pack, fs::copy_options::recursive);
  append(pack / "world.yaml", "scale: 3600\n");
  append(pack / "verbs.yaml",
         "wears:\n  - {of: lamp, key: oil, by: -1, hours: 6}\n"
         "archetypes:\n  - {id: civilian, likes: {rest: 0.1}}\n");
  write(pack / "lore/river.md", "# The river\n\nIt is brown.\n");
  write(pack / "quests/eels.yaml", "eels: all of them\n");
  write(pack / "talk.xa.yaml", "language: xa\n");  // nobody speaks it
}

inline std::shared_ptr<const pack::Pack> load(const fs::path& folder) {
  auto loaded = pack::load_pack(folder);
  if (loaded) return std::make_shared<const pack::Pack>(*std::move(loaded));
  for (const auto& problem : loaded.error()) ADD_FAILURE() << pack::to_string(problem);
  return nullptr;
}

// In every file of the pack, the word alone.
inline void rename_word(const fs::path& pack, const std::string& word, const std::string& before = "") {
  const std::regex pattern(before + "\\b" + word + "\\b");
  for (const auto& entry : fs::recursive_directory_iterator(pack)) {
    if (!entry.is_regular_file()) continue;
    const std::string text = read(entry.path());
    write(entry.path(),
          std::regex_replace(text, pattern, before.empty() ? word + "_new" : "$1" + word + "_new"));
  }
}

using Edit = std::function<void(const fs::path& pack)>;

// One thing more, for every part.
inline const std::map<std::string, Edit>& adders() {
  static const std::map<std::string, Edit> kAdders{
      {"months",
       [](const fs::path& p) {
         replace(p / "calendar.yaml",
                 "weekdays:", "  - {id: mud, name: Mud, days: 3, season: winter}\nweekdays:");
       }},
      {"weekdays",
       [](const fs::path& p) { replace(p / "calendar.yaml", "Secondday]", "Secondday, Thirdday]"); }},
      {"festivals",
       [](const fs::path& p) {
         append(p / "calendar.yaml",
                "  - {id: eve_of_eels, name: Eve of Eels, month: reed, day: 1, duration_days: 9, text: "
                "Eels.}\n");
       }},
      {"regions",
       [](const fs::path& p) {
         append(p / "climate.yaml",
                "  - id: hills\n    name: the hills\n    start: clear\n    seasons:\n"
                "      summer: {clear: {windy: 1}, windy: {clear: 1}}\n"
                "      winter: {clear: {windy: 1}, windy: {clear: 1}}\n");
         append(
             p / "places.yaml",
             "  - {id: hill, name: the hill, kind: hill, region: hills, x: 300, y: 900, neighbours: [road], "
             "text: High.}\n");
         replace(p / "places.yaml", "neighbours: [landing, hut]", "neighbours: [landing, hut, hill]");
       }},
      {"places",
       [](const fs::path& p) {
         append(
             p / "places.yaml",
             "  - {id: well, name: the well, kind: well, region: river, x: 320, y: 400, neighbours: [road], "
             "text: Deep.}\n");
         replace(p / "places.yaml", "neighbours: [landing, hut]", "neighbours: [landing, hut, well]");
         // Somebody stands there when it goes.
         replace(p / "npcs/ben.yaml", "place: road", "place: well");
       }},
      {"features",
       [](const fs::path& p) {
         replace(p / "places.yaml", "      - boat\n", "      - boat\n      - bell\n");
       }},
      {"feature_states",
       [](const fs::path& p) {
         replace(p / "places.yaml", "{lit: false, oil: 3}", "{lit: false, oil: 3, soot: 1}");
       }},
      {"factions",
       [](const fs::path& p) {
         append(p / "factions.yaml",
                "  - {id: anglers, name: the Anglers, text: They sit., power: 1, treasury: 0, territory: "
                "[hut]}\n");
         replace(p / "npcs/ben.yaml", "faction: walkers", "faction: anglers");
       }},
      {"goods",
       [](const fs::path& p) {
         append(p / "goods.yaml",
                "  - {id: rope, name: rope, unit: a coil, base_price: 9, volatility: 0.1, sold_at: [hut]}\n");
       }},
      {"facts",
       [](const fs::path& p) {
         replace(p / "facts.yaml", "facts:\n",
                 "facts:\n  - {id: cold, text: The water is cold., topics: [river], public: true}\n");
       }},
      {"wears",
       [](const fs::path& p) {
         replace(p / "verbs.yaml", "wears:\n", "wears:\n  - {of: lamp, key: lit, to: false, hours: 3}\n");
       }},
      {"archetypes",
       [](const fs::path& p) {
         replace(p / "verbs.yaml", "archetypes:\n", "archetypes:\n  - {id: guard, likes: {rest: -0.1}}\n");
       }},
      {"mysteries",
       [](const fs::path& p) {
         append(p / "facts.yaml",
                "  - {id: how_low, question: \"How low is it?\", answer: low_water, clues: [{fact: "
                "low_water, ask: "
                "ben}]}\n");
       }},
      {"npcs",
       [](const fs::path& p) {
         std::string eve = read(p / "npcs/ada.yaml");
         eve = std::regex_replace(eve, std::regex("id: ada"), "id: eve");
         eve = std::regex_replace(eve, std::regex("name: Ada"), "name: Eve");
         write(p / "npcs/eve.yaml", eve);
         replace(p / "npcs/ben.yaml", "relations:\n", "relations:\n  - {to: eve, affection: 0.9}\n");
       }},
      {"verbs",
       [](const fs::path& p) {
         replace(p / "verbs.yaml", "verbs:\n",
                 "verbs:\n  - {id: hum, text: hum, effects: [{event: TuneHummed}], minutes: 5, who: [npc, "
                 "player]}\n");
         replace(p / "npcs/ada.yaml", "activity: rows", "activity: rows, verb: hum");
       }},
      {"lore", [](const fs::path& p) { write(p / "lore/boats.md", "# Boats\n\nThey float.\n"); }},
      {"talk", [](const fs::path& p) { write(p / "talk.xb.yaml", "language: xb\n"); }},
      {"files", [](const fs::path& p) { write(p / "story/a.txt", "Once.\n"); }},
      {"world", [](const fs::path& p) { replace(p / "world.yaml", "version: \"1.0\"", "version: \"1.1\""); }},
  };
  return kAdders;
}

// Another id for one thing, by part.
inline void rename(const std::string& part, const std::string& id, const pack::Pack& pack,
                   const fs::path& folder) {
  if (part == "features") return rename_word(folder, pack.feature(id)->kind);
  if (part == "feature_states" || part == "wears") return rename_word(folder, id.substr(id.find('.') + 1));
  if (part == "verbs") return rename_word(folder, id, "(id: |verb: )");
  if (part == "talk") return fs::rename(folder / id, folder / "talk.xc.yaml");
  if (part == "lore" || part == "files") {
    return fs::rename(folder / id, fs::path((folder / id).string()).replace_filename("other.md"));
  }
  rename_word(folder, id);
  if (part == "npcs") fs::rename(folder / "npcs" / (id + ".yaml"), folder / "npcs" / (id + "_new.yaml"));
}

// Another value, for every key of world.yaml but `name`: a world of another name is another world.
inline const std::map<std::string, Edit>& world_edits() {
  const auto says = [](const char* what, const char* by) -> Edit {
    return [=](const fs::path& p) { replace(p / "world.yaml", what, by); };
  };
  const auto also = [](const char* line) -> Edit {
    return [=](const fs::path& p) { append(p / "world.yaml", line); };
  };
  static const std::map<std::string, Edit> kEdits{
      {"title", says("title: The Ferry", "title: The Boat")},
      {"version", says("version: \"1.0\"", "version: \"1.2\"")},
      {"text", says("text: A landing", "text: A jetty")},
      {"seed", says("seed: 1", "seed: 2")},
      {"start", says("clock: \"07:00\"", "clock: \"09:00\"")},
      {"scale", says("scale: 3600", "scale: 60")},
      {"arrival", says("arrival: landing", "arrival: road")},
      {"money", also("money: {coin: shells}\n")},
      {"rating", also("rating: mature\n")},
      {"language", also("language: de\n")},
      {"players", also("players: {speed_m_s: 5}\n")},
      {"sleep", also("sleep: {after_minutes: 5}\n")},
  };
  return kEdits;
}

struct Case {
  std::string name;
  std::string part;
  Edit edit;
};

inline std::vector<Case> cases() {
  const Folder folder;
  make_base(folder.path() / "base");
  const auto base = load(folder.path() / "base");
  std::vector<Case> out;
  for (const auto& [part, edit] : adders()) out.push_back({part + "_more", part, edit});
  // Every id that the pack has: what a pack has more than none.
  for (const auto& part : pack::diff(pack::Pack(), *base)) {
    if (part.part == "world") continue;
    for (const auto& id : part.added) {
      std::string name = part.part + "_" + id;
      std::ranges::replace_if(
          name, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
      out.push_back({name, part.part, [part = part.part, id](const fs::path& to) {
                       const auto pack = load(to);
                       rename(part, id, *pack, to);
                     }});
    }
  }
  for (const auto& [key, edit] : world_edits()) out.push_back({"world_" + key, "world", edit});
  return out;
}

}  // namespace troupe::test
