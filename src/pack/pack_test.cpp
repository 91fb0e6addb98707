// Every folder tests/packs/NN-name is a mistake a designer could make: laid over the minimal pack, it must
// give exactly the messages of its expected.txt.
#include "pack/pack.h"

#include "pack/pack_rating.h"
#include "pack/pack_reference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace troupe::pack {
namespace {

namespace fs = std::filesystem;

const fs::path kPacks = "tests/packs";
const fs::path kMinimal = kPacks / "minimal";

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

void write(const fs::path& path, std::string_view text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

// A copy of the minimal pack that goes away with its test.
class TempPack {
 public:
  TempPack() {
    std::string name = (fs::temp_directory_path() / "troupe-pack-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    root_ = name;
    fs::copy(kMinimal, root_, fs::copy_options::recursive);
  }
  ~TempPack() { fs::remove_all(root_); }
  TempPack(const TempPack&) = delete;
  TempPack& operator=(const TempPack&) = delete;

  const fs::path& root() const { return root_; }

 private:
  fs::path root_;
};

std::string messages(const std::expected<Pack, std::vector<Problem>>& loaded) {
  std::string out;
  if (loaded) return out;
  for (const Problem& problem : loaded.error()) out += to_string(problem) + "\n";
  return out;
}

std::vector<std::string> broken_packs() {
  std::vector<std::string> out;
  for (const auto& entry : fs::directory_iterator(kPacks)) {
    const std::string name = entry.path().filename().string();
    if (entry.is_directory() && name.size() > 3 && name[2] == '-') out.push_back(name);
  }
  std::ranges::sort(out);
  return out;
}

class BrokenPack : public testing::TestWithParam<std::string> {};

TEST_P(BrokenPack, SaysExactlyWhatIsWrong) {
  const fs::path overlay = kPacks / GetParam();
  const TempPack pack;
  fs::copy(overlay, pack.root(), fs::copy_options::recursive | fs::copy_options::overwrite_existing);
  fs::remove(pack.root() / "expected.txt");
  std::istringstream removed(read(overlay / "removed.txt"));
  for (std::string file; std::getline(removed, file);) ASSERT_TRUE(fs::remove(pack.root() / file)) << file;
  fs::remove(pack.root() / "removed.txt");

  EXPECT_EQ(messages(load_pack(pack.root())), read(overlay / "expected.txt"));
}

INSTANTIATE_TEST_SUITE_P(Packs, BrokenPack, testing::ValuesIn(broken_packs()), [](const auto& test) {
  std::string name = test.param;
  std::ranges::replace(name, '-', '_');
  return name;
});

TEST(BrokenPacks, AreThereAndEachSaysSomething) {
  EXPECT_GE(broken_packs().size(), 70u);
  for (const std::string& name : broken_packs()) EXPECT_NE(read(kPacks / name / "expected.txt"), "") << name;
}

// Each key and each name of a whole pack, misspelt in one place: what is said first is about that, and what only
// follows from it is left out.
TEST(BrokenPacks, OneTypoIsSaidFirst) {
  const auto is_word = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
  const auto word_at = [&](const std::string& text, std::size_t at) {
    std::size_t end = at;
    while (end < text.size() && is_word(text[end])) ++end;
    return text.substr(at, end - at);
  };
  int typos = 0;
  for (const auto& entry : fs::recursive_directory_iterator(kMinimal)) {
    if (entry.path().extension() != ".yaml") continue;
    const auto file = fs::relative(entry.path(), kMinimal);
    const std::string good = read(entry.path());
    for (std::size_t at = 0; at < good.size(); ++at) {
      if (!is_word(good[at]) || (at > 0 && is_word(good[at - 1]))) continue;
      const std::string word = word_at(good, at);
      const auto after = good.substr(at + word.size(), 2);
      const bool is_key = after == ": " || after == ":\n";
      const bool is_id = at >= 4 && good.substr(at - 4, 4) == "id: ";
      if (word.size() < 2 || (!is_key && !is_id)) continue;
      std::string typo = word;
      typo.insert(typo.size() - 1, 1, typo.back() == 'x' ? 'y' : 'x');
      const TempPack pack;
      write(pack.root() / file, good.substr(0, at) + typo + good.substr(at + word.size()));
      const auto loaded = load_pack(pack.root());
      if (loaded) continue;  // nobody means it
      ++typos;
      const auto first = to_string(loaded.error().front());
      const auto line = 1 + std::count(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(at), '\n');
      const bool there = first.starts_with(file.string() + ":" + std::to_string(line) + ":");
      EXPECT_TRUE(there || first.contains(typo)) << file << " '" << word << "':\n" << messages(loaded);
      EXPECT_LE(loaded.error().size(), 6U) << file << " '" << word << "':\n" << messages(loaded);
    }
  }
  EXPECT_GT(typos, 150);
}

// With TROUPE_WRITE_REFERENCE=1 in the environment it is written anew.
TEST(Reference, OfPackKeysIsFresh) {
  const auto made = pack_reference({kPacks / "every-key", "worlds/lanternfall", kMinimal});
  ASSERT_TRUE(made) << made.error().front() << " (" << made.error().size() << " problems)";
  const fs::path file = "docs/reference/pack.md";
  if (std::getenv("TROUPE_WRITE_REFERENCE") != nullptr) write(file, *made);
  EXPECT_EQ(read(file), *made);
}

TEST(LoadPack, ReadsTheMinimalPackWhole) {
  const auto loaded = load_pack(kMinimal);
  ASSERT_TRUE(loaded) << messages(loaded);
  const Pack& pack = *loaded;
  EXPECT_EQ(pack.world.name, "ferry");
  EXPECT_EQ(pack.world.start_clock.minute, 7 * 60);
  EXPECT_EQ(pack.world.scale, 60);
  EXPECT_EQ(pack.calendar.months.size(), 2u);
  const Feature* lamp = pack.feature("landing_lamp");
  ASSERT_NE(lamp, nullptr);
  EXPECT_EQ(std::get<bool>(lamp->state.at("lit")), false);
  EXPECT_EQ(std::get<double>(lamp->state.at("oil")), 3);
  EXPECT_EQ(pack.place_of_feature("landing_boat"), pack.place("landing"));
  EXPECT_EQ(pack.place("hut")->at.file, "places.yaml");
  EXPECT_EQ(pack.place("hut")->at.line, 21);
  EXPECT_EQ(pack.npc("ada")->routine[0].minutes, 12 * 60);
  EXPECT_EQ(pack.npc("ada")->starts_at, PlaceId("landing"));
  EXPECT_EQ(pack.npc("ben")->starts_at, PlaceId("hut")) << "at 07:00 yesterday's last entry still goes on";
  EXPECT_EQ(pack.npc("cat"), nullptr);
  // Ada's file lists it, so she holds it; the secret's holders are its own list.
  EXPECT_THAT(pack.fact("hole")->holders, testing::ElementsAre(NpcId("ada")));
  EXPECT_THAT(pack.fact("axe")->holders, testing::ElementsAre(NpcId("ben")));
  EXPECT_EQ(pack.fact("axe")->share_with.trust_at_least, 0.6);
}

TEST(LoadPack, ReadsVerbsAsTypedForms) {
  const auto loaded = load_pack(kMinimal);
  ASSERT_TRUE(loaded) << messages(loaded);
  const Verb& light = *loaded->verb("light_lamp");
  ASSERT_EQ(light.params.size(), 1u);
  EXPECT_EQ(light.params[0].type, ParamType::feature);
  EXPECT_EQ(light.params[0].feature_kind, "lamp");
  ASSERT_EQ(light.preconditions.size(), 3u);
  EXPECT_EQ(light.preconditions[1].kind, Condition::Kind::state);
  EXPECT_EQ(light.preconditions[1].ref.kind, Ref::Kind::param);
  EXPECT_EQ(light.preconditions[1].key, "lit");
  EXPECT_EQ(std::get<bool>(light.preconditions[1].value), false);
  EXPECT_FALSE(light.preconditions[1].negated);
  EXPECT_EQ(light.preconditions[2].kind, Condition::Kind::weather);
  EXPECT_TRUE(light.preconditions[2].negated);
  EXPECT_THAT(light.preconditions[2].names, testing::ElementsAre("storm"));
  const Verb& give = *loaded->verb("give");
  ASSERT_EQ(give.effects.size(), 1u);
  EXPECT_EQ(give.effects[0].kind, Effect::Kind::give);
  EXPECT_EQ(give.effects[0].from->kind, Ref::Kind::self);
  EXPECT_EQ(give.effects[0].to->name, "person");
}

TEST(LoadPack, HashCoversEveryFileAndItsName) {
  const TempPack pack;
  const std::string before = load_pack(pack.root())->hash;
  EXPECT_EQ(before.size(), 64u);
  EXPECT_EQ(before, load_pack(kMinimal)->hash) << "where a pack lies does not matter";

  write(pack.root() / "lore/a.md", "# A\n");
  const std::string with_lore = load_pack(pack.root())->hash;
  EXPECT_NE(with_lore, before);
  fs::rename(pack.root() / "lore/a.md", pack.root() / "lore/b.md");
  EXPECT_NE(load_pack(pack.root())->hash, with_lore);
  write(pack.root() / ".swp", "an editor's");
  fs::remove(pack.root() / "lore/b.md");
  EXPECT_EQ(load_pack(pack.root())->hash, before);
}

TEST(LoadPack, ReadsLoreWithItsTitle) {
  const TempPack pack;
  write(pack.root() / "lore/river.md", "\n# The river\n\nIt is brown.\n# Not this\n");
  const auto loaded = load_pack(pack.root());
  ASSERT_TRUE(loaded) << messages(loaded);
  ASSERT_EQ(loaded->lore.size(), 1u);
  EXPECT_EQ(loaded->lore[0].title, "The river");
}

TEST(LoadPack, RoutinesMayPassMidnight) {
  const TempPack pack;
  std::string text = read(pack.root() / "npcs/ben.yaml");
  const std::string evening = "  - {from: \"20:00\", place: hut, activity: sleeps}\n";
  text.insert(text.find(evening) + evening.size(),
              "  - {from: \"02:30\", place: road, activity: sleepwalks}\n");
  write(pack.root() / "npcs/ben.yaml", text);
  const auto loaded = load_pack(pack.root());
  ASSERT_TRUE(loaded) << messages(loaded);
  const auto& routine = loaded->npc("ben")->routine;
  ASSERT_EQ(routine.size(), 3u);
  EXPECT_EQ(clock_text(routine[0].from), "02:30");
  EXPECT_EQ(routine[0].minutes, 330);
  EXPECT_EQ(routine[2].minutes, 390);
}

TEST(LoadPack, RefusesWhatIsTooLarge) {
  const TempPack pack;
  write(pack.root() / "story/long.md", std::string((1 << 20) + 1, 'a'));
  EXPECT_EQ(messages(load_pack(pack.root())),
            "story/long.md: the file has 1048577 bytes; expected at most 1048576\n");

  fs::remove(pack.root() / "story/long.md");
  EXPECT_THAT(messages(load_pack(pack.root(), {.nodes_per_file = 20})),
              testing::HasSubstr("calendar.yaml:3:48: the file has too many values; expected at most 20\n"));
  EXPECT_THAT(messages(load_pack(pack.root(), {.files = 3})), testing::HasSubstr("too many files"));
  EXPECT_THAT(messages(load_pack(pack.root(), {.places = 2})),
              testing::HasSubstr("places.yaml:1:1: 3 places; expected at most 2\n"));
  EXPECT_THAT(messages(load_pack(pack.root(), {.factions = 1})),
              testing::HasSubstr("factions.yaml:1:1: 2 factions; expected at most 1\n"));
  EXPECT_THAT(messages(load_pack(pack.root(), {.markets = 0})),
              testing::HasSubstr(
                  "goods.yaml:1:1: 1 markets: goods times the places that sell them; expected at most 0\n"));
  EXPECT_THAT(messages(load_pack(pack.root(), {.npcs = 1})),
              testing::HasSubstr("npcs/ben.yaml: too many NPCs; expected 1 at most\n"));
}

TEST(LoadPack, CountsProblemsOverTheLimit) {
  const TempPack pack;
  std::string text = read(pack.root() / "npcs/ada.yaml");
  for (int i = 0; i < 300; ++i) text += "extra" + std::to_string(i) + ": 1\n";
  write(pack.root() / "npcs/ada.yaml", text);
  const auto loaded = load_pack(pack.root());
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().size(), 201u);
  EXPECT_EQ(to_string(loaded.error().back()), "and 100 more problems");
}

TEST(LoadPack, FollowsNoLinks) {
  const TempPack pack;
  fs::create_directories(pack.root() / "lore");
  fs::create_symlink(pack.root() / "world.yaml", pack.root() / "lore/world.md");
  EXPECT_EQ(messages(load_pack(pack.root())),
            "lore/world.md: this is not a plain file; expected a file or a folder; links are not followed\n");
}

TEST(LoadPack, SaysWhenThereIsNoFolder) {
  EXPECT_EQ(messages(load_pack("worlds/lanternfal")),
            "there is no folder 'worlds/lanternfal'; expected the folder of a world pack\n");
}

TEST(Lanternfall, IsWholeAndLarge) {
  const auto loaded = load_pack("worlds/lanternfall");
  ASSERT_TRUE(loaded) << messages(loaded);
  const Pack& pack = *loaded;
  EXPECT_GE(pack.places.size(), 12u);
  EXPECT_EQ(pack.climate.regions.size(), 2u);
  EXPECT_EQ(pack.factions.size(), 3u);
  EXPECT_GE(pack.goods.size(), 10u);
  EXPECT_GE(pack.verbs.size(), 14u);
  EXPECT_EQ(pack.calendar.festivals.size(), 4u);
  EXPECT_GE(std::ranges::count_if(pack.facts, &Fact::secret), 6);
  EXPECT_GE(pack.npcs.size(), 8u);
  for (const Npc& npc : pack.npcs) {
    EXPECT_FALSE(npc.goals.empty()) << npc.id.str();
    EXPECT_FALSE(npc.relations.empty()) << npc.id.str();
    EXPECT_FALSE(npc.knows.empty()) << npc.id.str();
    std::size_t lines = 0;
    for (const auto& [kind, list] : npc.lines) lines += list.size();
    EXPECT_GE(lines, 12u) << npc.id.str();
  }
  EXPECT_EQ(pack.npc("odo"), nullptr) << "the keeper is gone";
  EXPECT_EQ(pack.world.start_day, 1);
  EXPECT_EQ(clock_text(pack.world.start_clock), "07:00");
  EXPECT_EQ(pack.world.scale, 60);
  EXPECT_EQ(pack.lore.size(), 3u);
}

// What a stranger gets from Marta about the keeper, and what not.
TEST(Lanternfall, MartaCanAnswerAStranger) {
  const auto loaded = load_pack("worlds/lanternfall");
  ASSERT_TRUE(loaded) << messages(loaded);
  const Npc& marta = *loaded->npc("marta");
  int open_about_keeper = 0;
  int secrets = 0;
  for (const Knows& knows : marta.knows) {
    const Fact& fact = *loaded->fact(knows.fact.str());
    if (fact.secret) {
      ++secrets;
      EXPECT_NE(fact.reveal, "");
    } else if (std::ranges::find(fact.topics, "keeper") != fact.topics.end()) {
      ++open_about_keeper;
      EXPECT_NE(knows.says, "");
    }
  }
  EXPECT_GE(open_about_keeper, 3);
  EXPECT_GE(secrets, 2);
}

TEST(Lanternfall, LoadsFast) {
#ifdef NDEBUG
  constexpr double kLimitMs = 100;
#else
  constexpr double kLimitMs = 2000;  // unoptimised and sanitised builds: only a quadratic mistake is caught
#endif
  double best_ms = 1e9;
  for (int i = 0; i < 5; ++i) {
    const std::clock_t start = std::clock();
    ASSERT_TRUE(load_pack("worlds/lanternfall"));
    best_ms = std::min(best_ms, 1000.0 * static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
  }
  EXPECT_LT(best_ms, kLimitMs);
}

TEST(Rating, WhatNobodyWillHearIsWarnedOf) {
  auto pack = load_pack(kMinimal);
  ASSERT_TRUE(pack);
  EXPECT_TRUE(rating_warnings(*pack).empty());
  auto& who = pack->npcs.front();
  who.lines.begin()->second.push_back("Shut your mouth, you bitch.");
  pack->places.front().text = "Somebody has written FUCK OFF on the wall.";
  const auto warnings = rating_warnings(*pack);
  ASSERT_EQ(warnings.size(), 2U);
  EXPECT_NE(warnings[0].what.find("place"), std::string::npos) << warnings[0].what;
  EXPECT_NE(warnings[1].what.find("'bitch'"), std::string::npos) << warnings[1].what;
  EXPECT_NE(warnings[1].expected.find("never hears it"), std::string::npos);
  EXPECT_NE(warnings[0].expected.find("everybody reads it"), std::string::npos);
  EXPECT_EQ(warnings[1].file, who.at.file);
  EXPECT_GT(warnings[1].line, 0);
  for (int i = 0; i < 200; ++i) who.lines.begin()->second.push_back("Shut your mouth, you bitch.");
  EXPECT_EQ(rating_warnings(*pack).size(), 100U);
}

}  // namespace
}  // namespace troupe::pack
