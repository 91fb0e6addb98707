#include "services/npc/life.h"

namespace troupe::npc {

Life::Life(const Ground& ground, Minds& minds, Day& day, Threats& threats, Choice& choice, Meetings& meetings,
           Initiative& initiative, const Reflection& reflection, const Talk& talk)
    : host_(ground.host),
      minds_(minds),
      day_(day),
      threats_(threats),
      choice_(choice),
      meetings_(meetings),
      initiative_(initiative),
      reflection_(reflection),
      talk_(talk) {}

void Life::mount() {
  host_.on(&Life::on_scale, this);
  host_.timeline().add_timer_handler(
      std::string(kTimerService),
      [this](Turn& turn, const std::string& key, const std::string&) { on_timer(turn, key); });
}

void Life::on_timer(Turn& turn, const std::string& key) {
  const auto timer = timer_of(key);
  Mind* mind = timer ? minds_.known(timer->second) : nullptr;
  if (mind != nullptr && !mind->record().dead()) ring(turn, timer->first, *mind);
}

void Life::ring(Turn& turn, Timer timer, Mind& mind) {
  const auto& record = mind.record();
  switch (timer) {
    case Timer::arrive:
      return day_.arrive(turn, mind);
    case Timer::routine:
      if (turn.now().ms >= record.busy_until_ms()) {
        day_.follow_routine(turn, mind);
      } else {
        schedule(turn, Timer::done, record.id(), GameTime{record.busy_until_ms()});
      }
      return;
    case Timer::done: {
      auto& free = minds_.edit(turn, mind);
      free.clear_talking_to();
      free.set_busy_until_ms(0);
      // Who set out for somewhere by their own choice arrives first.
      if (record.path_size() < 2 || record.intent() == "talk") day_.follow_routine(turn, mind);
      return;
    }
    case Timer::giveup:
      // The answer never came (a crash, a lost engine): the question is closed, life goes on.
      minds_.edit(turn, mind).set_asking(0);
      return;
    case Timer::safe:
      return threats_.calm_down(turn, mind);
    case Timer::think:
      initiative_.look(turn, mind);
      return choice_.think(turn, mind);
    case Timer::meet:
      return meetings_.meet(turn, mind);
    case Timer::reflect:
      reflection_.reflect(turn, mind);
      schedule(turn, Timer::reflect, record.id(), turn.now() + game_days(1));
      return;
  }
}

// What lasts so long in real time is counted anew.
void Life::on_scale(Turn& turn, const EventContext&, const pb::TimeScaleChanged&) {
  for (const auto& [id, mind] : minds_.people()) {
    const auto& record = mind->record();
    if (record.dead()) continue;
    if (record.watched()) choice_.think_again(turn, *mind);
    if (!record.talking_to().empty()) talk_.wait_for_next_line(turn, *mind);
    threats_.count_anew(turn, *mind);
  }
}

}  // namespace troupe::npc
