#pragma once
// Everything that people of this world can be asked, with its vectors: by words alone at first, and by
// meaning as soon as an embedding model has made them, in the background, kept in a file. A cache of the
// pack: never state. Owned by NpcService; io thread.
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "services/npc/embedding.h"
#include "talk/answer.h"

namespace troupe::npc {

// What a line is answered by. Shared: whoever answers keeps it until they have.
struct Book {
  talk::World world;
  talk::VectorTable known;
  std::map<std::string, talk::Person> people;
  talk::Thresholds thresholds;
  bool by_meaning = false;  // the vectors are the embedding model's
};

// Made of the pack and its language alone: once for all worlds of a pack.
struct Shelf {
  std::shared_ptr<const Book> words, meanings;
};

class Repertoire {
 public:
  Repertoire(const Ground& ground, Embedding& embedding)
      : pack_(ground.pack),
        language_(ground.language),
        host_(ground.host),
        config_(ground.config),
        embedding_(embedding),
        by_meaning_(host_.metrics().gauge("troupe_npc_by_meaning",
                                          "1: lines are understood by meaning; 0: by their words alone")),
        shelf_(config_.shelf ? config_.shelf : std::make_shared<Shelf>()) {}
  // After the timeline has opened.
  void start();

  // The best there is by now.
  std::shared_ptr<const Book> book();
  // By words alone; made when it is needed first.
  std::shared_ptr<const Book> words();

 private:
  bool speaks_embedding() const;
  std::shared_ptr<Book> draft() const;
  std::shared_ptr<const Book> make_words() const;
  boost::asio::awaitable<void> learn();

  const pack::Pack& pack_;
  const talk::Language& language_;
  Host& host_;
  const NpcConfig& config_;
  Embedding& embedding_;
  Gauge& by_meaning_;
  const std::shared_ptr<Shelf> shelf_;
};

}  // namespace troupe::npc
