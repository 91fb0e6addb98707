#include "services/npc/npc_service.h"

#include "services/npc/census.h"
#include "services/npc/fate.h"
#include "services/npc/forgetting.h"
#include "services/npc/households.h"
#include "services/npc/input.h"
#include "services/npc/life.h"
#include "services/npc/views.h"

namespace troupe {

// In the order in which they need each other.
struct NpcService::Parts {
  explicit Parts(const npc::Ground& ground)
      : minds(ground),
        decisions(ground),
        views(ground, minds, decisions),
        players(ground, minds),
        input(ground, minds, players),
        day(ground, minds),
        census(ground, minds, players, day),
        households(ground, minds),
        threats(ground, minds, players, day),
        feelings(ground, minds, threats),
        beliefs(ground, minds),
        embedding(ground, minds),
        memories(ground, minds, embedding),
        witnesses(ground, minds, players, day, threats, feelings, memories, beliefs),
        fate(ground, minds, day, witnesses),
        situation(ground),
        choice(ground, minds, decisions, players, day, feelings, situation),
        aloud(ground, minds),
        meetings(ground, minds, decisions, players, beliefs, aloud, situation),
        initiative(ground, minds, players, beliefs, aloud),
        reflection(ground, minds, memories, decisions),
        repertoire(ground, embedding),
        scenes(ground, minds),
        answers(ground, minds, embedding, repertoire, scenes, beliefs),
        wishes(ground, minds, embedding),
        prompts(ground, minds, memories, situation),
        anticipation(ground, minds, players, prompts),
        forgetting(ground, minds, decisions, beliefs, anticipation, answers),
        talk(ground, minds, decisions, day, feelings, memories, answers, wishes, prompts, anticipation),
        life(ground, minds, day, threats, choice, meetings, initiative, reflection, talk) {}

  npc::Minds minds;
  npc::Decisions decisions;
  npc::Views views;
  npc::Players players;
  npc::Input input;
  npc::Day day;
  npc::Census census;
  npc::Households households;
  npc::Threats threats;
  npc::Feelings feelings;
  npc::Beliefs beliefs;
  npc::Embedding embedding;
  npc::Memories memories;
  npc::Witnesses witnesses;
  npc::Fate fate;
  npc::Situation situation;
  npc::Choice choice;
  npc::Aloud aloud;
  npc::Meetings meetings;
  npc::Initiative initiative;
  npc::Reflection reflection;
  npc::Repertoire repertoire;
  npc::Scenes scenes;
  npc::Answers answers;
  npc::Wishes wishes;
  npc::Prompts prompts;
  npc::Anticipation anticipation;
  npc::Forgetting forgetting;
  npc::Talk talk;
  npc::Life life;
};

NpcService::NpcService(const pack::Pack& pack, Host& host, const pack::PromptTexts& texts,
                       const talk::Language& language, NpcConfig config)
    : config_(std::move(config)),
      parts_(std::make_unique<Parts>(npc::Ground{pack, host, config_, texts, language})) {}

NpcService::~NpcService() = default;

void NpcService::mount() {
  parts_->decisions.mount();
  parts_->views.mount();
  parts_->players.mount();
  parts_->input.mount();
  parts_->census.mount();
  parts_->households.mount();
  parts_->threats.mount();
  parts_->beliefs.mount();
  parts_->embedding.mount();
  parts_->memories.mount();
  parts_->witnesses.mount();
  parts_->fate.mount();
  parts_->choice.mount();
  parts_->aloud.mount();
  parts_->meetings.mount();
  parts_->initiative.mount();
  parts_->reflection.mount();
  parts_->forgetting.mount();
  parts_->talk.mount();
  parts_->life.mount();
}

void NpcService::start() {
  parts_->choice.start();
  parts_->anticipation.start();
  parts_->embedding.start();
  parts_->repertoire.start();
}

}  // namespace troupe
