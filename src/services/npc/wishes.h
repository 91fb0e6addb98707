#pragma once
// What somebody does because they were asked to: whether a line wishes a deed, which of their legal options
// it means, and whether they do it. Rules decide (src/talk: wish, consent); the executor does it when the
// answer is recorded. Owned by NpcService; io thread; reads only.
#include <optional>
#include <string>
#include <vector>

#include "services/npc/answers.h"
#include "talk/consent.h"
#include "talk/form.h"
#include "talk/wish.h"
#include "troupe/v1/capabilities.pb.h"

namespace troupe::npc {

struct Wished {
  talk::WishKind kind = talk::WishKind::none;
  bool does = false;
  pb::Action action;  // of an act
  std::string says;   // the words for it, done or refused
  std::string why;    // how it was understood, and why they do it or not
};

class Wishes {
 public:
  Wishes(const Ground& ground, const Minds& minds, Embedding& embedding);

  // Nothing where the line wishes nothing: then it is answered as any other.
  Task<std::optional<Wished>> of(Caller caller, std::string npc, std::string player,
                                 const Answered& answered);

 private:
  struct Options {
    std::vector<talk::Candidate> candidates;
    std::vector<pb::Action> actions;  // by candidate
  };
  Options options(const std::string& npc, const std::string& player, const talk::World& world) const;
  std::vector<talk::Candidate::Argument> arguments(const pack::Verb& verb, const pb::Action& action,
                                                   const std::string& player, const talk::World& world) const;
  Task<void> learn(Caller caller, std::vector<std::string> texts);
  std::optional<Wished> decide(const talk::Wish& wish, const Options& options, const Answered& answered,
                               const std::string& npc, const std::string& player) const;
  void count_as_said(const std::string& line, pb::Action& action) const;
  void answer_act(const talk::Candidate& candidate, const Answered& answered, const std::string& npc,
                  const std::string& player, Wished& out) const;
  std::int64_t purse_of(const std::string& player) const;

  const pack::Pack& pack_;
  const talk::Language& language_;
  Host& host_;
  const NpcConfig& config_;
  const Minds& minds_;
  Embedding& embedding_;
  const std::optional<talk::FormModel> by_meaning_, by_words_;
  talk::VectorTable vectors_;  // of what options say; a cache
};

}  // namespace troupe::npc
