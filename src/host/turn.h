#pragma once
// A turn: one step of a world's history. It starts with a recorded input (a command, a model's answer) or
// with time (a due timer, a reflex tick), runs without waiting on the io thread, and everything that it
// causes in every service, all its events and all its writes become one transaction. So a world is always at
// one position of its log, and the same inputs give the same history. See docs/adr/0003-turns.md.
//
// What a turn changes in tables (host/table.h), timers, clock and log is taken back when it fails, and when
// somebody whom it asked refuses (call), what that one had changed. A handler that throws may have left more behind than its
// tables, so that everything is loaded anew. Bounds: Timeline's Limits.
#include <google/protobuf/message.h>

#include <functional>
#include <string>
#include <string_view>

#include "host/audience.h"
#include "host/caller.h"
#include "host/event_log.h"
#include "host/game_clock.h"
#include "ports/db.h"
#include "rt/random.h"

namespace troupe {

class TableRows;

struct EmitOptions {
  std::string subject;
  std::string place;
  pb::Priority priority = pb::PRIORITY_NORMAL;
  Audience audience = {};     // who may perceive it; as its type says, which is the least
  std::string own_type = {};  // a type of the game's own: the event is a google.protobuf.Struct
  bool own_live = false;      // of such a type: told, not kept
};

class Turn {
 public:
  Turn() = default;
  Turn(const Turn&) = delete;
  virtual ~Turn() = default;

  virtual GameTime now() const = 0;
  virtual std::uint64_t seed() const = 0;
  virtual std::uint64_t input() const = 0;  // sequence of this turn's input, 0 for time
  virtual const std::string& world() const = 0;

  // Counter-based draws of (world seed, service, subject).
  rt::Draw draw(std::string_view service, std::string_view subject) const {
    return {seed(), service, subject};
  }

  // Appends to the log (live types: only publishes). Its cause is the event being handled. Services that
  // listen hear it in this turn, after the present handler. Answers its sequence, 0 for live types.
  virtual std::uint64_t emit(const google::protobuf::Message& event, EmitOptions options) = 0;

  // The same, caused by an event of an earlier turn.
  virtual std::uint64_t emit_caused_by(std::uint64_t cause, const google::protobuf::Message& event,
                                       EmitOptions options) = 0;

  // The sequence that the next logged event will get.
  virtual std::uint64_t next_sequence() const = 0;

  // For Table: the row is written when the turn ends, as it is then; and how a change is taken back. The last
  // change is taken back first.
  virtual void touch(TableRows& table, const std::string& key) = 0;
  virtual void on_undo(std::move_only_function<void()> undo) = 0;
  // Of what is undone together: this turn, or the call inside it that runs now. Another number for each.
  virtual std::uint64_t scope() const = 0;

  // The turn, or the call inside it that this is part of, is undone when it returns, and whoever asked gets
  // the error. For what a handler cannot answer itself; the first one counts.
  virtual void abandon(Error error) = 0;

  // A durable timer; the same (service, key) replaces. `at` in the past is due at once.
  virtual void schedule(std::string_view service, std::string_view key, GameTime at,
                        std::string payload = {}) = 0;
  virtual void unschedule(std::string_view service, std::string_view key) = 0;
  virtual bool scheduled(std::string_view service, std::string_view key) const = 0;

  // Asks another service inside this turn. An error means that it changed nothing.
  template <class Reply, class Request>
  Result<Reply> call(const Caller& caller, const Request& request) {
    TRY(const std::string bytes, call_bytes(caller, request));
    Reply reply;
    if (!reply.ParseFromString(bytes))
      return fail(Code::internal, "rpc.bad_reply", "the reply does not parse");
    return reply;
  }

  // Runs once the turn is durable; never in a replay. For what reaches outside: thinking, answering.
  virtual void after_commit(std::function<void()> effect) = 0;

  // For the time service only.
  virtual const GameClock& clock() const = 0;
  virtual void set_clock(Scale scale, bool paused) = 0;
  virtual void jump_to(GameTime to) = 0;

 protected:
  virtual Result<std::string> call_bytes(const Caller& caller, const google::protobuf::Message& request) = 0;
};

// What an event handler is told beside the event itself.
struct EventContext {
  std::uint64_t sequence = 0;
  std::uint64_t cause = 0;
  std::string subject;
  std::string place;
};

}  // namespace troupe
