#include "services/npc/answers.h"

#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "talk/by_words.h"
#include "talk/told.h"

namespace troupe::npc {

namespace {

constexpr std::size_t kStatedVectors = 4'000;
constexpr std::size_t kEvidenceBytes = 200;

bool is_same(const talk::Known& a, const talk::Known& b) {
  return a.fact == b.fact && a.says == b.says && a.source == b.source;
}

}  // namespace

// The vectors of what they learned are there: somebody has it from the pack.
std::shared_ptr<const talk::Person> Answers::person(const BookPtr& book, const std::string& npc) {
  const auto& own = book->people.at(npc);
  auto known = beliefs_.known_by(npc);
  if (known.empty()) return {book, &own};
  auto& kept = learned_[npc];
  if (kept.book == book && std::ranges::equal(kept.known, known, is_same)) return kept.person;
  auto made = talk::make_person(book->world, *own.npc, known);
  talk::bind(made, book->known);
  talk::drop_traits(book->world, made, book->known);
  kept = {book, std::move(known), std::make_shared<const talk::Person>(std::move(made))};
  return kept.person;
}

Task<talk::VectorTable> Answers::vectors(Caller caller, BookPtr book, std::vector<std::string> texts) {
  talk::VectorTable out;
  if (!book->by_meaning) {
    for (auto& text : texts) {
      auto vector = talk::by_words(language_.words, text);
      out.add(std::move(text), std::move(vector));
    }
    co_return out;
  }
  std::vector<std::string> missing;
  for (auto& text : texts) {
    if (stated_.contains(text)) {
      out.add(text, stated_.of(text));
    } else {
      missing.push_back(std::move(text));
    }
  }
  CO_TRY(auto made, co_await embedding_.of_all(caller, missing, Waiting::somebody));
  for (std::size_t i = 0; i < missing.size(); ++i) out.add(missing[i], std::move(made[i]));
  co_return out;
}

Task<Answered> Answers::to(Caller caller, std::string npc, std::string player, std::string text,
                           std::uint64_t draw) {
  auto book = repertoire_.book();
  CO_TRY(const Mind* mind, minds_.find(npc));
  auto scene = scenes_.of(*mind, player, draw);
  mind = nullptr;  // nothing that points at a mind survives a wait
  auto person = this->person(book, npc);
  auto heard = talk::hear(book->world, *person, scene, text);
  const auto of_line = talk::texts_of(heard);
  const auto of_scene = talk::texts_of(scene);
  auto texts = of_line;
  texts.insert(texts.end(), of_scene.begin(), of_scene.end());
  auto vectors = co_await this->vectors(caller, book, texts);
  if (!vectors) {
    // No vectors in time: by words they are understood less well, and at once.
    log::debug("npc", "a line is understood by words: {}", vectors.error().message);
    book = repertoire_.words();
    person = this->person(book, npc);
    heard = talk::hear(book->world, *person, scene, text);
    vectors = co_await this->vectors(caller, book, std::move(texts));
    if (!vectors) co_return std::unexpected(vectors.error());
  }
  Answered out;
  if (book->by_meaning) {
    out.vector = vectors->of(heard.whole.line);
    if (stated_.size() > kStatedVectors) stated_ = {};
    for (const auto& told : of_scene) stated_.add(told, vectors->of(told));
  }
  out.answer = talk::answer(book->world, *person, scene, heard, book->thresholds, book->known, *vectors);
  out.is_speech = heard.is_speech;
  out.meant = heard.whole.line;
  if (heard.is_speech) out.stated = talk::worth_keeping(language_.asking, heard.raw);
  out.may_say = {out.answer.text, text};
  out.may_say.insert(out.may_say.end(), out.answer.notes.begin(), out.answer.notes.end());
  out.scene = std::move(scene);
  out.book = std::move(book);
  co_return out;
}

std::string_view way_of(talk::Way way) {
  switch (way) {
    case talk::Way::grounded:
      return "grounded";
    case talk::Way::told:
      return "told";
    case talk::Way::deflected:
    case talk::Way::unknown:
      return "deflected";
    case talk::Way::written:
    case talk::Way::nearest:
    case talk::Way::small:
      break;
  }
  return "written";
}

std::vector<pb::Evidence> evidence_of(const pack::Pack& pack, const Answered& answered) {
  std::vector<pb::Evidence> out;
  for (const auto& one : answered.answer.evidence) {
    auto& made = out.emplace_back();
    made.set_kind(one.kind);
    made.set_id(one.id);
    made.set_source(one.source);
    made.set_at_ms(one.at);
    std::string text;
    if (const auto* fact = one.kind == "fact" ? pack.fact(one.id) : nullptr)
      text = fact->secret && !fact->reveal.empty() ? fact->reveal : fact->text;
    for (const auto& told : answered.scene.told) {
      if (one.kind == "told" && told.at == one.at) text = told.text;
    }
    made.set_text(std::string(utf8_prefix(text, kEvidenceBytes)));
  }
  return out;
}

}  // namespace troupe::npc
