// The queue of work without a hurry: it survives, runs once, tells how far it is.
#include "services/router/router_rig.h"

namespace troupe {
namespace {

using engine::Tier;
using test::RouterRig;
using test::World;
using ::testing::ElementsAre;
using namespace std::chrono_literals;

RouterRig::Configure bronze(JobLimits limits = {}) {
  return [limits](RouterRig& rig, RouterConfig& config) {
    config.tiers = {{Tier::bronze, {rig.route("a")}}};
    config.policy.jobs = limits;
  };
}

struct JobsTest : ::testing::Test {
  void open(JobLimits limits = {}) {
    rig.emplace(std::vector<std::string>{"a"}, bronze(limits));
    rig->router().start();
  }
  void restart() {
    rig->world.restart();
    rig->router().start();
    settle();
  }
  Result<pb::RouterJob> submit(const std::string& player = "", const std::string& key = "",
                               const std::string& npc = "") {
    pb::RouterSubmitRequest request;
    request.set_key(key);
    request.set_kind("story");
    request.set_context("for chapter 2");
    *request.mutable_work() = RouterRig::line(player, npc);
    auto job = rig->world.call<pb::RouterJob>(test::designer(), request);
    settle();
    return job;
  }
  pb::RouterJob job(const std::string& id) {
    pb::RouterGetJobRequest request;
    request.set_id(id);
    return *rig->world.call<pb::RouterJob>(test::designer(), request);
  }
  std::string state(const std::string& id) { return job(id).state(); }
  std::vector<std::string> ids(const std::string& wanted) {
    pb::RouterListJobsRequest request;
    request.set_state(wanted);
    std::vector<std::string> out;
    const auto reply = rig->world.call<pb::RouterListJobsReply>(test::designer(), request);
    for (const auto& one : reply->jobs()) out.push_back(one.id());
    return out;
  }
  test::FakeEngine& engine() { return rig->engine("a"); }
  void answer(std::size_t call, const std::string& text) {
    engine().answer(call, engine().says(text));
    settle();
  }
  // The end of one job and the beginning of the next are a commit each.
  void settle() {
    for (int i = 0; i < 3; ++i) rig->world.settle();
  }
  std::vector<pb::JobEnded> ends() { return rig->world.events_of<pb::JobEnded>(); }

  std::optional<RouterRig> rig;
};

TEST_F(JobsTest, RunAndTellHowFarTheyAre) {
  open();
  const auto submitted = submit("anna", "", "marta");
  ASSERT_TRUE(submitted);
  EXPECT_EQ(submitted->state(), "queued");
  ASSERT_EQ(engine().asked.size(), 1U);
  EXPECT_EQ(engine().asked[0]->request.tier, Tier::bronze);
  EXPECT_EQ(state("job-1"), "running");
  for (const char* piece : {"once ", "upon ", "a ", "time ", "there "}) engine().asked[0]->on_text(piece);
  EXPECT_DOUBLE_EQ(job("job-1").progress(), .5);
  answer(0, "once upon a time there was");  // what was heard, and its end
  const auto done = job("job-1");
  EXPECT_EQ(done.state(), "done");
  EXPECT_EQ(done.answer().text(), "once upon a time there was");
  EXPECT_DOUBLE_EQ(done.progress(), 1);
  EXPECT_EQ(done.attempts(), 1);
  ASSERT_EQ(ends().size(), 1U);
  EXPECT_EQ(ends()[0].text(), "once upon a time there was");
  EXPECT_EQ(ends()[0].context(), "for chapter 2");
  EXPECT_EQ(ends()[0].npc(), "marta");
}

TEST_F(JobsTest, EndWhateverAModelWrites) {
  open();
  const auto made = submit();
  ASSERT_TRUE(made) << made.error().message;
  answer(0, std::string("Fine\0 story. Yes.", 17));
  EXPECT_EQ(state(made->id()), "done");
  EXPECT_EQ(job(made->id()).answer().text().find('\0'), std::string::npos);
}

TEST_F(JobsTest, OnlySoManyAtOnceInTheOrderOfTheirComing) {
  open({.parallel = 2});
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(submit());
  EXPECT_EQ(engine().asked.size(), 2U);
  EXPECT_THAT(ids("running"), ElementsAre("job-2", "job-1"));
  EXPECT_EQ(job("job-5").ahead(), 2);
  EXPECT_EQ(rig->status().jobs().queued(), 3);
  EXPECT_EQ(rig->status().jobs().running(), 2);
  answer(1, "two");
  EXPECT_THAT(ids("running"), ElementsAre("job-3", "job-1"));
  EXPECT_THAT(ids("done"), ElementsAre("job-2"));
}

TEST_F(JobsTest, OnePlayersJobsDoNotHoldUpAnothers) {
  open({.parallel = 1});
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(submit("greedy"));
  ASSERT_TRUE(submit("anna"));
  answer(0, "one");
  EXPECT_THAT(ids("running"), ElementsAre("job-11"));
}

TEST_F(JobsTest, SurviveTheDeathOfTheServerAndRunOnce) {
  open({.parallel = 1});
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(submit());
  answer(0, "one");
  EXPECT_EQ(state("job-2"), "running");
  restart();
  EXPECT_EQ(state("job-1"), "done");
  EXPECT_EQ(job("job-1").answer().text(), "one");
  EXPECT_EQ(engine().asked.size(), 1U) << "what was done is not done again";
  EXPECT_EQ(state("job-2"), "running");
  EXPECT_EQ(job("job-2").attempts(), 2);
  answer(0, "two");
  answer(1, "three");
  EXPECT_EQ(ids("done").size(), 3U);
  EXPECT_EQ(ends().size(), 3U) << "each told once";
  restart();
  EXPECT_TRUE(engine().asked.empty());
}

TEST_F(JobsTest, AJobThatKillsTheServerIsLetGo) {
  open({.parallel = 1, .attempts_max = 3});
  ASSERT_TRUE(submit());
  for (int i = 0; i < 2; ++i) restart();
  EXPECT_EQ(job("job-1").attempts(), 3);
  EXPECT_EQ(state("job-1"), "running");
  restart();
  EXPECT_EQ(state("job-1"), "failed");
  EXPECT_EQ(job("job-1").problem(), "the server ended each time while it ran");
  EXPECT_TRUE(engine().asked.empty());
}

TEST_F(JobsTest, TheSameKeyIsTheSameJob) {
  open();
  EXPECT_EQ(submit("", "chapter-2")->id(), "job-1");
  EXPECT_EQ(submit("", "chapter-2")->id(), "job-1");
  EXPECT_EQ(submit("", "chapter-3")->id(), "job-2");
  answer(0, "it was dark");
  restart();
  const auto again = submit("", "chapter-2");
  EXPECT_EQ(again->state(), "done");
  EXPECT_EQ(again->answer().text(), "it was dark");
  pb::RouterGetJobRequest request;
  request.set_key("chapter-2");
  EXPECT_EQ(rig->world.call<pb::RouterJob>(test::designer(), request)->id(), "job-1");
}

TEST_F(JobsTest, AreTriedAgainWhenTheEngineIsAtFault) {
  open({.attempts_max = 2, .again_after = 5s});
  ASSERT_TRUE(submit());
  engine().answer(0, fail(Code::unavailable, "engine.failed", "it failed"));
  settle();
  EXPECT_EQ(state("job-1"), "running");
  rig->world.pass(4s);
  EXPECT_EQ(engine().asked.size(), 1U);
  rig->world.pass(2s);
  ASSERT_EQ(engine().asked.size(), 2U);
  engine().answer(1, fail(Code::unavailable, "engine.failed", "it failed again"));
  rig->world.pass(11s);
  EXPECT_EQ(state("job-1"), "failed");
  EXPECT_EQ(job("job-1").problem(), "it failed again");
  // What is wrong with the work itself is not tried again.
  ASSERT_TRUE(submit());
  engine().answer(2, fail(Code::invalid_argument, "engine.bad_grammar", "no such grammar"));
  settle();
  EXPECT_EQ(state("job-2"), "failed");
  EXPECT_EQ(ends().size(), 2U);
}

TEST_F(JobsTest, AreCancelledWhetherTheyWaitOrRun) {
  open({.parallel = 1});
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(submit());
  pb::RouterCancelJobRequest request;
  for (const char* id : {"job-2", "job-1"}) {
    request.set_id(id);
    EXPECT_EQ(rig->world.call<pb::RouterJob>(test::designer(), request)->state(), "cancelled");
    settle();
  }
  EXPECT_TRUE(engine().asked[0]->stopped);
  EXPECT_EQ(state("job-3"), "running") << "the place is free";
  EXPECT_EQ(rig->world.call<pb::RouterJob>(test::designer(), request)->state(), "cancelled");
  EXPECT_EQ(ends().size(), 2U) << "once";
  request.set_id("job-9");
  EXPECT_EQ(rig->world.call<pb::RouterJob>(test::designer(), request).error().reason, "router.unknown_job");
}

TEST_F(JobsTest, EndWithWhomTheyAreAbout) {
  open({.parallel = 1});
  ASSERT_TRUE(submit("", "", "marta"));
  ASSERT_TRUE(submit("", "", "marta"));
  ASSERT_TRUE(submit("", "", "ivo"));
  ASSERT_TRUE(submit());
  rig->gone("npc", "");
  rig->gone("npc", "marta");
  settle();
  EXPECT_THAT(ids("cancelled"), ElementsAre("job-2", "job-1"));
  EXPECT_EQ(job("job-2").problem(), "npc marta is gone");
  EXPECT_TRUE(engine().asked[0]->stopped);
  EXPECT_EQ(state("job-3"), "running");
  EXPECT_EQ(state("job-4"), "queued") << "about nobody";
}

TEST_F(JobsTest, AnEndThatComesAfterTheEndChangesNothing) {
  open();
  ASSERT_TRUE(submit());
  pb::RouterCancelJobRequest request;
  request.set_id("job-1");
  ASSERT_TRUE(rig->world.call<pb::RouterJob>(test::designer(), request));
  auto& host = rig->world.host();
  std::string reason;
  host.spawn("late", [&]() -> rt::asio::awaitable<void> {
    pb::RouterJobEnd late;
    late.set_id("job-1");
    late.set_state("done");
    const auto taken = co_await host.submit<pb::RouterJob>(test::server(), late);
    reason = taken ? "taken" : taken.error().reason;
  });
  settle();
  EXPECT_EQ(reason, "router.job_ended");
  EXPECT_EQ(state("job-1"), "cancelled");
  EXPECT_EQ(ends().size(), 1U);
}

TEST_F(JobsTest, AreBoundedAndSayWhatIsWrong) {
  open({.parallel = 1, .waiting_max = 3, .waiting_each_max = 2, .kept_max = 2, .work_bytes_max = 1000});
  ASSERT_TRUE(submit("greedy"));
  ASSERT_TRUE(submit("greedy"));
  ASSERT_TRUE(submit("greedy"));
  EXPECT_EQ(submit("greedy").error().reason, "router.player_busy");
  ASSERT_TRUE(submit("anna"));
  EXPECT_EQ(submit("ben").error().reason, "router.jobs_full");
  for (std::size_t i = 0; i < 4; ++i) answer(i, "done");
  EXPECT_THAT(ids(""), ElementsAre("job-4", "job-3")) << "older answers are forgotten";
  pb::RouterSubmitRequest request;
  EXPECT_EQ(rig->world.call<pb::RouterJob>(test::designer(), request).error().reason, "router.bad_job");
  *request.mutable_work() = RouterRig::line();
  request.mutable_work()->mutable_messages(0)->set_text(std::string(2000, 'x'));
  EXPECT_EQ(rig->world.call<pb::RouterJob>(test::designer(), request).error().reason, "router.bad_job");
  pb::RouterListJobsRequest list;
  list.set_state("runing");
  EXPECT_EQ(rig->world.call<pb::RouterListJobsReply>(test::designer(), list).error().message,
            "state is queued, running, done, failed or cancelled, not 'runing'; did you mean 'running'?");
}

TEST_F(JobsTest, AnEndThatIsForgottenAtOnceIsAnEnd) {
  open({.parallel = 2, .kept_max = 1});
  ASSERT_TRUE(submit());
  ASSERT_TRUE(submit());
  answer(1, "two");
  pb::RouterCancelJobRequest request;
  request.set_id("job-1");
  const auto cancelled = rig->world.call<pb::RouterJob>(test::designer(), request);
  ASSERT_TRUE(cancelled) << cancelled.error().message;
  EXPECT_EQ(cancelled->state(), "cancelled");
  EXPECT_THAT(ids(""), ElementsAre("job-2"));
  EXPECT_EQ(ends().size(), 2U);
}

TEST_F(JobsTest, AnEndWaitsUntilThereIsRoomForIt) {
  open();
  ASSERT_TRUE(submit());
  bool full = true;
  rig->world.host().timeline().add_listener("JobEnded",
                                            [&full](Turn& turn, const EventContext&, const std::string&) {
                                              if (full)
                                                turn.abandon({Code::exhausted, "table.full", "no room"});
                                            });
  answer(0, "one");
  EXPECT_EQ(state("job-1"), "running");
  EXPECT_TRUE(ends().empty());
  full = false;
  rig->world.pass(6s);
  EXPECT_EQ(job("job-1").answer().text(), "one");
  EXPECT_EQ(ends().size(), 1U);
}

TEST_F(JobsTest, AreForThoseWhoMay) {
  open();
  EXPECT_EQ(rig->world.call<pb::RouterJob>(test::player(), pb::RouterSubmitRequest()).error().reason,
            "rpc.role");
}

TEST_F(JobsTest, AreReplayedFromTheirRecords) {
  open({.parallel = 1});
  ASSERT_TRUE(submit("anna", "k"));
  ASSERT_TRUE(submit());
  answer(0, "one");
  rig->world.pass(3s);
  answer(1, "two");
  EXPECT_EQ(rig->world.state_hash(), rig->world.replayed_state_hash());
}

TEST_F(JobsTest, ALimitReachedIsReachedInAReplayToo) {
  open({.parallel = 2, .waiting_max = 3, .waiting_each_max = 1, .kept_max = 2});
  for (std::size_t round = 0; round < 4; ++round) {
    ASSERT_TRUE(submit("anna"));
    ASSERT_TRUE(submit("anna")) << "those at work do not wait";
    ASSERT_TRUE(submit("anna"));
    EXPECT_FALSE(submit("anna"));
    for (std::size_t i = 0; i < 3; ++i) answer(3 * round + i, "done");
  }
  EXPECT_EQ(rig->world.state_hash(), rig->world.replayed_state_hash());
}

}  // namespace
}  // namespace troupe
