#include "services/npc/repertoire.h"

#include <algorithm>

#include "base/log.h"
#include "services/npc/vector_file.h"
#include "talk/by_words.h"

namespace troupe::npc {

namespace {

std::vector<std::string> texts_of(const Book& book) {
  auto out = talk::texts_of(book.world);
  for (const auto& [id, person] : book.people) {
    auto own = talk::texts_of(person);
    out.insert(out.end(), std::make_move_iterator(own.begin()), std::make_move_iterator(own.end()));
  }
  std::ranges::sort(out);
  out.erase(std::ranges::unique(out).begin(), out.end());
  return out;
}

// The vectors are there: what is near to what, and from where on it is meant.
void bind(Book& book, const talk::Thresholds& least) {
  talk::bind(book.world, book.known);
  std::vector<talk::Person> people;
  for (auto& [id, person] : book.people) {
    talk::bind(person, book.known);
    talk::drop_traits(book.world, person, book.known);
    people.push_back(person);
  }
  book.thresholds = talk::calibrate(book.world, people, book.known, least);
}

}  // namespace

// An embedding model that does not know the language of the pack finds nothing in it.
bool Repertoire::speaks_embedding() const {
  const auto& known = config_.embedding_languages;
  return config_.embedding_size > 0 &&
         (known.empty() || std::ranges::find(known, language_.code) != known.end());
}

// The first line finds everything made: by words, until the vectors are there.
void Repertoire::start() {
  by_meaning_.set(shelf_->meanings ? 1 : 0);
  if (!shelf_->meanings && speaks_embedding()) host_.spawn("repertoire", [this] { return learn(); });
  if (!shelf_->meanings) (void)words();
}

std::shared_ptr<const Book> Repertoire::book() { return shelf_->meanings ? shelf_->meanings : words(); }

std::shared_ptr<const Book> Repertoire::words() {
  if (!shelf_->words) shelf_->words = make_words();
  return shelf_->words;
}

std::shared_ptr<Book> Repertoire::draft() const {
  auto out = std::make_shared<Book>();
  out->world = talk::make_world(pack_, language_);
  for (const auto& who : pack_.npcs) out->people.emplace(who.id.str(), talk::make_person(out->world, who));
  return out;
}

std::shared_ptr<const Book> Repertoire::make_words() const {
  auto out = draft();
  for (auto& text : texts_of(*out)) {
    auto vector = talk::by_words(language_.words, text);
    out->known.add(std::move(text), std::move(vector));
  }
  bind(*out, talk::Thresholds::by_words());
  return out;
}

boost::asio::awaitable<void> Repertoire::learn() {
  auto out = draft();
  const auto file = config_.vectors.empty() ? std::filesystem::path()
                                            : vector_file(config_.vectors, config_.embedding_model);
  auto kept = file.empty() ? talk::VectorTable() : read_vectors(file, config_.embedding_size);
  std::vector<std::string> missing;
  for (const auto& text : texts_of(*out)) {
    if (kept.contains(text)) {
      out->known.add(text, kept.of(text));
    } else {
      missing.push_back(text);
    }
  }
  const auto self = as_npc(host_.timeline().config().world);
  auto vectors = co_await embedding_.of_all(self, missing, Waiting::nobody);
  for (auto again = config_.tuning.embed_again; !vectors; again *= 2) {
    log::warn("npc", "lines are understood by words alone until vectors can be made: {}",
              vectors.error().message);
    co_await rt::sleep_for(host_.env(), again);
    vectors = co_await embedding_.of_all(self, missing, Waiting::nobody);
  }
  for (std::size_t i = 0; i < missing.size(); ++i) out->known.add(missing[i], (*vectors)[i]);
  if (!missing.empty() && !file.empty()) {
    // What other packs need stays, while there is room.
    auto all = out->known;
    if (kept.size() + missing.size() <= kVectorFileTexts) {
      for (const auto& [text, row] : kept.rows()) {
        if (!all.contains(text)) all.add(text, kept.at(row));
      }
    }
    if (const auto written = write_vectors(file, config_.embedding_size, all); !written)
      log::info("npc", "vectors are made again at the next start: {}", written.error().message);
  }
  bind(*out, talk::Thresholds());
  out->by_meaning = true;
  shelf_->meanings = std::move(out);
  by_meaning_.set(1);
}

}  // namespace troupe::npc
