// A pack changes under a living world: each part of the format, one thing more, one thing less, another id.
// The table is made from the format itself (pack::part_names(), and the ids that the pack has), so that a
// part that comes later is run through or fails here.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "adapters/db_sqlite/sqlite_db.h"
#include "adapters/engine_reflex/reflex_engine.h"
#include "adapters/index_flat/flat_index.h"
#include "app/kept_packs.h"
#include "app/replay.h"
#include "app/services.h"
#include "services/router/fake_engine.h"
#include "tests/support/world_fixture.h"
#include "tests/world/pack_edits.h"
#include "troupe/v1/npc_store.pb.h"
#include "troupe/v1/state.pb.h"
#include "troupe/v1/time.pb.h"
#include "troupe/v1/world.pb.h"

namespace troupe::test {
namespace {

// One world over several packs.
struct Lived {
  explicit Lived(const std::shared_ptr<const pack::Pack>& pack)
      : world(std::make_unique<World>(std::vector{mount_all(pack)}, options(pack))) {
    packs[pack->hash] = pack;
    present = pack;
  }

  static Mount mount_all(std::shared_ptr<const pack::Pack> pack) {
    static const auto reflex = engine::make_reflex_engine({});
    RouterConfig router;
    router.tiers[engine::Tier::gold] = {{.engine = reflex.get(), .model = "reflex", .writes = false}};
    return [router, pack](Host& host) -> std::shared_ptr<void> {
      return std::make_shared<WorldServices>(*pack, host, router, NpcConfig{.thinks = false}, AiConfig{},
                                             ModelsConfig{});
    };
  }

  WorldOptions options(const std::shared_ptr<const pack::Pack>& pack) {
    const auto config = timeline_config(*pack, std::nullopt);
    return {.world = config.world,
            .seed = config.seed,
            .start = config.start,
            .scale = config.scale,
            .pack_hash = pack->hash,
            .pack_change = [this, pack](const std::string& before) {
              const Folder none;
              auto change = change_since(KeptPacks(none.path()), before, *pack);
              if (!packs.contains(before) || forgets) return change;
              change.set_unknown(false);
              for (const auto& part : pack::diff(*packs.at(before), *pack)) {
                auto& out = *change.add_parts();
                out.set_part(part.part);
                out.mutable_added()->Assign(part.added.begin(), part.added.end());
                out.mutable_removed()->Assign(part.removed.begin(), part.removed.end());
                out.mutable_changed()->Assign(part.changed.begin(), part.changed.end());
              }
              return change;
            }};
  }

  void go_on_with(const std::shared_ptr<const pack::Pack>& pack) {
    packs[pack->hash] = pack;
    present = pack;
    world->clear_events();
    world->restart_with({mount_all(pack)}, options(pack));
  }

  // Everything that names a thing of the pack names one that is there.
  void expect_whole() {
    const auto& pack = *present;
    const auto listed = world->call<pb::NpcListReply>(player(), pb::NpcListRequest());
    ASSERT_TRUE(listed) << listed.error().message;
    ASSERT_EQ(static_cast<std::size_t>(listed->npcs_size()), pack.npcs.size());
    for (const auto& npc : listed->npcs())
      EXPECT_NE(pack.place(npc.place()), nullptr) << npc.id() << npc.place();
    for (const auto& row : world->rows("select id, parts from npc_minds")) {
      EXPECT_NE(pack.npc(row.text(0)), nullptr) << row.text(0);
      pb::NpcRecord record;
      ASSERT_TRUE(record.ParseFromString(row.blob(1)));
      for (const auto& place : record.path()) EXPECT_NE(pack.place(place), nullptr) << place;
      for (const auto& relation : record.relations()) {
        EXPECT_TRUE(relation.to().starts_with("player:") || pack.npc(relation.to()) != nullptr)
            << relation.to();
      }
      for (const auto& told : record.told()) {
        for (const auto& fact : told.facts()) EXPECT_NE(pack.fact(fact), nullptr) << fact;
      }
      for (const auto& deed : record.deeds()) EXPECT_NE(pack.verb(deed.verb()), nullptr) << deed.verb();
      EXPECT_EQ(record.goals_size(), static_cast<int>(pack.npc(row.text(0))->goals.size()));
    }
    for (const char* table : {"npc_memories", "npc_lines"}) {
      for (const auto& row : world->rows(std::string("select distinct npc from ") + table))
        EXPECT_NE(pack.npc(row.text(0)), nullptr) << table << " " << row.text(0);
    }
    for (const auto& row :
         world->rows("select kind, id, place, document from state_documents where deleted = 0")) {
      const std::string what = row.text(0) + " " + row.text(1) + ": " + row.text(3);
      EXPECT_TRUE(row.text(2).empty() || pack.place(row.text(2)) != nullptr) << what;
      if (row.text(0) == "npc") EXPECT_NE(pack.npc(row.text(1)), nullptr) << what;
      if (row.text(0) == "feature") EXPECT_NE(pack.feature(row.text(1)), nullptr) << what;
      for (const auto& good : {"eel", "eel_new"}) {
        const bool held = row.text(3).find("\"" + std::string(good) + "\":") != std::string::npos;
        EXPECT_TRUE(!held || pack.good(good) != nullptr) << what;
      }
    }
    for (const auto& row : world->rows("select region from weather_regions"))
      EXPECT_NE(pack.region(row.text(0)), nullptr);
    EXPECT_EQ(world->rows("select region from weather_regions").size(), pack.climate.regions.size());
    for (const auto& row :
         world->rows("select service, key from timers where service in ('npc', 'weather')")) {
      const std::string id = row.text(1).substr(row.text(1).find(':') + 1);
      EXPECT_TRUE(row.text(0) == "npc" ? pack.npc(id) != nullptr : pack.region(id) != nullptr)
          << row.text(0) << " " << row.text(1);
    }
  }

  // No row of any table, not only of those that this test knows, names what came and went again. What tells of
  // the past may: the log, and texts that people read.
  void expect_no_trace(const std::string& word) const {
    const std::set<std::string> past = {"events", "inputs", "npc_memories", "npc_beliefs", "npc_decisions"};
    int tables = 0;
    for (const auto& table : world->rows("select name from sqlite_master where type = 'table'")) {
      const std::string name = table.text(0);
      if (past.contains(name)) continue;
      ++tables;
      // A deleted document keeps its version, and a pile says who left it.
      const std::string live = name == "state_documents" ? " where deleted = 0 and kind <> 'pile'" : "";
      for (const auto& row : world->rows("select * from \"" + name + "\"" + live)) {
        for (const auto& value : row.values()) {
          const auto* text = std::get_if<std::string>(&value);
          const auto* blob = std::get_if<db::Blob>(&value);
          std::string bytes = text != nullptr ? *text : blob != nullptr ? blob->bytes : std::string();
          pb::NpcRecord record;
          if (name == "npc_minds" && blob != nullptr && record.ParseFromString(bytes)) {
            record.clear_deeds();  // what they did, in words
            bytes = record.SerializeAsString();
          }
          EXPECT_EQ(bytes.find(word), std::string::npos) << name << ": " << bytes;
        }
      }
    }
    EXPECT_GT(tables, 10);
  }

  // Another day, which ends where somebody is on their way.
  void live() {
    const auto day = world->now().ms - world->now().ms % 86'400'000;
    world->advance_to(GameTime{day + 86'400'000} + game_hours(18) + game_minutes(3));
  }

  void expect_proof() {
    const auto verified = world->call<pb::WorldVerifyReply>(designer(), pb::WorldVerifyRequest());
    ASSERT_TRUE(verified) << verified.error().message;
    EXPECT_EQ(verified->problem(), "");
    const Folder folder;
    ASSERT_TRUE(world->timeline().checkpoint_now());
    const auto report = replay_log(
        world->db(),
        [&](const std::string& hash) -> Result<pack::Pack> {
          if (packs.contains(hash)) return *packs.at(hash);
          return fail(Code::not_found, "test.no_pack", "no pack " + hash);
        },
        sqlite_file(folder.path() / "replay.db"));
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->problem, "");
    EXPECT_EQ(report->recorded_hash, report->replayed_hash);
  }

  std::map<std::string, std::shared_ptr<const pack::Pack>> packs;
  std::shared_ptr<const pack::Pack> present;
  bool forgets = false;  // the pack of before is not kept any more
  std::unique_ptr<World> world;
};

// A day with everything in it that can point at something of the pack.
void live_and_talk(World& world) {
  pb::NpcInputRequest input;
  input.set_looked_at("ada");
  ASSERT_TRUE(world.call<pb::NpcInputReply>(player(), input));
  world.advance(game_hours(4));
  for (const char* npc : {"ada", "ben"}) {
    pb::NpcTalkRequest request;
    request.set_npc(npc);
    request.set_text("Who made the hole in the boat?");
    const auto reply = world.call<pb::NpcTalkReply>(player(), request);
    ASSERT_TRUE(reply) << reply.error().message;
    pb::NpcRememberRequest remember;
    remember.set_npc(npc);
    auto& memory = *remember.add_memories();
    memory.set_text("There were eels.");
    memory.set_place("landing");
    memory.add_witnesses("ben");
    ASSERT_TRUE(world.call<pb::NpcRememberReply>(designer(), remember));
  }
  for (const char* place : {"landing", "road", "hut"}) {
    pb::StatePutRequest put;
    put.set_kind("barrel");
    put.set_id(place);
    auto& fields = *put.mutable_document()->mutable_fields();
    fields["place"].set_string_value(place);
    (*fields["items"].mutable_struct_value()->mutable_fields())["eel"].set_number_value(3);
    ASSERT_TRUE(world.call<pb::StateDocument>(designer(), put));
  }
  pb::CapabilitiesExecuteRequest light;
  light.mutable_action()->set_verb("light_lamp");
  (*light.mutable_action()->mutable_args())["lamp"] = "landing_lamp";
  ASSERT_TRUE(world.call<pb::Verdict>(player(), light));
}

class PackChange : public testing::TestWithParam<Case> {};

TEST_P(PackChange, IsOneRecordedStepOfTheWorld) {
  const Folder folder;
  make_base(folder.path() / "base");
  const auto base = load(folder.path() / "base");
  fs::copy(folder.path() / "base", folder.path() / "other", fs::copy_options::recursive);
  GetParam().edit(folder.path() / "other");
  const auto other = load(folder.path() / "other");
  ASSERT_NE(base, nullptr);
  ASSERT_NE(other, nullptr);
  ASSERT_NE(base->hash, other->hash);

  Lived lived(base);
  live_and_talk(*lived.world);
  lived.world->advance_to(GameTime{} + game_hours(18) + game_minutes(3));
  lived.go_on_with(other);
  const auto told = lived.world->events_of<pb::PackChanged>();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_THAT(told[0].parts(),
              testing::Contains(testing::Property(&pb::PackChanged::Part::part, GetParam().part)))
      << told[0].ShortDebugString();
  lived.expect_whole();
  lived.live();
  lived.expect_whole();

  // And back: what came goes.
  lived.go_on_with(base);
  lived.expect_whole();
  lived.live();
  lived.expect_whole();
  lived.expect_no_trace("_new");
  lived.expect_proof();
}

INSTANTIATE_TEST_SUITE_P(Parts, PackChange, testing::ValuesIn(cases()),
                         [](const auto& test) { return test.param.name; });

TEST(PackChanges, EveryPartOfTheFormatIsTried) {
  const Folder folder;
  make_base(folder.path() / "base");
  std::set<std::string> there;
  for (const auto& part : pack::diff(pack::Pack(), *load(folder.path() / "base"))) there.insert(part.part);
  for (const auto& part : pack::part_names()) {
    EXPECT_TRUE(adders().contains(part)) << "say how a pack gets one more: " << part;
    EXPECT_TRUE(there.contains(part)) << "make_base() has none: " << part;
  }
}

TEST(PackChanges, EveryKeyOfTheWorldIsTried) {
  for (const auto& key : pack::world_keys()) {
    if (key == "name") continue;
    ASSERT_TRUE(world_edits().contains(key)) << "say how world.yaml says something else of: " << key;
    const Folder folder;
    make_base(folder.path() / "base");
    fs::copy(folder.path() / "base", folder.path() / "other", fs::copy_options::recursive);
    world_edits().at(key)(folder.path() / "other");
    const auto found = pack::diff(*load(folder.path() / "base"), *load(folder.path() / "other"));
    ASSERT_FALSE(found.empty()) << key;
    EXPECT_EQ(found[0].part, "world");
    EXPECT_THAT(found[0].changed, testing::ElementsAre(key));
  }
}

// A service that keeps something keeps nothing that a pack can take away, or says what becomes of it.
TEST(PackChanges, EveryTableIsAccountedFor) {
  const Folder folder;
  make_base(folder.path() / "base");
  const Lived lived(load(folder.path() / "base"));
  const auto hooks = lived.world->timeline().pack_hook_names();
  // These need no hook, and why.
  const std::map<std::string, std::string> free = {
      {"ai_profiles", "of players"},
      {"events_consumers", "of a place that is gone nothing comes"},
      {"events_letters", "of the past"},
      {"events_types", "the game's"},
      {"router_jobs", "they end with whom they are about"},
      {"router_serving", "models"},
      {"world_settings", "by name"},
  };
  for (const auto& table : lived.world->timeline().table_names()) {
    const std::string service = table.substr(0, table.find('_'));
    EXPECT_TRUE(free.contains(table) || std::ranges::find(hooks, service) != hooks.end())
        << table << ": add_pack_hook(\"" << service << "\"), or say here that it names nothing of a pack";
  }
}

TEST(PackChanges, WhoIsGoneLeavesWhatTheyHeldWhereTheyStood) {
  const Folder folder;
  make_base(folder.path() / "base");
  const auto base = load(folder.path() / "base");
  fs::copy(folder.path() / "base", folder.path() / "more", fs::copy_options::recursive);
  adders().at("npcs")(folder.path() / "more");
  const auto more = load(folder.path() / "more");

  Lived lived(more);
  lived.world->advance(game_hours(2));
  pb::StatePatchRequest patch;
  patch.set_kind("npc");
  patch.set_id("eve");
  (*patch.mutable_patch()->mutable_fields())["money"].set_number_value(7);
  ASSERT_TRUE(lived.world->call<pb::StateDocument>(designer(), patch));
  pb::NpcTalkRequest talk;
  talk.set_npc("eve");
  talk.set_text("Good morning!");
  ASSERT_TRUE(lived.world->call<pb::NpcTalkReply>(player(), talk));

  lived.go_on_with(base);
  const auto left = lived.world->events_of<pb::NpcLeft>("eve");
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left[0].place(), "landing");
  EXPECT_EQ(left[0].reason(), "the pack has them no more");
  EXPECT_EQ(left[0].left_behind(), "left_by_eve");
  pb::StateGetRequest get;
  get.set_kind("pile");
  get.set_id("left_by_eve");
  const auto pile = lived.world->call<pb::StateDocument>(player(), get);
  ASSERT_TRUE(pile) << pile.error().message;
  const auto& fields = pile->document().fields();
  EXPECT_EQ(fields.at("place").string_value(), "landing");
  EXPECT_EQ(fields.at("money").number_value(), 7);
  EXPECT_EQ(fields.at("items").struct_value().fields().at("eel").number_value(), 1);
  const auto answer = lived.world->call<pb::NpcTalkReply>(player(), talk);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().reason, "npc.unknown");

  // Somebody new of the same name knows nothing of it.
  lived.go_on_with(more);
  ASSERT_EQ(lived.world->events_of<pb::NpcAppeared>("eve").size(), 1U);
  pb::NpcMindRequest mind;
  mind.set_npc("eve");
  const auto seen = lived.world->call<pb::NpcMindReply>(designer(), mind);
  ASSERT_TRUE(seen) << seen.error().message;
  EXPECT_EQ(seen->conversations_size(), 0);
  EXPECT_EQ(seen->view().place(), "landing");
  lived.live();
  lived.expect_proof();
}

// The data folder came without the old pack: the world goes on all the same.
TEST(PackChanges, AWorldWhosePackIsNotKeptGoesOn) {
  for (const auto& one : cases()) {
    SCOPED_TRACE(one.name);
    const Folder folder;
    make_base(folder.path() / "base");
    fs::copy(folder.path() / "base", folder.path() / "other", fs::copy_options::recursive);
    one.edit(folder.path() / "other");
    Lived lived(load(folder.path() / "base"));
    lived.forgets = true;
    lived.world->advance(game_minutes(11 * 60 + 3));
    lived.go_on_with(load(folder.path() / "other"));
    EXPECT_TRUE(lived.world->events_of<pb::PackChanged>().at(0).unknown());
    const auto listed = lived.world->call<pb::NpcListReply>(player(), pb::NpcListRequest());
    ASSERT_TRUE(listed) << listed.error().message;
    lived.world->advance(game_hours(24));
  }
}

// What world.yaml says of a beginning holds for worlds that begin.
TEST(PackChanges, SeedStartAndScaleStayAsTheWorldBegan) {
  const Folder folder;
  make_base(folder.path() / "base");
  fs::copy(folder.path() / "base", folder.path() / "other", fs::copy_options::recursive);
  replace(folder.path() / "other/world.yaml", "seed: 1", "seed: 99");
  replace(folder.path() / "other/world.yaml", "scale: 3600", "scale: 1");
  const auto base = load(folder.path() / "base");
  const auto other = load(folder.path() / "other");
  const KeptPacks kept(folder.path() / "data");
  ASSERT_TRUE(kept.keep(*base));
  ASSERT_TRUE(kept.keep(*base)) << "twice is once";
  const auto change = change_since(kept, base->hash, *other);
  EXPECT_THAT(change.holds(), testing::ElementsAre("seed", "scale"));
  EXPECT_EQ(in_words(change), "world ~seed ~scale; as the world began: seed, scale");
  Lived lived(base);
  lived.world->advance(game_hours(1));
  lived.go_on_with(other);
  EXPECT_EQ(lived.world->timeline().config().seed, 1U);
  EXPECT_EQ(lived.world->timeline().clock().scale().milli, 3'600'000);
}

// Vectors carry who made them. Those of another model keep no world from opening, and are compared with
// nothing.
TEST(Vectors, OfAnotherModelAreAsIfThereWereNone) {
  const Folder folder;
  make_base(folder.path() / "base");
  const auto base = load(folder.path() / "base");
  Lived lived(base);
  pb::NpcRememberRequest remember;
  remember.set_npc("ada");
  remember.add_memories()->set_text("There were eels.");
  ASSERT_TRUE(lived.world->call<pb::NpcRememberReply>(designer(), remember));
  const auto open_with = [&](const std::string& model) {
    return [base, model](Host& host) -> std::shared_ptr<void> {
      const NpcConfig npc{.thinks = false, .embedding_size = 3, .embedding_model = model, .make_index = [] {
                            return index::make_flat_index(3);
                          }};
      return std::make_shared<WorldServices>(*base, host, RouterConfig{}, npc, AiConfig{}, ModelsConfig{});
    };
  };
  for (const std::size_t numbers : {2, 3}) {
    const std::string vector(numbers * sizeof(float), '\x3f');
    const auto kept = lived.world->db().transact_now([&](db::Tx& tx) -> Result<void> {
      TRY_VOID(tx.exec("update npc_memories set vector = $1, vector_model = $2",
                       db::Values{db::Blob{vector}, std::string("old@1/3")}));
      return {};
    });
    ASSERT_TRUE(kept) << kept.error().message;
    for (const std::string model : {"new@2/3", "old@1/3"}) {
      lived.world->restart_with({open_with(model)}, lived.options(base));
      pb::NpcRecallRequest recall;
      recall.set_npc("ada");
      recall.set_query("eels");
      const auto found = lived.world->call<pb::NpcRecallReply>(designer(), recall);
      ASSERT_TRUE(found) << found.error().message;
      EXPECT_GE(found->memories_size(), 1) << numbers << " numbers, opened with " << model;
    }
  }
}

// And they are made again, by whoever makes them now; once.
TEST(Vectors, AreMadeAgainByTheModelOfNow) {
  const Folder folder;
  make_base(folder.path() / "base");
  const auto base = load(folder.path() / "base");
  Lived lived(base);
  pb::NpcRememberRequest remember;
  remember.set_npc("ada");
  for (const char* text : {"There were eels.", "There were no eels."})
    remember.add_memories()->set_text(text);
  ASSERT_TRUE(lived.world->call<pb::NpcRememberReply>(designer(), remember));
  std::unique_ptr<FakeEngine> engine;
  std::shared_ptr<WorldServices> services;
  const auto open_with = [&](const std::string& model, std::vector<float> vector) {
    const auto count = vector.size();
    const auto texts = lived.world->rows("select text from npc_memories");
    lived.world->restart_with(
        {[&, count](Host& host) -> std::shared_ptr<void> {
          engine = std::make_unique<FakeEngine>(host.env(), "fake", std::vector<std::string>{"m"});
          for (const auto& row : texts) engine->vectors[row.text(0)] = vector;
          RouterConfig router;
          router.embedding = {{.engine = engine.get(), .model = "m"}};
          NpcConfig npc{
              .thinks = false, .read_ahead = false, .embedding_size = count, .embedding_model = model};
          npc.make_index = [count] { return index::make_flat_index(count); };
          npc.limits.embed_batch = 1;
          services = std::make_shared<WorldServices>(*base, host, router, npc, AiConfig{}, ModelsConfig{});
          return services;
        }},
        lived.options(base));
    services->start();
    lived.world->settle();
    lived.world->settle();
    std::set<std::string> makers;
    for (const auto& row : lived.world->rows("select vector_model, length(vector) from npc_memories"))
      makers.insert(row.text(0) + " " + std::to_string(row.integer(1)));
    return makers;
  };
  EXPECT_THAT(open_with("first@1/3", {1, 0, 0}), testing::ElementsAre("first@1/3 12"));
  EXPECT_THAT(open_with("second@2/3", {0, 1, 0}), testing::ElementsAre("second@2/3 12"))
      << "of the same size";
  EXPECT_THAT(open_with("third@3/2", {0, 1}), testing::ElementsAre("third@3/2 8")) << "of another";
  const auto made = lived.world->rows("select vector from npc_memories order by id");
  EXPECT_THAT(open_with("third@3/2", {1, 0}), testing::ElementsAre("third@3/2 8"));
  const auto kept = lived.world->rows("select vector from npc_memories order by id");
  ASSERT_EQ(kept.size(), made.size());
  for (std::size_t i = 0; i < made.size(); ++i)
    EXPECT_EQ(kept[i].blob(0), made[i].blob(0)) << "what is there is not made again";
}

TEST(KeptPacks, AreThePackOrNothing) {
  const Folder folder;
  make_base(folder.path() / "base");
  const auto base = load(folder.path() / "base");
  const KeptPacks kept(folder.path() / "data");
  EXPECT_EQ(kept.load(base->hash).error().reason, "replay.pack_gone");
  ASSERT_TRUE(kept.keep(*base));
  EXPECT_EQ(kept.load(base->hash)->hash, base->hash);
  append(folder.path() / "data/packs" / base->hash / "places.yaml", "# changed\n");
  EXPECT_EQ(kept.load(base->hash).error().reason, "replay.pack_refused");
  ASSERT_TRUE(kept.keep(*base)) << "a damaged copy is made again";
  EXPECT_TRUE(kept.load(base->hash));
}

}  // namespace
}  // namespace troupe::test
