#pragma once
// Reads what is around an actor from the services that keep it: documents from state, phase from time,
// weather from weather, prices from world, feelings from npc. What nobody can say is left open; the rules then refuse with that
// as the reason.
#include <set>
#include <string>
#include <vector>

#include "host/host.h"
#include "services/capabilities/verb_rules.h"
#include "troupe/v1/state.pb.h"

namespace troupe::capabilities {

class SurroundingsReader {
 public:
  SurroundingsReader(const pack::Pack& pack, const Host& host, const Limits& limits)
      : pack_(pack), host_(host), limits_(limits) {}

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
  const Host& host_;
  const Limits limits_;
};

// What has to be written so that the documents say what the outcome says: one change per document, each with
// the version that was read. A newcomer's document is made.
pb::StateBatchRequest changes_of(const Surroundings& around, const Outcome& outcome);

}  // namespace troupe::capabilities
