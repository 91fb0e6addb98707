#pragma once
// Reads what is around an actor from the services that keep it: documents from state, phase from time,
// weather from weather, feelings from npc. What nobody can say is left open; the rules then refuse with that
// as the reason.
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "host/caller.h"
#include "services/capabilities/verb_rules.h"
#include "troupe/v1/state.pb.h"

namespace troupe::capabilities {

// A query of another service of this world, answered at once: the serialised reply. App binds it to
// Timeline::query; inside a turn it sees what the turn has changed so far, as Turn::call does.
using Ask = std::function<Result<std::string>(const Caller&, const google::protobuf::Message&)>;

template <class Reply>
Result<Reply> ask_for(const Ask& ask, const Caller& caller, const google::protobuf::Message& request) {
  TRY(const std::string bytes, ask(caller, request));
  Reply reply;
  if (!reply.ParseFromString(bytes)) return fail(Code::internal, "rpc.bad_reply", "the reply does not parse");
  return reply;
}

class SurroundingsReader {
 public:
  SurroundingsReader(const pack::Pack& pack, Ask ask, const Limits& limits)
      : pack_(pack), ask_(std::move(ask)), limits_(limits) {}

  // For these verbs; `args` may name people and things that are elsewhere. A player without a document is a
  // newcomer at the world's arrival place.
  Result<Surroundings> read(const Caller& caller, pack::ActorKind kind, const std::string& actor,
                            const std::vector<const pack::Verb*>& verbs, const Args& args) const;

 private:
  struct Reading {
    Caller self;
    Surroundings around;
    std::set<std::pair<std::string, std::string>> seen;  // (kind, id) of documents
  };
  Result<void> read_actor(Reading& reading, pack::ActorKind kind, const std::string& actor) const;
  Result<void> read_near(Reading& reading, const std::string& kind) const;
  void read_named(Reading& reading, const std::string& kind, const std::string& id) const;
  void read_args(Reading& reading, const std::vector<const pack::Verb*>& verbs, const Args& args) const;
  void read_sky(Reading& reading, const std::vector<const pack::Verb*>& verbs) const;
  void read_prices(Reading& reading, const std::vector<const pack::Verb*>& verbs) const;
  void read_feelings(Reading& reading, const std::vector<const pack::Verb*>& verbs) const;
  void add(Reading& reading, const pb::StateDocument& document) const;
  Person person(const pb::StateDocument& document) const;
  Thing thing(const pb::StateDocument& document) const;

  const pack::Pack& pack_;
  const Ask ask_;
  const Limits limits_;
};

// What has to be written so that the documents say what the outcome says: one change per document, each with
// the version that was read. A newcomer's document is made.
pb::StateBatchRequest changes_of(const Surroundings& around, const Outcome& outcome);

}  // namespace troupe::capabilities
