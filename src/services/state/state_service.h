#pragma once
// Versioned documents of players, NPCs and things. Owned by app; io thread. Bounds: Limits.
#include <map>
#include <vector>

#include "host/host.h"
#include "host/service.h"
#include "services/state/state_image.h"
#include "troupe/v1/state.pb.h"
#include "troupe/v1/time.pb.h"

namespace troupe {

class StateService final : public Service {
 public:
  StateService(const pack::Pack& pack, Host& host, const state::Limits& limits = {});
  void mount() override;

 private:
  // Changes of one request, checked and not yet made: all of them happen, or none.
  struct Staging {
    std::map<state::Key, state::Document> documents;
    std::vector<state::Key> order;           // of first change
    std::vector<pb::StateDocument> replies;  // one per change
    std::size_t live = 0;                    // documents there would be
    std::int64_t now_ms = 0;
    std::map<state::Key, std::string>
        gone_because;       // of those that are deleted; nothing: somebody deleted it
    bool by_owner = false;  // the server itself: what others own is written by whoever owns it
  };

  Result<pb::StateDocument> get(const Caller& caller, const pb::StateGetRequest& request) const;
  Result<pb::StateQueryReply> query(const Caller& caller, const pb::StateQueryRequest& request) const;
  Result<pb::StateDocument> put(Turn& turn, const Caller& caller, const pb::StatePutRequest& request);
  Result<pb::StateDocument> patch(Turn& turn, const Caller& caller, const pb::StatePatchRequest& request);
  Result<pb::StateDocument> remove(Turn& turn, const Caller& caller, const pb::StateDeleteRequest& request);
  Result<pb::StateBatchReply> batch(Turn& turn, const Caller& caller, const pb::StateBatchRequest& request);

  Result<pb::StateDeparted> depart(Turn& turn, const Caller& caller, const pb::StateDepart& command);

  // Without events: this is how the world is, nothing has changed in it yet.
  void genesis(Turn& turn);
  void on_pack_changed(Turn& turn, const pb::PackChanged& change);
  // The next version of a document, whatever it says: the pack and the world's past answer for it.
  void adapt(Staging& staging, const state::Key& key, std::string text) const;
  void erase(Staging& staging, const state::Key& key, std::string reason) const;

  Staging begin(const Turn& turn, const Caller& caller) const;
  Result<void> stage(Staging& staging, const pb::StatePutRequest& request) const;
  Result<void> stage(Staging& staging, const pb::StatePatchRequest& request) const;
  Result<void> stage(Staging& staging, const pb::StateDeleteRequest& request) const;
  Result<void> stage(Staging& staging, const pb::StateBatchRequest::Change& change) const;
  template <class Request>
  Result<pb::StateDocument> change(Turn& turn, const Caller& caller, const Request& request);
  void apply(Turn& turn, Staging& staging);

  // What wears off or is used up by itself, as the pack says, hour by hour.
  void wear_next(Turn& turn) const;
  void wear_off(Turn& turn);
  void wear_off(const Turn& turn, const pack::Wear& wear, Staging& staging) const;
  void on_phase(Turn& turn, const EventContext& context, const pb::PhaseChanged& event);

  const state::Document* seen(const Staging& staging, const state::Key& key) const;
  Result<void> replace(Staging& staging, const state::Key& key, std::string text) const;
  // The next version.
  void enter(Staging& staging, const state::Key& key, std::string text, const state::Members& members) const;
  void enter(Staging& staging, state::Document document) const;
  void mark_deleted(Staging& staging, const state::Key& key) const;
  // Makes it so, and tells it.
  void keep(Turn& turn, state::Document after, const std::string& gone_because);
  void emit(Turn& turn, const std::string& before, const state::Document& after,
            const std::string& gone_because) const;
  Error unknown(const state::Key& key) const;
  void measure() const;

  const pack::Pack& pack_;
  Host& host_;
  const state::Limits limits_;
  state::Image image_;
  Gauge& documents_;
  Counter& reads_;
  Gauge& hit_ratio_;
};

}  // namespace troupe
