#pragma once
// People that act in real time, talk and remember. Owned by app; io thread; everything that lasts is a turn's
// write. Layers of the loop: reflex each tick (npc_life.cpp), intent by utility or by the gold tier
// (npc_choice.cpp), talk by silver (npc_talk.cpp), reflection by bronze (npc_reflect.cpp). Nothing waits for
// the next layer: what is asked of a model runs after the turn and comes back as a recorded input. Bounds:
// NpcLimits.
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "host/host.h"
#include "pack/pack.h"
#include "ports/index.h"
#include "services/npc/memory_rules.h"
#include "services/npc/npc_rules.h"
#include "services/npc/player_rules.h"
#include "troupe/v1/ai.pb.h"
#include "troupe/v1/events.pb.h"
#include "troupe/v1/npc.pb.h"
#include "troupe/v1/npc_store.pb.h"
#include "troupe/v1/router.pb.h"
#include "troupe/v1/state.pb.h"
#include "troupe/v1/time.pb.h"
#include "troupe/v1/weather.pb.h"

namespace troupe {

struct NpcLimits {
  std::size_t text_bytes_max = 4096;  // of what a player says
  std::size_t memory_bytes_max = 1024;
  std::size_t players_max = 10'000;
  std::size_t perceptions_max = 32;     // kept per NPC, in memory only
  std::size_t lines_max = 40;           // of one conversation
  std::size_t conversations_max = 200;  // per NPC; the oldest are forgotten
  std::size_t decisions_max = 20'000;   // kept; older ones go
  std::size_t options_max = 4;          // put to a model, beside carrying on
  std::size_t embed_batch = 32;
  double interest_m = 80;  // a player this near makes minds think more often
  double approach_m = 5;   // and this near may be about to speak
  std::size_t reading_ahead_max = 8;
  std::size_t anticipated_max = 1000;  // players of whom it is known what was read ahead for them last
  std::size_t strangers_max = 3;       // people who read ahead for whoever may come
  std::size_t sayable_max = 10;        // of what a line may bring up is read ahead
  npc::MemoryLimits memory;
};

struct NpcConfig {
  bool thinks = true;      // false: no model behind the gold tier; utility decides
  bool read_ahead = true;  // prompts of talks, before a line comes
  rt::milliseconds choose_deadline{1500};
  rt::milliseconds talk_deadline{15'000};
  // What is set for this world by name ("ai.talk_deadline_ms"; bools as 0 and 1); empty: what stands here.
  std::function<double(const std::string&)> setting;
  std::size_t embedding_size = 0;  // 0: similarity by words
  std::string embedding_model;  // name, hash and size: vectors of another one are made again, never compared
  std::function<std::unique_ptr<index::Index>()> make_index;  // for memories; empty with embedding_size 0
  NpcLimits limits;
};

class NpcService {
 public:
  NpcService(const pack::Pack& pack, Host& host, NpcConfig config);
  ~NpcService();
  void mount();
  // Says whether models think, and embeds what has no vector yet; after the timeline has opened.
  void start();

 private:
  struct Mind;
  struct Prompt;
  struct Choices;
  // What was read ahead for a player, last.
  struct Anticipated {
    std::string npc;
    rt::Instant at;
    bool reading = false;
    std::string wanted;  // who the player is about to speak to by now
  };

  // npc_service.cpp: what others see
  Result<pb::NpcListReply> list(const Caller& caller, const pb::NpcListRequest& request) const;
  Result<pb::NpcView> get(const Caller& caller, const pb::NpcGetRequest& request) const;
  Result<pb::NpcMindReply> mind(const Caller& caller, const pb::NpcMindRequest& request) const;
  Task<pb::Decision> decision(Caller caller, pb::NpcDecisionRequest request);
  Result<pb::NpcRelationReply> relation(const Caller& caller, const pb::NpcRelationRequest& request) const;
  pb::NpcView view(const Mind& mind) const;
  pb::NpcView view_for(const Caller& caller, const Mind& mind, const std::string& caller_at) const;
  std::string place_of(const Caller& caller) const;  // "" for whoever sees everything
  Result<Mind*> find(const std::string& npc) const;

  // npc_pack.cpp: when the world goes on with another version of its pack
  void on_pack_changed(Turn& turn, const pb::PackChanged& change);
  void begin(Turn& turn, Mind& mind);  // a life, with what the pack says
  void appear(Turn& turn, Mind& mind);
  void leave(Turn& turn, const pb::NpcRecord& record);
  void adapt(Turn& turn, Mind& mind, const pb::PackChanged& change);
  bool stand_somewhere(Turn& turn, Mind& mind);  // false: where they are is still there
  void adapt_player(Turn& turn, pb::PlayerRecord& player);

  // npc_life.cpp: the day, walking, perception
  void genesis(Turn& turn);
  void on_timer(Turn& turn, const std::string& key, const std::string& payload);
  Result<pb::NpcInputReply> input(Turn& turn, const Caller& caller, const pb::NpcInputRequest& request);
  Result<pb::NpcInputReply> whereabouts(Turn& turn, const Caller& caller, const pb::NpcInputRequest& request);
  void notice_look(const Turn& turn, const std::string& player, const std::string& thing,
                   const std::string& place);
  pb::Verdict do_for(Turn& turn, const Caller& caller, const std::string& player, const pb::Action& action);
  void on_verb(Turn& turn, const EventContext& context, const pb::VerbExecuted& event);
  void follow_routine(Turn& turn, Mind& mind);
  void go(Turn& turn, Mind& mind, const std::string& place, const std::string& reason);
  // `scene`: the activity without players' names, for prompts; "" = the same. `elsewhere`: done where they
  // are not yet.
  void set_intent(Turn& turn, Mind& mind, std::string intent, std::string activity, std::string reason,
                  std::string tier, std::string scene = {}, bool elsewhere = false);

  // npc_players.cpp: where players are, and room for them
  npc::Step player_step(Turn& turn, const Caller& caller, const std::string& player, npc::Position says);
  void player_moved(Turn& turn, const std::string& player, const std::string& place);
  Result<void> make_room(Turn& turn);
  void keep_player(Turn& turn, const pb::PlayerRecord& record);
  void forget_anticipated();
  void perceive(Mind& mind, std::int64_t at_ms, const std::string& text, std::uint64_t sequence);
  pb::RelationRecord& relation_of(Mind& mind, const std::string& to) const;
  pb::RelationRecord relation_or_default(const Mind& mind, const std::string& to) const;
  void save(Turn& turn, const Mind& mind);

  // npc_feelings.cpp: what is done, seen and suffered moves feelings and moods, and these fade
  void on_weather(Turn& turn, const EventContext& context, const pb::WeatherSevere& event);
  void on_phase(Turn& turn, const EventContext& context, const pb::PhaseChanged& event);
  void on_day(Turn& turn, const EventContext& context, const pb::DayChanged& event);
  void shift_feeling(Turn& turn, Mind& mind, const std::string& towards, const std::string& feeling,
                     double by, const std::string& reason);
  void feel(Turn& turn, Mind& mind, pack::Mood mood, double strength, const std::string& reason);
  void fade_mood(Turn& turn, Mind& mind);
  void brood(Turn& turn, Mind& mind);
  void appraise(Turn& turn, Mind& mind, const pb::VerbExecuted& event, const std::string& actor,
                const std::string& target);
  void satisfied(Turn& turn, Mind& mind, const std::string& verb);

  // npc_threats.cpp: what threatens, and how each reacts at each tick
  void tick(Turn& turn);
  void sense(Turn& turn, Mind& mind, const std::vector<const pb::PlayerRecord*>& present);
  void react(Turn& turn, Mind& mind, npc::Reflex reflex, const std::string& target);
  void threaten(Turn& turn, Mind& mind, const std::string& source, double level, std::int64_t until_ms);
  void flee_from(Turn& turn, Mind& mind, const std::string& source);
  std::optional<npc::Position> position_of(const std::string& key) const;
  std::vector<const pb::PlayerRecord*> present_players() const;
  bool somebody_plays() const;
  void on_scale(Turn& turn, const EventContext& context, const pb::TimeScaleChanged& event);

  // npc_fate.cpp: where somebody is and whether they live: one owner of both
  Result<pb::NpcView> move(Turn& turn, const Caller& caller, const pb::NpcMoveRequest& request);
  Result<pb::NpcView> die(Turn& turn, const Caller& caller, const pb::NpcDieRequest& request);
  Result<Mind*> find_living(const std::string& npc) const;
  void tell_place(Turn& turn, const Mind& mind);
  void mourn(Turn& turn, const Mind& dead, std::uint64_t sequence);
  void on_player_state(Turn& turn, const EventContext& context, const pb::PlayerStateChanged& event);
  void read_player(Turn& turn, const std::string& player);
  void on_gone(Turn& turn, const EventContext& context, const pb::EntityGone& event);

  // npc_choice.cpp: what to do next
  void think(Turn& turn, Mind& mind);
  void think_again(Turn& turn, Mind& mind);
  static bool free_to_choose(const Mind& mind, std::int64_t now_ms);
  Choices choices_of(Turn& turn, Mind& mind);
  void look_about(Turn& turn, Mind& mind);
  void decide_by_utility(Turn& turn, Mind& mind, const std::vector<npc::Option>& options,
                         const std::vector<pb::Action>& actions, const std::vector<npc::Weighed>& weighed);
  void ask_gold(Turn& turn, Mind& mind, const std::vector<npc::Option>& options,
                const std::vector<pb::Action>& actions, const std::vector<npc::Weighed>& weighed);
  Result<pb::NpcThinking> thinking(Turn& turn, const Caller& caller, const pb::NpcThinking& command);
  Result<pb::NpcChosenReply> chosen(Turn& turn, const Caller& caller, const pb::NpcChosen& command);
  void carry_out(Turn& turn, Mind& mind, pb::Decision decision, const pb::Action& action,
                 const std::string& what);
  std::string situation(const Mind& mind, const pb::TimeState& time, const std::string& weather) const;
  bool interested(const Mind& mind) const;

  // npc_talk.cpp
  Task<pb::NpcTalkReply> talk(Caller caller, pb::NpcTalkRequest request);
  Task<pb::NpcPromptReply> prompt(Caller caller, pb::NpcPromptRequest request);
  Result<pb::NpcTalkBegun> talk_begin(Turn& turn, const Caller& caller, const pb::NpcTalkBegin& command);
  Task<void> may_say(std::string npc, std::string player, std::string text);
  const std::vector<pb::CategoryLevel>* frozen(const Mind& mind, const std::string& player) const;
  void freeze_levels(Turn& turn, const Mind& mind, const std::string& player, pb::NpcTalkBegun& reply) const;
  Result<pb::NpcTalkEnded> talk_end(Turn& turn, const Caller& caller, const pb::NpcTalkEnd& command);
  Result<std::string> check_line(const std::string& text) const;
  Result<void> check_player(const std::string& name) const;
  Result<void> check_npc(const std::string& npc) const;

  // npc_prompt.cpp: what they have in mind; `text` "" = nothing was said yet
  Task<Prompt> make_prompt(Caller caller, std::string npc, std::string player, std::string text);
  pack::Listener listener_for(const Mind& mind, const std::string& player) const;
  void add_conversation(const Mind& mind, const std::string& player, const pack::Listener& listener,
                        Prompt& prompt) const;
  void add_knowledge(const Mind& mind, const std::string& player, const pack::Listener& listener,
                     const std::string& text, const std::vector<float>& vector, Prompt& prompt) const;
  void add_actions(const std::string& npc, const std::string& text, Prompt& prompt) const;
  double fits(const pack::Fact& fact, const std::string& text, const std::vector<float>& vector) const;

  // npc_anticipation.cpp: read ahead for whoever is about to speak
  boost::asio::awaitable<void> watch_players();
  std::string about_to_hear(const pb::PlayerRecord& player) const;  // "": nobody
  std::vector<std::string> first_met() const;  // the nearest to where newcomers arrive, the nearest last
  void anticipate(const std::string& player, const std::string& npc);
  bool still_wanted(const std::string& player, const std::string& npc) const;
  void count_talk(const pb::Decision& decision);
  boost::asio::awaitable<void> read_ahead(std::string player, std::string npc);
  Task<pb::AiSpeakReply> read(pb::AiSpeakRequest request);
  boost::asio::awaitable<void> read_sayable(std::string player, std::string npc, Prompt prompt);

  // npc_memory.cpp
  Result<pb::NpcRememberReply> remember_rpc(Turn& turn, const Caller& caller,
                                            const pb::NpcRememberRequest& request);
  Task<pb::NpcRecallReply> recall_rpc(Caller caller, pb::NpcRecallRequest request);
  std::int64_t remember(Turn& turn, Mind& mind, npc::Memory memory);
  struct Recalled {
    npc::Memory memory;
    npc::Parts parts;
    double score = 0;
  };
  std::vector<Recalled> recall(const Mind& mind, const std::string& query, const std::vector<float>& vector,
                               std::size_t k, std::int64_t as_of_ms, const std::string& listener) const;
  Task<std::vector<float>> embed_one(Caller caller, std::string text);
  void embed_soon(Turn& turn);
  void embed_missing();
  boost::asio::awaitable<void> embed_pending();
  boost::asio::awaitable<void> embed_facts();
  Result<pb::NpcEmbedded> embedded(Turn& turn, const Caller& caller, const pb::NpcEmbedded& command);

  rt::milliseconds talk_deadline() const { return set_ms("ai.talk_deadline_ms", config_.talk_deadline); }
  rt::milliseconds choose_deadline() const {
    return set_ms("ai.choose_deadline_ms", config_.choose_deadline);
  }
  rt::milliseconds set_ms(const char* name, rt::milliseconds standard) const {
    return config_.setting ? rt::milliseconds(static_cast<std::int64_t>(config_.setting(name))) : standard;
  }

  // npc_forget.cpp: what is remembered of a player is the player's to see and to end
  Result<pb::NpcMemoriesReply> memories(const Caller& caller, const pb::NpcMemoriesRequest& request) const;
  Result<pb::NpcForgetReply> forget(Turn& turn, const Caller& caller, const pb::NpcForgetRequest& request);
  std::int64_t forget_memories(Turn& turn, Mind& mind, const std::string& player,
                               const std::set<std::int64_t>* only);
  void forget_talk(Turn& turn, Mind& mind, const std::string& player, std::uint64_t talk);
  void forget_prompts(Turn& turn, Mind& mind, const std::string& player);
  void forget_person(Turn& turn, Mind& mind, const std::string& player);
  Result<std::string> whose(const Caller& caller, const std::string& player, const std::string& npc) const;

  // npc_reflect.cpp
  void reflect(Turn& turn, Mind& mind);
  void reflected(Turn& turn, const EventContext& context, const pb::JobEnded& event);

  // npc_store.cpp
  Result<void> load(db::Reader& reader);
  void save_counters(Turn& turn);
  void keep_decision(Turn& turn, Mind& mind, pb::Decision& decision);
  void show_decision(Mind& mind, const pb::Decision& decision) const;
  void add_line(Turn& turn, Mind& mind, const std::string& player, bool by_player, std::uint64_t talk,
                const std::string& text);

  Caller as_self(const std::string& trace = {}) const;  // the service itself asks
  std::string weather_at(Turn* turn, const std::string& place) const;

  const pack::Pack& pack_;
  Host& host_;
  NpcConfig config_;
  std::map<std::string, std::unique_ptr<Mind>> minds_;
  std::map<std::string, pb::NpcRecord> strays_;  // of people whom the pack has not; until on_pack_changed()
  std::map<std::string, pb::PlayerRecord> players_;
  std::deque<std::int64_t> kept_decisions_;  // their sequences, oldest first
  std::int64_t last_memory_ = 0;
  std::int64_t last_line_ = 0;
  std::int64_t last_gold_ms_ = 0;  // game time of the last question to the gold tier
  bool thinks_ = false;            // part of history: who decides depends on it
  bool embedding_now_ = false;
  std::map<std::string, Anticipated> anticipated_;  // by player; caches, never state
  std::size_t reading_ahead_ = 0;
  std::size_t talks_ = 0;                 // that are being answered
  std::vector<std::string> unprepared_;   // who has not read ahead for a stranger yet, the next one last
  std::deque<std::string> read_in_full_;  // hashes of prompts, the oldest first
  Counter& acts_;
  std::map<std::string, std::vector<float>> fact_vectors_;  // a cache: shapes prompts, never state
};

}  // namespace troupe
