#include "services/npc/vector_file.h"

#include <gtest/gtest.h>

#include <fstream>

namespace troupe::npc {
namespace {

namespace fs = std::filesystem;

struct VectorFileTest : ::testing::Test {
  VectorFileTest() {
    vectors.add("Who are you?", {1, 0, 0});
    vectors.add("Wo ist der \"Krug\"?\n", {0, .5F, -.25F});
  }
  ~VectorFileTest() override { fs::remove_all(folder); }
  fs::path folder = fs::path(::testing::TempDir()) / "troupe_vector_file";
  fs::path file = vector_file(folder, "minilm 12 3");
  talk::VectorTable vectors;
};

TEST_F(VectorFileTest, WhatWasWrittenIsRead) {
  ASSERT_TRUE(write_vectors(file, 3, vectors));
  const auto read = read_vectors(file, 3);
  EXPECT_EQ(read.size(), 2U);
  EXPECT_EQ(read.of("Who are you?"), (talk::Vector{1, 0, 0}));
  EXPECT_EQ(read.of("Wo ist der \"Krug\"?\n"), (talk::Vector{0, .5F, -.25F}));
  EXPECT_EQ(read_vectors(file, 4).size(), 0U) << "another size is another model";
  EXPECT_NE(file, vector_file(folder, "minilm 13 3"));
}

TEST_F(VectorFileTest, NothingIsReadOfADamagedFile) {
  EXPECT_EQ(read_vectors(file, 3).size(), 0U) << "there is none";
  ASSERT_TRUE(write_vectors(file, 3, vectors));
  std::string bytes;
  {
    std::ifstream in(file, std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(in), {});
  }
  for (std::size_t at = 0; at < bytes.size(); at += 7) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    std::ofstream(file, std::ios::binary) << damaged;
    EXPECT_EQ(read_vectors(file, 3).size(), 0U) << at;
    std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes.substr(0, at);
    EXPECT_EQ(read_vectors(file, 3).size(), 0U) << at;
  }
}

TEST_F(VectorFileTest, WhereNothingCanBeWrittenSomethingIsSaid) {
  std::ofstream(folder.string()) << "a file where the folder should be";
  EXPECT_FALSE(write_vectors(file, 3, vectors));
}

}  // namespace
}  // namespace troupe::npc
