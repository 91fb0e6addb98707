#pragma once
// The clock, calendar and timers of one world. Owned by app; lives on the world's timeline, on the io thread.
#include <map>
#include <string>
#include <vector>

#include "host/host.h"
#include "host/service.h"
#include "host/table.h"
#include "pack/pack.h"
#include "services/time/time_rules.h"

namespace troupe {

class TimeService final : public Service {
 public:
  TimeService(const pack::Pack& pack, Host& host, TimeLimits limits = {});
  void mount() override;  // the one place that names subjects, timers and tables

 private:
  Result<pb::TimeState> get(const Caller& caller, const pb::TimeGetRequest& request) const;
  Result<pb::TimeCalendarReply> calendar(const Caller& caller, const pb::TimeCalendarRequest& request) const;
  Result<pb::TimeState> set_scale(Turn& turn, const Caller& caller, const pb::TimeSetScaleRequest& request);
  Result<pb::TimeState> pause(Turn& turn, const Caller& caller, const pb::TimePauseRequest& request);
  Result<pb::TimeState> resume(Turn& turn, const Caller& caller, const pb::TimeResumeRequest& request);
  Result<pb::TimeScheduleReply> schedule(Turn& turn, const Caller& caller,
                                         const pb::TimeScheduleRequest& request);
  Result<pb::TimeUnscheduleReply> unschedule(Turn& turn, const Caller& caller,
                                             const pb::TimeUnscheduleRequest& request);

  // Over the bus Advance answers when the world has arrived; inside a turn it only sets off.
  Task<pb::TimeState> advance(Caller caller, pb::TimeAdvanceRequest request);
  Result<pb::TimeState> set_off(Turn& turn, const pb::TimeAdvanceRequest& request);
  void arrived(Turn& turn);

  pb::TimeState run_clock(Turn& turn, Scale scale, bool paused);
  pb::TimeState state(const Turn& turn) const;

  void genesis(Turn& turn);
  void on_timer(Turn& turn, const std::string& key);
  void on_tick(Turn& turn);
  void begin_day(Turn& turn);
  void begin_phase(Turn& turn);
  void start_festivals(Turn& turn, std::int64_t day, bool all);
  void start_festival(Turn& turn, const std::string& id);
  void on_pack_changed(Turn& turn, const pb::PackChanged& change);
  void fire(Turn& turn, const std::string& id);
  std::string make_id(const Turn& turn) const;

  const pack::Calendar& calendar_;
  Host& host_;
  const TimeLimits limits_;

  Table<pb::TimeTimerRecord> timers_;
  std::int64_t last_minute_ = 0;                               // of which MinuteTicked told
  std::multimap<std::int64_t, rt::OneShot<void>> travellers_;  // callers of Advance, by where they go
};

}  // namespace troupe
