#pragma once
// For tests of this room: the built-in languages, a pack with vectors by words, and asking somebody in one
// call.
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>

#include "talk/answer.h"
#include "talk/by_words.h"
#include "talk/saying.h"
#include "talk/told.h"

namespace troupe::talk {

inline const Language& language_in(const std::string& code) {
  static std::map<std::string, Language> loaded;
  const auto found = loaded.find(code);
  if (found != loaded.end()) return found->second;
  auto language = load_language("talk." + code + ".yaml", std::string(language_file(code)));
  if (!language) throw std::runtime_error(pack::to_string(language.error().front()));
  return loaded.emplace(code, *std::move(language)).first->second;
}

inline void fill(VectorTable& table, const Language& language, const std::vector<std::string>& texts) {
  for (const std::string& text : texts) table.add(text, by_words(language.words, text));
}

// A town whose people are spoken to; vectors by words.
class Town {
 public:
  explicit Town(const std::string& folder, const std::string& code = "en") : language_(language_in(code)) {
    auto loaded = pack::load_pack(folder);
    if (!loaded) throw std::runtime_error(pack::to_string(loaded.error().front()));
    pack_ = std::make_unique<pack::Pack>(*std::move(loaded));
    world_ = make_world(*pack_, language_);
    fill(known_, language_, texts_of(world_));
    bind(world_, known_);
    for (const pack::Npc& npc : pack_->npcs) know(npc, {});
    std::vector<Person> people;
    for (const auto& [id, person] : people_) people.push_back(person);
    thresholds_ = calibrate(world_, people, known_, Thresholds::by_words());
  }

  // Somebody told them.
  void learns(const std::string& id, Known what) { know(*pack_->npc(id), {std::move(what)}); }

  const pack::Pack& pack() const { return *pack_; }
  const World& world() const { return world_; }
  const Person& person(const std::string& id) const { return people_.at(id); }
  const VectorTable& known() const { return known_; }
  Scene scene(const std::string& id) const {
    Scene out = scene_of(*pack_, *pack_->npc(id), pack_->world.start_day, pack_->world.start_clock);
    out.listener = "player";
    return out;
  }
  // Says it, and keeps in the scene what was told, said and spoken of.
  Answer say(const std::string& id, Scene& scene, const std::string& line) const {
    const Heard heard = hear(world_, person(id), scene, line);
    VectorTable vectors;
    fill(vectors, language_, texts_of(heard));
    fill(vectors, language_, texts_of(scene));
    Answer out = answer(world_, person(id), scene, heard, thresholds_, known_, vectors);
    for (std::string& sentence : worth_keeping(language_.asking, heard.raw))
      scene.told.push_back({std::move(sentence), static_cast<std::int64_t>(scene.turn)});
    scene.said.push_back(out.text);
    scene.spoken = out.spoken;
    ++scene.turn;
    return out;
  }
  Answer say(const std::string& id, const std::string& line) const {
    Scene now = scene(id);
    return say(id, now, line);
  }

 private:
  void know(const pack::Npc& npc, const std::vector<Known>& learned) {
    Person person = make_person(world_, npc, learned);
    fill(known_, language_, texts_of(person));
    bind(person, known_);
    people_.insert_or_assign(npc.id.str(), std::move(person));
  }

  const Language& language_;
  std::unique_ptr<pack::Pack> pack_;
  World world_;
  VectorTable known_;
  std::map<std::string, Person> people_;
  Thresholds thresholds_;
};

}  // namespace troupe::talk
