#include "adapters/engine_llama/step.h"

#include <algorithm>
#include <exception>

#include "base/log.h"

namespace troupe::engine {

namespace {

constexpr int kDriverFailed = -4;  // beyond what llama_decode answers

// Drivers of graphics cards throw (a device that is lost, memory that is gone), through llama.cpp: a step
// that failed, and not the end of the engine.
int decode(llama_context* context, llama_batch& batch, std::string_view model) try {
  const int rc = llama_decode(context, batch);
  if (rc == 0) llama_synchronize(context);
  return rc;
} catch (const std::exception& e) {
  log::error("engine", "{}: the graphics driver fails: {}", model, e.what());
  return kDriverFailed;
}

}  // namespace

StepOutcome run_step(llama_context* context, llama_batch& batch, const Step& step, std::string_view model,
                     inference::CostModel& cost, const LlamaConfig& config, Inbox& inbox) {
  const auto began = inbox.env().now();
  const auto predicted = cost.predict(step.shape);
  std::vector<TicketPtr> tickets;
  tickets.reserve(step.parts.size());
  for (const auto& part : step.parts) tickets.push_back(part.ticket);
  const inference::RunningStep running{.running = true,
                                       .may_stop = step.may_stop,
                                       .ahead = step.ahead,
                                       .gold_due = step.gold_due,
                                       .began = began,
                                       .ends = predicted ? began + *predicted : rt::Instant::never()};
  if (!inbox.step_begins(std::move(tickets), running)) return {.rc = 2, .ended = began};
  const int rc = decode(context, batch, model);
  const auto ended = inbox.env().now();
  const auto took = ended - began;
  const bool stopped = rc == 2;
  const bool preempted = inbox.step_ended(took, stopped);

  auto& counters = inbox.counters();
  counters.steps.fetch_add(1);
  counters.busy_us.fetch_add(static_cast<std::uint64_t>(micros(took)));
  inbox.load().worked(step.lead, took, ended);
  if (rc == 0) {
    cost.measured(step.shape, took);
    counters.cost_error_median.store(cost.error_median());
  }
  if (stopped) {
    counters.steps_aborted.fetch_add(1);
    counters.wasted_tokens.fetch_add(static_cast<std::uint64_t>(step.shape.tokens));
  }
  if (preempted) {
    counters.preemptions.fetch_add(1);
    counters.preempted_us.fetch_add(static_cast<std::uint64_t>(micros(took)));
  }
  for (auto part = step.parts.begin(); part != step.parts.end(); ++part) {
    auto& ticket = *part->ticket;
    if (stopped) ticket.wasted_tokens.fetch_add(part->tokens);
    // Several sequences of one call count the step once.
    if (std::find_if(step.parts.begin(), part, [&](const auto& p) { return p.ticket == part->ticket; }) !=
        part)
      continue;
    ticket.computed_us.fetch_add(micros(took));
    if (predicted) ticket.predicted_us.fetch_add(micros(*predicted));
    if (preempted) ticket.preemptions.fetch_add(1);
  }
  if (config.on_step && rc != 1) {  // without cells nothing was computed
    config.on_step({.model = model,
                    .lead = step.lead,
                    .tokens = step.shape.tokens,
                    .rows = step.shape.rows,
                    .attended = step.shape.attended,
                    .threads = step.shape.threads,
                    .predicted_us = predicted ? micros(*predicted) : 0,
                    .took_us = micros(took),
                    .stopped = rc != 0,
                    .preempted = preempted});
  }
  return {.rc = rc, .ended = ended};
}

}  // namespace troupe::engine
