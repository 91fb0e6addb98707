#pragma once
// What somebody answers to a line by the rules of src/talk: from their repertoire, the scene and what the
// listener told. Whoever calls it says or shows it; nothing changes here. Owned by NpcService; io thread.
// Bounds: those of src/talk; the vectors of kStatedVectors sentences are kept.
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "services/npc/beliefs.h"
#include "services/npc/scenes.h"

namespace troupe::npc {

struct Answered {
  std::shared_ptr<const Book> book;  // by which it was answered
  talk::Scene scene;
  bool is_speech = false;  // the line: otherwise a stage direction, markup, or nothing that has a word in it
  std::string meant;       // the line, normalised
  talk::Answer answer;
  std::vector<float> vector;         // of the line; empty where it was understood by words
  std::vector<std::string> stated;   // what the listener said of themselves, a sentence each
  std::vector<std::string> may_say;  // texts whose names and numbers other words for it may have
};

class Answers {
 public:
  Answers(const Ground& ground, const Minds& minds, Embedding& embedding, Repertoire& repertoire,
          const Scenes& scenes, const Beliefs& beliefs)
      : language_(ground.language),
        minds_(minds),
        embedding_(embedding),
        repertoire_(repertoire),
        scenes_(scenes),
        beliefs_(beliefs) {}

  // `draw` tells two moments apart: the sequence of the line, or 0.
  Task<Answered> to(Caller caller, std::string npc, std::string player, std::string text, std::uint64_t draw);
  // Sentences of listeners are forgotten: their vectors, too.
  void forget() { stated_ = {}; }

 private:
  using BookPtr = std::shared_ptr<const Book>;
  // What somebody can be asked, with what they have learned from others since: made anew when that changes.
  struct Learned {
    BookPtr book;
    std::vector<talk::Known> known;
    std::shared_ptr<const talk::Person> person;
  };
  std::shared_ptr<const talk::Person> person(const BookPtr& book, const std::string& npc);
  Task<talk::VectorTable> vectors(Caller caller, BookPtr book, std::vector<std::string> texts);

  const talk::Language& language_;
  const Minds& minds_;
  Embedding& embedding_;
  Repertoire& repertoire_;
  const Scenes& scenes_;
  const Beliefs& beliefs_;
  std::map<std::string, Learned> learned_;  // a cache, by person
  talk::VectorTable stated_;                // of sentences that listeners told; a cache
};

// As NpcTalkReply says how an answer came about.
std::string_view way_of(talk::Way way);
// The same for what it rests on.
std::vector<pb::Evidence> evidence_of(const pack::Pack& pack, const Answered& answered);

}  // namespace troupe::npc
