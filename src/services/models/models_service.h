#pragma once
// Weights on this machine. Owned by app; io thread, which never waits: files are looked at and fetched on a
// pool, and what is under way there is told by posts. One pull or measurement at a time.
#include <atomic>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "host/host.h"
#include "host/service.h"
#include "rt/pool.h"
#include "services/models/catalogue.h"
#include "services/models/grades.h"
#include "troupe/v1/models.pb.h"

namespace troupe {

struct ModelsConfig {
  std::vector<models::CatalogueEntry> catalogue;
  std::filesystem::path models_dir;
  std::filesystem::path tool;  // tools/models.py: packages as a source, and measuring; may be missing
  std::map<std::string, std::string>
      loaded;  // models that an engine of this machine holds, and where each runs
  std::function<std::vector<pb::ModelView>()> elsewhere = {};  // models of engines over HTTP
  std::map<std::string, models::Voice> voices = {};            // of every loaded model, by name
};

class ModelsService final : public Service {
 public:
  ModelsService(Host& host, ModelsConfig config);
  ~ModelsService() override;
  void mount() override;

 private:
  struct Job;
  using Work = std::function<Result<void>(const std::shared_ptr<Job>& job)>;

  Task<pb::ModelsListReply> list(Caller caller, pb::ModelsListRequest request);
  Task<pb::ModelsPullReply> pull(Caller caller, pb::ModelsPullRequest request);
  Task<pb::ModelsRemoveReply> remove(Caller caller, pb::ModelsRemoveRequest request);
  Task<pb::ModelsMeasureReply> measure(Caller caller, pb::ModelsMeasureRequest request);
  Task<pb::ModelsGradeReply> grade(Caller caller, pb::ModelsGradeRequest request);
  // The catalogue and what was pulled beside it. On the pool.
  Task<std::vector<models::CatalogueEntry>> known();
  Task<models::CatalogueEntry> find(std::string name);
  Result<void> start_job(const std::string& verb, const std::string& name, Work work);
  Work by_tool(const std::string& verb, const std::string& name) const;

  Host& host_;
  ModelsConfig config_;
  std::shared_ptr<Job> job_;                     // the one that runs, or ran last
  std::shared_ptr<std::atomic<bool>> stopping_;  // ends a transfer when the server ends
  rt::Pool pool_;                                // last: its threads use what is above
};

}  // namespace troupe
