#include "services/npc/input_rules.h"

#include <gtest/gtest.h>

#include <map>

#include "tests/support/quay.h"

namespace troupe {
namespace {

std::string action(const std::string& text, const std::string& looked_at = {}) {
  const auto read = npc::action_of(test::quay(), text, looked_at);
  if (!read) return read.error().reason + ": " + read.error().message;
  std::string out = read->verb();
  const std::map<std::string, std::string> sorted(read->args().begin(), read->args().end());
  for (const auto& [name, value] : sorted) out += " " + name + "=" + value;
  return out;
}

TEST(InputRules, AnActionIsAVerbWithArguments) {
  EXPECT_EQ(action("wave"), "wave");  // unknown here: the executor says so
  EXPECT_EQ(action(" give  good=bread amount=2 "), "give amount=2 good=bread");
  EXPECT_EQ(action("buy good=eel", "ada"), "buy good=eel seller=ada");
  EXPECT_EQ(action("buy good=eel seller=ben", "ada"), "buy good=eel seller=ben");
  EXPECT_EQ(action("walk", "ada"), "walk");  // a place is not looked at
  EXPECT_EQ(action("give bread"),
            "npc.bad_action: action: 'bread' is not name=value; write 'verb name=value'");
  EXPECT_EQ(action("   "), "npc.bad_action: action: which verb?");
  EXPECT_EQ(action(std::string(600, 'a')), "npc.bad_action: action: at most 512 bytes");
}

}  // namespace
}  // namespace troupe
