#include "host/told_error.h"

#include <gtest/gtest.h>

namespace troupe {
namespace {

TEST(ToldError, PlayersReadNoPathsSqlOrInternals) {
  const struct {
    Error error;
    const char* told;
  } cases[] = {
      {{Code::unavailable, "db.full",
        "the world cannot be written now: /data/worlds/x.db: insert into events failed"},
       "the world cannot be written or read now; try again"},
      {{Code::internal, "rpc.bad_reply", "troupe.v1.NpcView at 0x7f does not parse"},
       "the server made a mistake; whoever runs it finds it in its log"},
      {{Code::invalid_argument, "models.file", "no file '/home/ann/models/a.gguf' here"},
       "no file '(a file of the server)' here"},
      {{Code::invalid_argument, "models.file", "data/models/a.gguf: not a model"},
       "(a file of the server): not a model"},
      {{Code::invalid_argument, "x.y", "C:\\troupe\\a.db is locked"}, "(a file of the server) is locked"},
      {{Code::invalid_argument, "rpc.bad_payload",
        "the bytes are not a troupe.v1.NpcView; google.protobuf.Struct"},
       "the bytes are not a NpcView; Struct"},
      {{Code::not_found, "npc.unknown", "no NPC 'marat' here; did you mean 'marta'?"},
       "no NPC 'marat' here; did you mean 'marta'?"},
      {{Code::invalid_argument, "weather.bad_hours", "hours is 1 to 168, not 200 (2/3 of it, 5 km / h)"},
       "hours is 1 to 168, not 200 (2/3 of it, 5 km / h)"},
      {{Code::invalid_argument, "state.bad_limit", "after_id is 'kind/id' where no kind is asked for"},
       "after_id is 'kind/id' where no kind is asked for"},
  };
  EXPECT_EQ(told_to(pb::ROLE_ADMIN, {Code::invalid_argument, "x.y", "it is 'a\nb\x1b'"}).message,
            "it is 'a b '")
      << "one line";
  for (const auto& c : cases) {
    for (const auto role : {pb::ROLE_PLAYER, pb::ROLE_NPC, pb::ROLE_UNSPECIFIED}) {
      EXPECT_EQ(told_to(role, c.error).message, c.told);
      EXPECT_EQ(told_to(role, c.error).reason, c.error.reason) << "what programs read stays";
    }
    EXPECT_EQ(told_to(pb::ROLE_DESIGNER, c.error).message, c.error.message);
  }
}

}  // namespace
}  // namespace troupe
