#pragma once
// Work without a hurry: kept from the moment it is submitted until it has ended, once, whatever happens to
// the server. Owned by the router; io thread. A job is part of the world's history: submitting, beginning and
// ending are turns, so that its end, its answer and what others make of it (JobEnded) are one transaction.
//
// A job that was running when the server died begins again; its answer was never there. Whoever makes the
// server die does so JobLimits::attempts_max times at most. Bounds: JobLimits, and those of the table.
#include <map>
#include <set>
#include <string>

#include "host/host.h"
#include "host/table.h"
#include "inference/fair_queue.h"
#include "services/router/router_config.h"
#include "troupe/v1/router.pb.h"

namespace troupe::router {

class Jobs {
 public:
  // Does the work; `on_text` is told each piece of it.
  using Work = std::function<Task<pb::RouterGenerateReply>(Caller, pb::RouterGenerateRequest,
                                                           std::function<void(std::string_view)> on_text)>;
  Jobs(Host& host, const JobLimits& limits, Work work);
  void mount();
  void start();
  // Stops and takes out the jobs of somebody who is gone ("npc:marta").
  void gone(Turn& turn, const std::string& key, const std::string& why);
  std::size_t queued() const { return size_of(by_state_, "queued"); }
  std::size_t running() const { return running_.size(); }

 private:
  using Groups = TableGroups<pb::RouterJobRecord, std::string>;
  struct Running {
    rt::Group::Handle handle;
    std::int64_t tokens = 0;
  };

  Result<pb::RouterJob> submit(Turn& turn, const Caller& caller, const pb::RouterSubmitRequest& request);
  Result<pb::RouterJob> get(const Caller& caller, const pb::RouterGetJobRequest& request) const;
  Result<pb::RouterListJobsReply> list(const Caller& caller, const pb::RouterListJobsRequest& request) const;
  Result<pb::RouterJob> cancel(Turn& turn, const Caller& caller, const pb::RouterCancelJobRequest& request);
  Result<pb::RouterJob> began(Turn& turn, const Caller& caller, const pb::RouterJobBegin& command);
  Result<pb::RouterJob> ended(Turn& turn, const Caller& caller, const pb::RouterJobEnd& command);

  Result<const pb::RouterJobRecord*> find(const std::string& id) const;
  const pb::RouterJobRecord* with_key(const std::string& key) const;  // "" is none
  pb::RouterJob view(const pb::RouterJobRecord& record) const;
  int ahead_of(std::int64_t id) const;
  static std::size_t size_of(const Groups& groups, const std::string& of);
  pb::RouterJob end(Turn& turn, pb::RouterJobRecord record, const pb::RouterJobEnd& how);
  void forget_oldest(Turn& turn);
  void line_up(const pb::RouterJobRecord& record);
  void begin_some();
  boost::asio::awaitable<void> run(std::int64_t id);
  // Until it is answered, or is not worth another attempt.
  boost::asio::awaitable<pb::RouterJobEnd> work_on(std::int64_t id, std::string name);

  Host& host_;
  JobLimits limits_;
  Work work_;
  bool started_ = false;
  Table<pb::RouterJobRecord> jobs_;
  const TableIndex<pb::RouterJobRecord, std::string>& keys_;
  const Groups& by_state_;   // queued, running, and what has ended in one: "ended"
  const Groups& queued_of_;  // by player
  // What follows is of this process and no part of the records: a replay has none of it.
  inference::FairQueue line_;
  std::set<std::int64_t> in_line_;  // or at work
  std::map<std::int64_t, Running> running_;
};

}  // namespace troupe::router
