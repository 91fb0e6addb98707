// From a folder to a Pack: which files there are, their bytes, their hash, and the order of reading and
// checking.
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <functional>

#include "base/hash.h"
#include "base/text.h"
#include "pack/pack_draft.h"
#include "pack/prompt_file.h"

namespace troupe::pack {

namespace {

namespace fs = std::filesystem;

struct TopFile {
  std::string name;
  bool required;
  void (*read)(const Cursor& root, Draft& draft);
  std::vector<Thing> things;  // what is unknown when the file cannot be read
};

const std::vector<TopFile>& top_files() {
  static const std::vector<TopFile> kFiles{
      {"world.yaml", true, read_world, {}},
      {"calendar.yaml", true, read_calendar, {Thing::month}},
      {"climate.yaml", true, read_climate, {Thing::region}},
      {"places.yaml", true, read_places, {Thing::place, Thing::feature, Thing::feature_kind}},
      {"factions.yaml", false, read_factions, {Thing::faction}},
      {"goods.yaml", false, read_goods, {Thing::good, Thing::good_kind}},
      {"facts.yaml", false, read_facts, {Thing::fact}},
      {"verbs.yaml", true, read_verbs, {Thing::verb}},
  };
  return kFiles;
}

// Of a language of the pack's own: talk.<code>.yaml, read by whoever speaks it, and prompts.<code>.yaml.
bool is_of_a_language(std::string_view name) {
  const auto begin = name.substr(0, name.find('.') + 1);
  if ((begin != "talk." && begin != "prompts.") || !name.ends_with(".yaml")) return false;
  const auto end = name.size() - std::string_view(".yaml").size();
  return end > begin.size() && is_identifier(name.substr(begin.size(), end - begin.size()));
}

const std::vector<std::string> kFolders{"npcs", "quests", "story", "lore", "languages", "tests"};

// Reads the whole pack into memory first: what is checked is what was hashed.
class Files {
 public:
  Files(fs::path root, Draft& draft) : root_(std::move(root)), draft_(draft) {}

  void scan();
  const std::map<std::string, std::string>& all() const { return bytes_; }  // sorted by name
  const std::set<std::string>& bad() const { return bad_; }
  bool is_bad(const std::string& name) const { return bad_.contains(name); }
  std::string hash() const;

 private:
  void scan_folder(const fs::path& folder, const std::string& prefix, std::size_t depth);
  void take(const fs::path& path, const std::string& name);
  void check_top_name(const std::string& name, bool is_folder);
  void refuse(const std::string& name, std::string what, std::string expected) {
    bad_.insert(name);
    draft_.report.add({name, 0, 0}, std::move(what), std::move(expected));
  }

  fs::path root_;
  Draft& draft_;
  std::map<std::string, std::string> bytes_;
  std::set<std::string> bad_;
};

void Files::scan() {
  std::error_code error;
  if (!fs::is_directory(root_, error)) {
    draft_.report.add({}, fmt::format("there is no folder '{}'", root_.string()),
                      "expected the folder of a world pack");
    return;
  }
  scan_folder(root_, "", 0);
}

void Files::scan_folder(const fs::path& folder, const std::string& prefix, std::size_t depth) {
  constexpr std::size_t kDepthMax = 6;
  std::error_code error;
  std::vector<fs::path> entries;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    entries.push_back(entry->path());
  }
  if (error) refuse(prefix, "the folder cannot be read: " + error.message(), "");
  std::ranges::sort(entries);
  for (const fs::path& path : entries) {
    const std::string base = path.filename().string();
    if (base.starts_with('.')) continue;  // editors' and version control's
    const std::string name = prefix + base;
    if (!is_utf8(name)) {
      draft_.report.add({}, "a file name is not UTF-8");
      continue;
    }
    const fs::file_status status = fs::symlink_status(path, error);
    if (fs::is_directory(status)) {
      if (depth == 0 && std::ranges::find(kFolders, base) == kFolders.end()) {
        check_top_name(base, true);
      } else if (depth < kDepthMax) {
        scan_folder(path, name + "/", depth + 1);
      } else {
        refuse(name, "folders are nested too deep", fmt::format("expected at most {}", kDepthMax));
      }
    } else if (!fs::is_regular_file(status)) {
      refuse(name, "this is not a plain file", "expected a file or a folder; links are not followed");
    } else {
      if (depth == 0) check_top_name(base, false);
      take(path, name);
    }
  }
}

void Files::check_top_name(const std::string& name, bool is_folder) {
  std::vector<std::string> known = kFolders;
  if (!is_folder) {
    if (name.ends_with(".md")) return;  // a README, a licence
    if (is_of_a_language(name)) return;
    known.clear();
    for (const TopFile& file : top_files()) known.push_back(file.name);
  }
  if (std::ranges::find(known, name) != known.end()) return;
  refuse(name, fmt::format("this {} is no part of a pack", is_folder ? "folder" : "file"),
         nearest_or_list(name, known));
}

void Files::take(const fs::path& path, const std::string& name) {
  if (bytes_.size() >= draft_.limits.files) {
    if (bytes_.size() == draft_.limits.files)
      refuse(name, "too many files", fmt::format("expected {} at most", draft_.limits.files));
    return;
  }
  std::error_code error;
  const std::uintmax_t size = fs::file_size(path, error);
  if (!error && size > draft_.limits.file_bytes) {
    refuse(name, fmt::format("the file has {} bytes", size),
           fmt::format("expected at most {}", draft_.limits.file_bytes));
    return;
  }
  std::string text(error ? 0 : size, '\0');
  std::ifstream in(path, std::ios::binary);
  if (error || !in.read(text.data(), static_cast<std::streamsize>(text.size()))) {
    refuse(name, "the file cannot be read", "");
    return;
  }
  const bool is_text = name.ends_with(".yaml") || name.ends_with(".md");
  if (is_text && !is_utf8(text)) {
    refuse(name, "the file is not UTF-8", "expected text saved as UTF-8");
    return;
  }
  if (const auto control = control_in(text); is_text && control) {
    const auto before = std::string_view(text).substr(0, control->at);
    const auto line = std::ranges::count(before, '\n') + 1;
    const auto column = before.size() - (before.rfind('\n') + 1) + 1;
    bad_.insert(name);
    draft_.report.add({name, static_cast<int>(line), static_cast<int>(column)}, control->what,
                      "expected text");
    return;
  }
  bytes_.emplace(name, std::move(text));
}

std::string Files::hash() const {
  Sha256 sum;
  for (const auto& [name, text] : bytes_) {
    sum.add_field(name);
    sum.add_field(text);
  }
  return hex(sum.finish());
}

// Parses one file and hands its root to `read`; false where it is not YAML.
bool read_file(const std::string& name, const std::string& text, Draft& draft,
               const std::function<void(const Cursor&)>& read) {
  const auto root = parse_yaml(name, text, draft.limits, draft.report);
  if (!root) return false;
  if (root->kind == Node::Kind::null) {
    draft.report.add(Depth::file, {name, 0, 0}, "the file is empty");
    return false;
  }
  read(Cursor(*root, name, draft.report));
  return true;
}

void read_top_files(const Files& files, Draft& draft) {
  for (const TopFile& file : top_files()) {
    const auto found = files.all().find(file.name);
    const bool is_there = found != files.all().end();
    if (!is_there && !file.required && !files.is_bad(file.name)) continue;
    const std::size_t defined_before = draft.defined.size();
    if (is_there &&
        read_file(file.name, found->second, draft, [&](const Cursor& root) { file.read(root, draft); })) {
      // Where nothing in it could be made out, who means it is not wrong.
      if (draft.defined.size() == defined_before && draft.report.is_about(file.name))
        draft.unread.insert(file.things.begin(), file.things.end());
      continue;
    }
    if (!is_there && !files.is_bad(file.name)) {
      draft.report.add(Depth::file, {file.name, 0, 0}, "the file is missing");
    }
    draft.unread.insert(file.things.begin(), file.things.end());
  }
}

void read_folders(const Files& files, Draft& draft) {
  for (const std::string& name : files.bad()) {
    if (name.starts_with("npcs/")) draft.unread_npcs.insert(fs::path(name).stem().string());
  }
  for (const auto& [name, text] : files.all()) {
    const fs::path path(name);
    if (name.starts_with("npcs/")) {
      if (path.parent_path() != "npcs" || path.extension() != ".yaml") {
        draft.report.add({name, 0, 0}, "this file is no NPC", "expected npcs/<id>.yaml");
        continue;
      }
      if (draft.pack.npcs.size() >= draft.limits.npcs) {
        draft.report.add({name, 0, 0}, "too many NPCs",
                         fmt::format("expected {} at most", draft.limits.npcs));
        return;
      }
      const auto read = [&](const Cursor& root) { read_npc(root, path.stem().string(), draft); };
      if (!read_file(name, text, draft, read)) {
        draft.unread_npcs.insert(path.stem().string());
        draft.unread.insert(Thing::archetype);
      }
    } else if (is_of_a_language(name)) {
      draft.pack.language_files[name] = text;
    } else if (path.parent_path() == "lore" && path.extension() == ".md") {
      read_lore(name, text, draft);
    }
  }
}

// What the server says in the language of the pack.
void read_texts(Draft& draft) {
  const std::string& code = draft.pack.world.language;
  const std::string name = "prompts." + code + ".yaml";
  const auto own = draft.pack.language_files.find(name);
  if (own == draft.pack.language_files.end()) {
    draft.pack.texts = built_in_prompt_texts(code);
    return;
  }
  auto texts = load_prompt_texts(name, own->second);
  if (!texts) {
    for (auto& problem : texts.error())
      draft.report.add({problem.file, problem.line, problem.column}, problem.what, problem.expected);
  } else if (texts->language != code) {
    draft.report.add({name, 0, 0}, fmt::format("this file is of the language '{}'", texts->language),
                     fmt::format("expected 'language: {}'", code));
  } else {
    draft.pack.texts = *std::move(texts);
  }
}

// What a misspelt key has kept from being read is not missing.
void leave_out_what_was_not_read(Draft& draft) {
  struct Row {
    Thing thing;
    const char* file;
    std::vector<const char*> keys;
  };
  const Row rows[] = {{Thing::region, "climate.yaml", {"regions", "id"}},
                      {Thing::place, "places.yaml", {"places", "id"}},
                      {Thing::feature, "places.yaml", {"places", "features", "id", "kind"}},
                      {Thing::feature_kind, "places.yaml", {"places", "features", "kind"}},
                      {Thing::fact, "facts.yaml", {"facts", "id"}},
                      {Thing::faction, "factions.yaml", {"factions", "id"}},
                      {Thing::good, "goods.yaml", {"goods", "id"}},
                      {Thing::good_kind, "goods.yaml", {"goods", "kind"}},
                      {Thing::verb, "verbs.yaml", {"verbs", "id"}},
                      {Thing::archetype, "verbs.yaml", {"archetypes", "id"}},
                      {Thing::month, "calendar.yaml", {"months", "id"}}};
  for (const auto& row : rows) {
    for (const char* key : row.keys) {
      if (draft.report.has_misspelt(row.file, key)) draft.unread.insert(row.thing);
    }
  }
}

}  // namespace

std::expected<Pack, std::vector<Problem>> load_pack(const std::filesystem::path& root,
                                                    const PackLimits& limits) {
  return load_pack(root, limits, nullptr);
}

std::expected<Pack, std::vector<Problem>> load_pack(const std::filesystem::path& root,
                                                    const PackLimits& limits, Schema* schema) {
  Draft draft(limits);
  draft.report.note_into(schema);
  draft.pack.root = root;
  Files files(root, draft);
  files.scan();
  std::error_code error;
  if (!std::filesystem::is_directory(root, error)) return std::unexpected(draft.report.take());
  read_top_files(files, draft);
  read_folders(files, draft);
  read_texts(draft);
  leave_out_what_was_not_read(draft);
  draft.report.set_depth(Depth::name);
  check_references(draft);
  // That something is missing, or does not hang together, may only follow from a key that is misspelt.
  if (draft.report.has_misspelt()) return std::unexpected(draft.report.take());
  draft.report.set_depth(Depth::whole);
  check_calendar_and_climate(draft);
  if (!draft.unread.contains(Thing::place)) {
    check_map(draft);
    check_names(draft);
    check_routines(draft);
    check_routine_verbs(draft);
    check_state_keys(draft);
  }
  check_holders(draft);
  check_secrets(draft);
  check_mysteries(draft);
  if (!draft.report.empty()) return std::unexpected(draft.report.take());
  for (const auto& [name, text] : files.all()) draft.pack.files.push_back(name);
  draft.pack.hash = files.hash();
  return std::move(draft.pack);
}

}  // namespace troupe::pack
