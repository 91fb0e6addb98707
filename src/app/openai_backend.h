#pragma once
// OpenAI's paths on top of the router: what the edge asks for, as calls over the bus. Owned by app; io
// thread.
#include "edge/openai_api.h"
#include "host/worlds.h"
#include "ports/bus.h"
#include "troupe/v1/ai.pb.h"

namespace troupe {

class RouterOpenAiBackend final : public edge::OpenAiBackend {
 public:
  // Who names no world is answered by the router of `home`, which is asked for each time. The world of a request is awake
  // while it is answered.
  RouterOpenAiBackend(const rt::Env& env, bus::Bus& bus, Worlds& worlds, std::function<std::string()> home)
      : env_(env), bus_(bus), worlds_(worlds), home_(std::move(home)) {}
  Task<engine::GenerateReply> chat(Caller caller, edge::ChatRequest request,
                                   std::function<void(std::string_view)> on_text) override;
  Task<engine::ChooseReply> choose(Caller caller, edge::ChooseRequest request) override;
  Task<engine::EmbedReply> embed(Caller caller, edge::EmbedRequest request) override;
  Task<std::vector<engine::ModelInfo>> models(Caller caller) override;

 private:
  template <class Reply, class Request>
  Task<Reply> ask(Caller caller, Request request);
  Task<pb::AiModerateReply> judge(Caller caller, std::string player, std::string text, std::string direction);

  rt::Env env_;
  bus::Bus& bus_;
  Worlds& worlds_;
  const std::function<std::string()> home_;
};

}  // namespace troupe
