#include "cli/events.h"

#include <gtest/gtest.h>

#include "host/registry.h"

namespace troupe::cli {
namespace {

struct Case {
  const char* type;
  const char* payload;
  const char* says;
};

const Names kNames = {.people = {{"marta", "Marta"}, {"bram", "Old Bram"}},
                      .places = {{"harbour", "the harbour"}}};

std::string said(const std::string& type, const std::string& payload) {
  return sentence({{"type", type}, {"payload", Json::parse(payload)}}, kNames);
}

class Sentences : public ::testing::TestWithParam<Case> {};

TEST_P(Sentences, ArePlainWords) { EXPECT_EQ(said(GetParam().type, GetParam().payload), GetParam().says); }

INSTANTIATE_TEST_SUITE_P(
    Table, Sentences,
    ::testing::Values(
        Case{"PhaseChanged", R"({"from":"DAY","to":"DUSK"})", "dusk comes, after day"},
        Case{"DayChanged", R"({"day":"3","month":"Thaw","day_of_month":3,"weekday":"Netday"})",
             "day 3 begins: Netday, 3 Thaw"},
        Case{"TimeScaleChanged", R"({"scale":600,"paused":false})",
             "the clock runs at 600 game seconds a second"},
        Case{"TimeScaleChanged", R"({"scale":600,"paused":true})", "the clock stands still"},
        Case{"TimeAdvanced", R"({"from_ms":"0","to_ms":"156600000"})",
             "the clock was set forward to day 2 19:30"},
        Case{"WeatherChanged", R"({"from":"RAIN","to":"PARTLY_CLOUDY","temperature_c":9.4,"wind_kmh":40.2})",
             "partly cloudy after rain; 9 °C, wind 40 km/h"},
        Case{"WeatherTransitioned", R"({"state":"HEAVY_SNOW","temperature_c":-0.3,"wind_kmh":5})",
             "heavy snow; 0 °C, wind 5 km/h"},
        Case{"DialogueStarted", R"({"npc":"marta","player":"anna","text":"Hello?"})",
             "anna to Marta: \"Hello?\""},
        Case{"DialogueEnded", R"({"npc":"marta","player":"anna","text":"Aye.","tier":"silver"})",
             "Marta to anna: \"Aye.\" (silver)"},
        Case{"NpcMoved", R"({"npc":"bram","from":"tavern","to":"harbour","reason":"work"})",
             "Old Bram sets out from tavern for the harbour (work)"},
        Case{"NpcArrived", R"({"npc":"marta","place":"harbour","activity":"mends nets"})",
             "Marta arrives at the harbour and mends nets"},
        Case{"NpcLeft", R"({"npc":"marta","place":"harbour","reason":"the pack has them no more"})",
             "Marta is gone for good from the harbour (the pack has them no more)"},
        Case{
            "PackChanged",
            R"({"parts":[{"part":"npcs","added":["eve"],"changed":["marta"]},{"part":"goods","removed":["eel"]}],"holds":["seed"]})",
            "the pack is another: npcs +eve ~marta, goods -eel; as the world began: seed"},
        Case{"PackChanged",
             R"({"from_hash":"a","to_hash":"a","parts":[{"part":"services","removed":["weather"]}]})",
             "goes on with: services -weather"},
        Case{"PackChanged", R"({"unknown":true})", "the pack is another; what is otherwise is not known"},
        Case{
            "NpcDecided",
            R"({"npc":"marta","choice":"light the lamp","tier":"gold","options":["a","b","c"],"probabilities":[0.1,0.62,0.28],"verdict":"done"})",
            "Marta chooses: light the lamp (gold, 62 % among 3 options); done"},
        Case{"RelationChanged",
             R"({"npc":"marta","towards":"player:anna","feeling":"trust","value":0.456,"reason":"a talk"})",
             "Marta towards anna: trust is 0.46 now (a talk)"},
        Case{"EntityGone", R"({"kind":"player","id":"anna","reason":"left"})", "player anna is gone (left)"},
        Case{"JobEnded", R"({"job":"job-3","kind":"story","state":"done","text":"It was dark."})",
             "job-3 (story) done: \"It was dark.\""},
        Case{"JobEnded", R"({"job":"job-4","kind":"story","state":"failed","problem":"no engine"})",
             "job-4 (story) failed: no engine"},
        Case{"FactHeard", R"({"player":"anna","from":"marta","fact":"wreck","text":"It was no accident."})",
             "Marta tells anna: \"It was no accident.\""},
        Case{"VerbExecuted", R"({"actor":"marta","text":"Marta lights the lamp","action":{"verb":"light"}})",
             "Marta lights the lamp"},
        Case{"VerbRefused", R"({"actor":"marta","action":{"verb":"light"},"message":"it is lit already"})",
             "Marta cannot light: it is lit already"},
        Case{"VerbOffered", R"({"kind":"npc","actor":"marta","player":"anna","text":"sell twine to anna"})",
             "Marta asks anna: sell twine to anna?"},
        Case{"VerbOfferEnded", R"({"kind":"npc","actor":"marta","player":"anna","how":"declined"})",
             "the offer of Marta to anna: declined"},
        Case{"EntityStateChanged",
             R"({"kind":"feature","id":"harbour_lamp","changed":{"lit":true,"oil":"low"}})",
             "harbour_lamp: lit is true, oil is low"},
        Case{"SettingChanged", R"({"category":"ai","key":"talk","value":false})", "ai.talk is now false"},
        Case{"FlagChanged", R"({"flag":{"flag":"storms","on":true}})", "storms is on"},
        // What the other side of a wire may send.
        Case{"DialogueStarted", R"({"npc":"marta","player":"anna","text":"a\u001b[2Jb\u009bc\nd"})",
             "anna to Marta: \"a\xEF\xBF\xBD[2Jb\xEF\xBF\xBD"
             "c d\""},
        Case{"PhaseChanged", R"({"from":7,"to":null})", " comes, after "},
        Case{"NotAType", R"({"a":1,"b":"x"})", "a=1 b=x"}));

TEST(Words, EveryTypeOfTheProtosHasSome) {
  for (const auto& type : all_event_types()) {
    EXPECT_TRUE(has_words(type.type)) << type.type << " needs a line in events.cpp";
    EXPECT_NE(said(type.type, "{}"), "") << type.type;
  }
}

TEST(EventLine, HasNumberClockTypeSubjectAndWords) {
  const Json event = {{"sequence", "1042"},
                      {"at_ms", "25920000"},
                      {"type", "PhaseChanged"},
                      {"subject", ""},
                      {"payload", {{"from", "DAWN"}, {"to", "DAY"}}}};
  EXPECT_EQ(event_line(event, kNames, Style()),
            "1042    day 1 07:12   PhaseChanged                     day comes, after dawn");
  EXPECT_NE(event_line(event, kNames, Style(true)).find("\033[33mPhaseChanged"), std::string::npos);
}

}  // namespace
}  // namespace troupe::cli
