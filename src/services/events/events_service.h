#pragma once
// The event log as others use it: publish, history, durable consumers, dead letters. Owned by app; io thread;
// reads of the log run on the database's reader threads. Keeps consumers and failed events in memory
// (Limits).
#include <string>
#include <vector>

#include "host/fair_gate.h"
#include "host/host.h"
#include "host/service.h"
#include "host/table.h"
#include "pack/pack.h"
#include "services/events/consumers.h"
#include "services/events/own_types.h"
#include "troupe/v1/events.pb.h"

namespace troupe {

class EventsService final : public Service {
 public:
  EventsService(const pack::Pack& pack, Host& host, const events::Limits& limits = {});
  void mount() override;

 private:
  Result<pb::EventsPublishReply> publish(Turn& turn, const Caller& caller,
                                         const pb::EventsPublishRequest& request);
  Result<pb::EventsTypesReply> types(const Caller& caller, const pb::EventsTypesRequest& request) const;
  Task<pb::EventsHistoryReply> history(Caller caller, pb::EventsHistoryRequest request);
  Task<pb::EventsStatsReply> stats(Caller caller, pb::EventsStatsRequest request);
  Result<pb::EventsRegisterReply> register_type(Turn& turn, const Caller& caller,
                                                const pb::EventsRegisterRequest& request);
  Result<pb::EventsUnregisterReply> unregister_type(Turn& turn, const Caller& caller,
                                                    const pb::EventsUnregisterRequest& request);
  std::vector<std::string> own_names() const;
  Result<void> check_logged(const std::string& type) const;  // "" is every type
  std::unexpected<Error> unknown_type(const std::string& type) const;
  Result<std::vector<std::string>> checked_types(
      const google::protobuf::RepeatedPtrField<std::string>& given) const;

  // events_consumers.cpp
  void mount_consumers();
  Task<pb::EventsConsumeReply> consume(Caller caller, pb::EventsConsumeRequest request);
  Result<pb::EventsConsumerBegun> begin(Turn& turn, const Caller& caller,
                                        const pb::EventsConsumerBegin& request);
  Result<pb::EventsAckReply> ack(Turn& turn, const Caller& caller, const pb::EventsAckRequest& request);
  Result<pb::EventsRejectReply> reject(Turn& turn, const Caller& caller,
                                       const pb::EventsRejectRequest& request);
  Result<events::Places> places_of(const pb::EventsWithin& within) const;
  Result<pb::EventsDropReply> drop(Turn& turn, const Caller& caller, const pb::EventsDropRequest& request);
  Result<pb::EventsRedriveReply> redrive(Turn& turn, const Caller& caller,
                                         const pb::EventsRedriveRequest& request);
  Task<pb::EventsDeadLettersReply> dead_letters(Caller caller, pb::EventsDeadLettersRequest request);
  std::uint64_t log_end(const Turn& turn) const;

  // Reads on a reader thread, in turns among the callers, and one at once: the other reader thread is for
  // everybody else. What `read` answers comes back to the io thread.
  template <class T>
  Task<T> read_log(Caller caller, std::function<Result<T>(db::Reader&)> read);

  const pack::Pack& pack_;
  Host& host_;
  const events::Limits limits_;
  events::Consumers consumers_;
  FairGate gate_;
  Table<events::OwnType> own_types_;
};

template <class T>
Task<T> EventsService::read_log(Caller caller, std::function<Result<T>(db::Reader&)> read) {
  CO_TRY(const auto pass, co_await gate_.enter(role_name(caller.role) + "/" + caller.name, caller.deadline));
  const auto answer = std::make_shared<T>();  // outlives a caller that leaves
  CO_TRY_VOID(co_await host_.timeline().db().read(
      [answer, read = std::move(read)](db::Reader& reader) -> Result<void> {
        TRY(*answer, read(reader));
        return {};
      }));
  co_return std::move(*answer);
}

}  // namespace troupe
