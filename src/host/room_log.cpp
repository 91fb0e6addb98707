#include "host/room_log.h"

#include "host/event_log.h"
#include "host/host.h"

namespace troupe {

namespace {

constexpr std::size_t kPageMax = 1000;
constexpr std::size_t kPageBytesMax = 512 * 1024;  // of a payload of a megabyte

std::string subject_of(const std::string& room) { return "svc." + room + ".log.Read"; }

}  // namespace

Result<db::Db*> DbLog::db() const {
  if (db_ != nullptr) return db_;
  return fail(Code::unavailable, "world.asleep", "the world fell asleep; come again");
}

Task<LogPage> DbLog::read(std::uint64_t after, std::size_t limit, LogReader each) {
  CO_TRY(auto* const db, this->db());
  const auto page = std::make_shared<LogPage>();
  CO_TRY_VOID(co_await db->read(
      [page, after, limit, room = room_, each = std::move(each)](db::Reader& reader) -> Result<void> {
        TRY(const auto tail, event_log::tail(reader));
        page->tail = tail.events;
        if (limit == 0 || after >= tail.events) return {};
        TRY(const auto records, event_log::history(reader, {.after = after, .limit = limit}));
        for (const auto& record : records) each(event_log::to_envelope(record, room).SerializeAsString());
        page->more = records.size() == limit;
        return {};
      }));
  co_return *page;
}

Task<LogPage> BusLog::read(std::uint64_t after, std::size_t limit, LogReader each) {
  pb::LogReadRequest request;
  request.set_after(after);
  request.set_limit(limit);
  const auto deadline = env_.now() + kDefaultDeadline;
  const auto header = encode_header(env_, {.role = pb::ROLE_SERVICE, .world = room_, .deadline = deadline});
  const auto bytes =
      co_await bus_.request({subject_of(room_), header, request.SerializeAsString()}, deadline);
  if (!bytes && bytes.error().reason == "bus.no_server")
    co_return fail(Code::unavailable, "world.away", "nobody has the world '" + room_ + "' now; come again",
                   1000);
  if (!bytes) co_return std::unexpected(bytes.error());
  pb::LogReadReply reply;
  if (!reply.ParseFromString(*bytes))
    co_return fail(Code::internal, "rpc.bad_reply", "what answers for a log does not parse");
  for (const auto& envelope : reply.envelopes()) each(envelope);
  co_return LogPage{.tail = reply.tail(), .more = reply.more()};
}

Result<bus::Subscription> serve_log(const rt::Env& env, bus::Bus& bus, const std::string& room,
                                    std::shared_ptr<Log> log) {
  return bus.serve(subject_of(room), [env, log = std::move(log)](bus::Request asked) -> Task<std::string> {
    CO_TRY(const Caller caller, decode_header(env, asked.header));
    if (caller.role != pb::ROLE_SERVICE)
      co_return fail(Code::permission_denied, "rpc.role", "a log is read by services alone");
    pb::LogReadRequest request;
    if (!request.ParseFromString(asked.payload))
      co_return fail(Code::invalid_argument, "rpc.bad_request", "LogReadRequest does not parse");
    const auto reply = std::make_shared<pb::LogReadReply>();
    const auto bytes = std::make_shared<std::size_t>(0);
    const std::size_t limit = std::min<std::size_t>(request.limit(), kPageMax);
    CO_TRY(const auto page, co_await log->read(request.after(), limit, [reply, bytes](std::string_view one) {
      if (*bytes > kPageBytesMax) return;
      reply->add_envelopes(std::string(one));
      *bytes += one.size();
    }));
    reply->set_tail(page.tail);
    reply->set_more(page.more || *bytes > kPageBytesMax);
    co_return reply->SerializeAsString();
  });
}

}  // namespace troupe
