// Own weights: any GGUF in one call, with what must be known of it; nothing that is none.
#include "services/models/pull.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <fstream>

#include "base/hash.h"
#include "services/models/gguf_head.h"

namespace troupe::models {
namespace {

namespace fs = std::filesystem;

// A GGUF of one kind and no weights, as far as its head goes.
class Gguf {
 public:
  Gguf& text(const std::string& key, const std::string& value) { return pair(key, 8, sized(value)); }
  Gguf& number(const std::string& key, std::uint32_t value) { return pair(key, 4, bytes(value)); }
  Gguf& words(const std::string& key, const std::vector<std::string>& list) {
    std::string all = bytes(std::uint32_t{8}) + bytes(std::uint64_t{list.size()});
    for (const auto& word : list) all += sized(word);
    return pair(key, 9, all);
  }
  Gguf& numbers(const std::string& key, const std::vector<float>& list) {
    std::string all = bytes(std::uint32_t{6}) + bytes(std::uint64_t{list.size()});
    for (const auto number : list) all += bytes(number);
    return pair(key, 9, all);
  }
  std::string made(const std::string& rest = "tensors") const {
    return "GGUF" + bytes(std::uint32_t{3}) + bytes(std::uint64_t{1}) + bytes(pairs_) + body_ + rest;
  }

 private:
  template <class T>
  static std::string bytes(T value) {
    std::string out(sizeof value, '\0');
    std::memcpy(out.data(), &value, sizeof value);
    return out;
  }
  static std::string sized(const std::string& value) { return bytes(std::uint64_t{value.size()}) + value; }
  Gguf& pair(const std::string& key, std::uint32_t type, const std::string& value) {
    ++pairs_;
    body_ += sized(key) + bytes(type) + value;
    return *this;
  }
  std::uint64_t pairs_ = 0;
  std::string body_;
};

class Pull : public ::testing::Test {
 protected:
  Pull() {
    std::string pattern = (fs::temp_directory_path() / "troupe-pull-XXXXXX").string();
    dir_ = ::mkdtemp(pattern.data());
    fs::create_directories(dir_ / "models");
  }
  ~Pull() override { fs::remove_all(dir_); }
  std::string file(const std::string& name, const std::string& bytes) {
    std::ofstream(dir_ / name, std::ios::binary) << bytes;
    return (dir_ / name).string();
  }
  Result<CatalogueEntry> pulled(const PullOptions& options, bool stopped = false) {
    const std::atomic<bool> stop = stopped;
    return pull(
        options, with_local(catalogue_, models()), models(),
        [](const std::string&, std::int64_t, std::int64_t) {}, stop);
  }
  fs::path models() const { return dir_ / "models"; }
  static std::string chat() {
    return Gguf()
        .text("general.architecture", "llama")
        .words("tokenizer.ggml.tokens", {"a", "bc", ""})
        .text("general.license", "MIT")
        .number("llama.context_length", 4096)
        .made();
  }

  fs::path dir_;
  std::vector<CatalogueEntry> catalogue_ = {
      {.name = "known", .file = "known.gguf", .sha256 = "", .licence = "", .tiers = {"silver"}}};
};

TEST_F(Pull, AFileIsAModelInOneCall) {
  const auto entry = pulled({.source = file("Our Writer.gguf", chat())});
  ASSERT_TRUE(entry) << entry.error().message;
  EXPECT_EQ(entry->name, "our-writer");
  EXPECT_EQ(entry->licence, "MIT");
  EXPECT_EQ(entry->sha256, sha256_hex(chat()));
  EXPECT_EQ(entry->context_tokens, 4096);
  EXPECT_EQ(entry->tiers, (std::vector<std::string>{"silver", "bronze"}));
  const auto all = with_local(catalogue_, models());
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].name, "our-writer") << "whoever brings weights wants them to answer";
  EXPECT_TRUE(all[0].source.ends_with("Our Writer.gguf"));
  const auto installed = find_verified(all[0], models());
  EXPECT_EQ(installed.state, FileState::ready) << installed.problem;
  EXPECT_EQ(installed.sha256, entry->sha256);
  EXPECT_GT(remove_files("our-writer", models()).value_or(0), 0);
  EXPECT_EQ(with_local(catalogue_, models()).size(), 1U);
}

TEST_F(Pull, WhatIsSaidOfItCounts) {
  const auto source =
      file("x.gguf", Gguf().text("general.architecture", "bert").number("bert.pooling_type", 1).made());
  auto entry = pulled({.source = source});
  ASSERT_TRUE(entry) << entry.error().message;
  EXPECT_EQ(entry->licence, "not stated");
  EXPECT_EQ(entry->tiers, std::vector<std::string>{"embedding"});
  entry = pulled({.source = source, .name = "own", .licence = "ours", .tiers = {"gold"}});
  ASSERT_TRUE(entry) << entry.error().message;
  EXPECT_EQ(entry->name, "own");
  EXPECT_EQ(entry->licence, "ours");
  EXPECT_EQ(entry->tiers, std::vector<std::string>{"gold"});
}

// Its encoder could make vectors; what it was trained for is another thing.
TEST_F(Pull, AModelWithAHeadForChoicesChooses) {
  const auto entry = pulled({.source = file("own.gguf", Gguf()
                                                            .text("general.architecture", "bert")
                                                            .number("bert.pooling_type", 0)
                                                            .numbers("troupe.choice.head", {.5F, -.5F, 0})
                                                            .made())});
  ASSERT_TRUE(entry) << entry.error().message;
  EXPECT_EQ(entry->tiers, std::vector<std::string>{"choice"});
}

TEST_F(Pull, WhatLiesInTheTreeOfTheCatalogueIsCopiedFromThere) {
  fs::create_directories(dir_ / "tree" / "models");
  file("tree/models/own.gguf", chat());
  const auto catalogue_of = [&](const std::string& here) {
    return load_catalogue(file("tree/models/catalogue.yaml",
                               "models:\n  - {name: kept, file: kept.gguf, sha256: " + sha256_hex(chat()) +
                                   ", size: " + std::to_string(chat().size()) +
                                   ", licence: MIT, context: 512, tiers: [choice], sources: [{here: " + here +
                                   "}]}\n"));
  };
  const auto read = catalogue_of("models/own.gguf");
  ASSERT_TRUE(read) << read.error().message;
  catalogue_ = *read;
  const auto entry = pulled({.source = "kept"});
  ASSERT_TRUE(entry) << entry.error().message;
  EXPECT_EQ(find_verified((*read)[0], models()).state, FileState::ready);
  EXPECT_GT(remove_files("kept", models()).value_or(0), 0);
  catalogue_ = catalogue_of("models/gone.gguf").value_or(catalogue_);
  EXPECT_FALSE(pulled({.source = "kept"}));
}

TEST_F(Pull, WhatIsNoModelIsRefused) {
  const auto good = file("good.gguf", chat());
  const auto refused = [&](const PullOptions& options) {
    const auto entry = pulled(options);
    return entry ? "taken" : entry.error().reason;
  };
  EXPECT_EQ(refused({.source = "nothing"}), "models.unknown");
  EXPECT_EQ(refused({.source = dir_.string()}), "models.unknown");
  EXPECT_EQ(refused({.source = "http://example.com/x.gguf"}), "models.bad_source") << "nobody vouches for it";
  EXPECT_EQ(refused({.source = good, .name = "../up"}), "models.bad_source");
  EXPECT_EQ(refused({.source = good, .name = "known"}), "models.bad_source");
  EXPECT_EQ(refused({.source = good, .tiers = {"golden"}}), "models.bad_source");
  EXPECT_EQ(refused({.source = good, .sha256 = std::string(64, '0')}), "models.refused");
  EXPECT_FALSE(fs::exists(models() / "good")) << "nothing of it stays";
  for (const std::string& bytes : {std::string("text"), std::string(), chat().substr(0, 40),
                                   "GGUF" + std::string(4, '\x03') + std::string(64, '\xff')})
    EXPECT_EQ(refused({.source = file("bad.gguf", bytes)}), "models.refused");
  EXPECT_EQ(with_local(catalogue_, models()).size(), 1U) << "nothing of it is known";
  EXPECT_TRUE(!fs::exists(models()) || fs::is_empty(models())) << "and nothing of it takes room";
  EXPECT_EQ(remove_files("../models", models()).error().reason, "models.bad_source");
  EXPECT_EQ(remove_files("gone", models()).error().reason, "models.missing");
}

TEST_F(Pull, ManifestsThatMakeNoSenseAreLeftOut) {
  for (const char* text :
       {"", "7", R"({"name":"x"})",
        R"({"name":"y","file":"../x","sha256":"","size":1,"licence":"","context":1,"tiers":[]})"}) {
    fs::create_directories(models() / "x");
    std::ofstream(models() / "x" / "model.json") << text;
    EXPECT_EQ(with_local(catalogue_, models()).size(), 1U) << text;
  }
}

TEST(Publisher, OnlyAHashIsTakenForOne) {
  const std::string hash(64, 'a');
  const auto said = [](const std::vector<std::string>& lines) {
    Said out;
    for (const auto& line : lines) take_header(line, out);
    return out;
  };
  EXPECT_EQ(said({"HTTP/2 302\r\n", "x-linked-etag: \"" + hash + "\"\r\n", "X-Linked-Size: 15\r\n"}).sha256,
            hash);
  EXPECT_EQ(said({"X-Linked-ETag: " + std::string(64, 'A') + "\r\n"}).sha256, hash) << "without quotes";
  EXPECT_EQ(said({"x-linked-size: 1545303328\r\n"}).size, 1'545'303'328);
  for (const auto& line : {"ETag: \"" + hash + "\"", "x-linked-etag: \"" + hash.substr(1) + "\"",
                           "x-linked-etag: W/\"" + hash + "\"", "x-linked-etag: " + hash.substr(1) + "g",
                           "x-linked-etag " + hash, std::string("x-linked-etag:"), std::string()})
    EXPECT_EQ(said({line}).sha256, "") << line;
  for (const auto* line :
       {"x-linked-size: -1", "x-linked-size: 12 MB", "x-linked-size: 99999999999999999999"})
    EXPECT_EQ(said({line}).size, 0) << line;
}

// What its publisher said of it is what it is held to at each start.
TEST_F(Pull, AListedModelIsHeldToWhatIsKeptBesideIt) {
  const CatalogueEntry entry{.name = "better",
                             .file = "better.gguf",
                             .sha256 = "",
                             .licence = "MIT",
                             .tiers = {"silver"},
                             .sources = {"http://127.0.0.1:1/better.gguf"},
                             .listed = true,
                             .parameters = 2'000'000'000};
  catalogue_ = {entry};
  const auto now = [&] { return with_local(catalogue_, models()).front(); };
  EXPECT_EQ(find_verified(now(), models()).state, FileState::missing);
  EXPECT_EQ(memory_about(now()), 2'200'000'000);
  auto refused = pulled({.source = "better"});
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().message.contains("was asked for the file's hash")) << refused.error().message;

  fs::create_directories(models() / "better");
  fs::copy_file(file("x.gguf", chat()), models() / "better" / "better.gguf");
  EXPECT_EQ(find_verified(now(), models()).state, FileState::damaged) << "nobody said what it must be";
  auto said = entry;
  said.size = static_cast<std::int64_t>(chat().size());
  for (const auto& [hash, state] :
       {std::pair{sha256_hex(chat()), FileState::ready}, {std::string(64, '0'), FileState::damaged}}) {
    said.sha256 = hash;
    ASSERT_TRUE(save_publisher(said, models()));
    const auto found = find_verified(now(), models());
    EXPECT_EQ(found.state, state) << found.problem;
    if (state == FileState::damaged)
      EXPECT_TRUE(found.problem.contains("its publisher said 000000000000...")) << found.problem;
  }
  for (const char* text : {"", "7", R"({"sha256":7,"size":1})"}) {
    std::ofstream(models() / "better" / "publisher.json") << text;
    EXPECT_EQ(find_verified(now(), models()).state, FileState::damaged) << text;
  }
  EXPECT_EQ(with_local(catalogue_, models()).size(), 1U) << "it is no model of somebody's own";
}

TEST_F(Pull, TheCatalogueIsPartOfTheProgram) {
  const auto built_in = load_catalogue("");
  ASSERT_TRUE(built_in) << built_in.error().message;
  EXPECT_GE(built_in->size(), 4U);
  EXPECT_TRUE((*built_in)[0].sources.at(0).starts_with("https://"));
}

}  // namespace
}  // namespace troupe::models
