#pragma once
// A world pack as plain values: what a designer wrote, checked as a whole, never half. Loaded once at start
// (or by `troupe check`), then immutable and shared by reference between services. No thread, no clock, no
// I/O after load_pack(). Bounds: see PackLimits. Every value that an error can point to keeps where it was
// written.
#include <cstdint>
#include <expected>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "pack/id.h"
#include "pack/kinds.h"
#include "pack/pack_values.h"
#include "pack/pack_verb.h"
#include "pack/prompt_texts.h"

namespace troupe::pack {

// ---- world.yaml
// Where a player is: what their own client says, as far as somebody gets in the time, or only what the game
// server says of them.
struct PlayersRule {
  double speed_m_s = 10;  // metres in a second of real time, as games move; a sprint where the pack is silent
  bool game_says = false;  // positions: game
  // Minutes of the game between two who speak to one player of their own accord; 0 = nobody does.
  int addressed_minutes = 240;
  bool operator==(const PlayersRule&) const = default;
};

// What becomes of a world that nobody is in.
struct SleepRule {
  int after_minutes = 0;     // of real time, then it falls asleep; 0 = never by itself
  bool time_passes = false;  // time: passes; what would have been is lived through when it wakes
  bool operator==(const SleepRule&) const = default;
};

// What amounts of money are called. Amounts are whole numbers of the smallest coin.
struct Money {
  std::string coin = "coins";  // after a number: "4 pence"
  std::string text;            // one sentence for prompts: "240 pence are a crown."; may be empty
  bool operator==(const Money&) const = default;
};

struct World {
  std::string name;   // identifier, the same as in data/worlds/<name>.db
  std::string title;  // for people
  std::string text;   // one paragraph: what a new player reads first, and the head of every prompt
  std::string version;
  std::uint64_t seed = 0;
  std::int64_t start_day = 1;  // days count from 1
  Clock start_clock;
  double scale = 60;  // game seconds per real second, 0..86400
  Money money;
  PlaceId arrival;              // where a new player appears
  std::string rating = "teen";  // what whoever nobody knows may hear and say: teen or mature
  std::string language = "en";  // that people speak: of a talk file that is built in, or of the pack's own
  PlayersRule players;
  SleepRule sleep;
  Source at;
  bool operator==(const World&) const = default;
};

// ---- calendar.yaml
struct Month {
  std::string id;
  std::string name;
  int days = 0;
  Season season = Season::spring;
  Source at;
  bool operator==(const Month&) const = default;
};

struct Festival {
  std::string id;
  std::string name;
  std::string month;  // id of a month
  int day = 1;        // day of that month, from 1
  int duration_days = 1;
  PlaceId place;  // where people gather; may be empty
  std::string text;
  Source at;
  bool operator==(const Festival&) const = default;
};

struct Calendar {
  std::vector<Month> months;  // a year is all of them in order; day 1 of the world is day 1 of the first
  std::vector<std::string> weekdays;
  std::vector<Festival> festivals;
};

// ---- climate.yaml
// -------------------------------------------------------------------------------------------------- For each
// state, the weights of what follows it when it ends. No state follows itself: how long it lasts is `hours`.
using WeatherMatrix = std::map<Weather, std::map<Weather, double>>;

struct Temperatures {
  double low_c = 0;
  double high_c = 0;
  bool operator==(const Temperatures&) const = default;
};

struct Region {
  RegionId id;
  std::string name;
  Weather start = Weather::cloudy;  // the weather of the world's first moment
  // Indoors for good, or where nothing changes overhead: no weather at all, or `start` for ever. Then there
  // are no `seasons`.
  enum class Sky { seasons, constant, none };
  Sky sky = Sky::seasons;
  double temperature_offset_c = 0;              // added to the season's band, -20..20
  std::map<Season, Temperatures> temperatures;  // of another planet; the service's where there is none
  std::map<Season, WeatherMatrix> seasons;
  std::map<Weather, double> hours;  // typical game hours in a state, where it is not the service's default
  Source at;
  bool operator==(const Region&) const = default;
};

struct Climate {
  std::vector<Region> regions;
};

// ---- places.yaml
// --------------------------------------------------------------------------------------------------- A thing
// at a place that verbs work on: a lamp, a bell, a stall, a boat. Written `lamp` for short, which makes the
// id <place>_lamp, or in full.
struct Feature {
  FeatureId id;
  std::string kind;
  std::string name;
  std::map<std::string, Value> state;  // the keys it has and what they are when the world starts
  Source at;
  bool operator==(const Feature&) const = default;
};

struct Place {
  PlaceId id;
  std::string name;
  std::string kind;  // harbour, street, shop, church, moor, ...: an identifier, free
  RegionId region;
  double x = 0;  // metres east
  double y = 0;  // metres north
  bool indoors = false;
  std::vector<PlaceId> neighbours;   // symmetrical
  std::vector<std::string> aliases;  // what people call it besides: "tavern"
  std::string text;
  std::vector<Feature> features;
  Source at;
  bool operator==(const Place&) const = default;
};

// ---- factions.yaml, goods.yaml
struct Faction {
  FactionId id;
  std::string name;
  std::string text;
  double power = 0;                       // 0..100
  std::int64_t treasury = 0;              // in coins
  std::map<FactionId, double> relations;  // -1..1; who is not named is 0
  std::vector<PlaceId> territory;         // a place belongs to one faction at most
  std::vector<std::string> goals;
  Source at;
  bool operator==(const Faction&) const = default;
};

struct GoodFlow {
  PlaceId place;
  double per_day = 0;
  bool operator==(const GoodFlow&) const = default;
};

struct Good {
  GoodId id;
  std::string name;
  std::string unit;                  // "a basket", "a jar"
  std::string kind;                  // food, tool, weapon, ...: what verbs may ask for; may be empty
  std::vector<std::string> aliases;  // what people call it besides: "fish"
  std::int64_t base_price = 0;       // in coins
  double volatility = 0;             // 0..1
  std::vector<PlaceId> sold_at;      // its markets, at least one
  std::vector<GoodFlow> made;        // supply
  std::vector<GoodFlow> used;        // demand
  Source at;
  bool operator==(const Good&) const = default;
};

// ---- facts.yaml
// ---------------------------------------------------------------------------------------------------- To
// whom a holder may tell a secret: to a listed NPC, to a member of a listed faction, or to whoever they trust
// enough *and* who already knows everything in `after`. See may_share() in query.h.
struct ShareWith {
  std::optional<double> trust_at_least;
  std::vector<FactId> after;
  std::vector<NpcId> npcs;
  std::vector<FactionId> factions;
  bool operator==(const ShareWith&) const = default;
};

struct Fact {
  FactId id;
  std::string text;  // one sentence, third person
  std::vector<std::string> topics;
  std::vector<std::string> asks;  // questions that it answers, as people ask them; made of the text besides
  FactSource source = FactSource::canon;
  bool is_public = false;  // everybody in the world knows it
  bool secret = false;
  std::vector<NpcId> holders;  // who knows it, in the order of the pack; includes those whose file lists it
  std::vector<NpcId> about;
  std::string reveal;                 // what a holder says when they tell it; may be empty
  ShareWith share_with;               // of a secret
  std::vector<std::string> telltale;  // words that give a secret away: in no persona, no line, no open fact
  Source at;
  bool operator==(const Fact&) const = default;
};

// A mystery is found out by talking: `ask` whom, get `fact`, and know what to ask for next (`opens`).
struct Clue {
  FactId fact;
  NpcId ask;
  std::vector<FactId> opens;
  Source at;
  bool operator==(const Clue&) const = default;
};

struct Mystery {
  std::string id;
  std::string question;
  FactId answer;
  std::vector<Clue> clues;
  Source at;
  bool operator==(const Mystery&) const = default;
};

// ---- npcs/<id>.yaml
struct Traits {  // 0..1, .5 where the pack is silent
  double openness = .5, conscientiousness = .5, extraversion = .5, agreeableness = .5, neuroticism = .5;
  double aggression = .5, sociability = .5, curiosity = .5;
  bool operator==(const Traits&) const = default;
};

struct RoutineEntry {
  Clock from;
  int minutes = 0;  // until the next entry, over midnight too: together the entries are exactly one day
  PlaceId place;
  std::string activity;
  std::string says;         // what they say they are doing, in the first person; may be empty: made by rule
  bool is_private = false;  // others do not know it: nobody is told that they are there, or what they do
  VerbId verb;              // may be empty
  Source at;
  bool operator==(const RoutineEntry&) const = default;
};

struct Relation {
  NpcId to;  // empty in Npc::strangers
  double trust = .3, fear = 0, respect = .3, disgust = 0, affection = .1, anger = 0;  // 0..1
  std::string note;
  Source at;
  bool operator==(const Relation&) const = default;
};

struct Goal {
  std::string id;  // unique within its NPC
  std::string text;
  double priority = .5;       // 0..1
  double decay = 0;           // how fast its satisfaction wears off, 0..1 (npc: goals_return())
  std::vector<VerbId> verbs;  // verbs that serve it; may be empty
  PlaceId place;              // where it is served; may be empty
  Source at;
  bool operator==(const Goal&) const = default;
};

struct Knows {
  FactId fact;
  std::string says;  // the fact in this person's own words; may be empty
  Source at;
  bool operator==(const Knows&) const = default;
};

// What somebody tells of themselves when asked, in the first person.
struct About {
  std::string says;
  std::vector<std::string> asks;  // questions that it answers; may be empty
  Source at;
  bool operator==(const About&) const = default;
};

struct Npc {
  NpcId id;
  std::string name;
  int age = 0;
  std::string role;                  // "net mender": as others name them
  std::vector<std::string> aliases;  // what people call them besides: "doctor"
  std::string persona;               // 2-4 sentences in the third person
  std::string voice;                 // how they speak
  std::string look;                  // what a stranger sees; may be empty
  Traits traits;
  std::string archetype;  // merchant, guard, civilian, criminal, or the pack's own
  PlaceId home;
  PlaceId starts_at;  // where the routine has them when the world starts, unless the pack says otherwise
  FactionId faction;  // may be empty
  std::vector<RoutineEntry> routine;  // from the first after midnight on
  std::vector<Relation> relations;
  Relation strangers;  // towards anybody not in relations
  std::vector<Goal> goals;
  std::vector<Knows> knows;
  std::vector<About> about;     // may be empty: then made of the persona, by rule
  std::map<GoodId, int> goods;  // what they own
  std::int64_t money = 0;       // in coins
  std::map<LineKind, std::vector<std::string>> lines;
  Source at;
  bool operator==(const Npc&) const = default;
};

// ---- lore/*.md
struct LoreDocument {
  std::string file;   // "lore/the-light.md"
  std::string title;  // its first heading, or the file's name
  std::string text;
  bool operator==(const LoreDocument&) const = default;
};

struct Pack {
  std::filesystem::path root;
  World world;
  Calendar calendar;
  Climate climate;
  std::vector<Place> places;
  std::vector<Faction> factions;
  std::vector<Good> goods;
  std::vector<Fact> facts;
  std::vector<Mystery> mysteries;
  std::vector<Npc> npcs;  // by file name
  std::vector<Verb> verbs;
  std::vector<Wear> wears;
  std::vector<Archetype> archetypes;  // where the pack says more than a name
  std::vector<LoreDocument> lore;
  std::map<std::string, std::string>
      language_files;  // talk.<code>.yaml and prompts.<code>.yaml: name -> text
  PromptTexts
      texts;  // what the server says in it: of prompts.<language>.yaml here, or of the one that is built in
  std::vector<std::string> files;  // every file that counts towards the hash, sorted
  std::string hash;                // SHA-256 over names and bytes of `files`, 64 hex digits

  // nullptr where there is none. Linear: packs are small, and nothing looks ids up in a tick.
  const Region* region(std::string_view id) const;
  const Place* place(std::string_view id) const;
  const Feature* feature(std::string_view id) const;
  const Place* place_of_feature(std::string_view feature_id) const;
  const Faction* faction(std::string_view id) const;
  const Good* good(std::string_view id) const;
  const Fact* fact(std::string_view id) const;
  const Npc* npc(std::string_view id) const;
  const Verb* verb(std::string_view id) const;
  std::vector<std::string> npc_ids() const;  // for did_you_mean()
  std::vector<std::string> place_ids() const;
  std::vector<std::string> region_ids() const;
};

struct PackLimits {
  std::size_t file_bytes = 1 << 20;  // a hand-written file is far smaller; above this it is a mistake
  std::size_t files = 2000;
  std::size_t nodes_per_file = 50'000;  // YAML nodes; anchors and aliases are refused, so nothing multiplies
  std::size_t depth = 20;
  std::size_t places = 1000;
  std::size_t npcs = 1000;
  std::size_t facts = 10'000;
  std::size_t factions = 64;   // each stands in a relation to each
  std::size_t markets = 4096;  // goods times the places that sell them: each lives by itself
  std::size_t problems = 200;  // reported at once; what is over is counted in one last line
};

struct Problem {
  std::string file;
  int line = 0;  // 0: of the file as a whole
  int column = 0;
  std::string what;
  std::string expected;  // what would be right; may be empty
};

// npcs/marta.yaml:12:5: place 'harbor' is not known; did you mean 'harbour'?
std::string to_string(const Problem& problem);

// The whole pack, or everything that is wrong with it, sorted by file and line.
std::expected<Pack, std::vector<Problem>> load_pack(const std::filesystem::path& root,
                                                    const PackLimits& limits = {});

}  // namespace troupe::pack
