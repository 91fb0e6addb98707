#pragma once
// Weights on this machine. Owned by app; io thread; files are looked at on a pool. One pull or measurement at
// a time.
#include <filesystem>
#include <functional>
#include <memory>
#include <set>
#include <string>

#include "host/host.h"
#include "rt/pool.h"
#include "services/models/catalogue.h"
#include "troupe/v1/models.pb.h"

namespace troupe {

struct ModelsConfig {
  std::vector<models::CatalogueEntry> catalogue;
  std::filesystem::path models_dir;
  std::filesystem::path tool;                                  // tools/models.py
  std::set<std::string> loaded;                                // names of models that an engine holds
  std::function<std::vector<pb::ModelView>()> elsewhere = {};  // models of engines over HTTP
};

class ModelsService {
 public:
  ModelsService(Host& host, ModelsConfig config);
  ~ModelsService();
  void mount();

 private:
  struct Job;

  Task<pb::ModelsListReply> list(Caller caller, pb::ModelsListRequest request);
  Task<pb::ModelsPullReply> pull(Caller caller, pb::ModelsPullRequest request);
  Task<pb::ModelsRemoveReply> remove(Caller caller, pb::ModelsRemoveRequest request);
  Task<pb::ModelsMeasureReply> measure(Caller caller, pb::ModelsMeasureRequest request);
  Result<const models::CatalogueEntry*> find(const std::string& name) const;
  Result<void> start_job(const std::string& verb, const std::string& name);

  Host& host_;
  ModelsConfig config_;
  std::shared_ptr<Job> job_;  // the one that runs, or ran last
  rt::Pool pool_;             // last: its threads use what is above
};

}  // namespace troupe
