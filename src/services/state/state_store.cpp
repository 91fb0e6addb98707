#include "services/state/state_store.h"

#include "base/log.h"

namespace troupe::state::store {

using db::Values;

std::vector<db::Migration> migrations() {
  return {{"state", 1, R"sql(
    create table state_documents (
      kind text not null,
      id text not null,
      version bigint not null,
      document text not null,
      place text not null,
      player text not null,
      deleted bigint not null,
      changed_ms bigint not null,
      primary key (kind, id)
    ))sql"}};
}

Result<void> load(db::Reader& reader, Image& image, const pack::Pack& pack, const Limits& limits) {
  image.clear();
  TRY(const auto rows,
      reader.query(
          "select kind, id, version, document, place, player, deleted, changed_ms from state_documents"));
  for (const auto& row : rows) {
    const Key key{row.text(0), row.text(1)};
    if (!is_document(row.text(3))) {
      // Only after --accept-loss: a start without it does not come here.
      log::error("state", "{} is damaged and left out", describe(key));
      continue;
    }
    Document document{.version = static_cast<std::uint64_t>(row.integer(2)),
                      .text = row.text(3),
                      .changed_ms = row.integer(7),
                      .deleted = row.integer(6) != 0};
    if (auto members = members_of(key, document.text, pack, limits)) {
      document.members = *std::move(members);
    } else {  // written under an older pack, whose places are gone: on_pack_changed() finds it by what the
              // row says
      document.members = {.place = row.text(4), .player = row.text(5), .tags = {}};
    }
    image.put(key, std::move(document));
  }
  return {};
}

void write(Turn& turn, const Key& key, const Document& document) {
  turn.write(
      "insert into state_documents (kind, id, version, document, place, player, deleted, changed_ms) "
      "values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (kind, id) do update set version = "
      "excluded.version, "
      "document = excluded.document, place = excluded.place, player = excluded.player, deleted = "
      "excluded.deleted, "
      "changed_ms = excluded.changed_ms",
      Values{key.kind, key.id, static_cast<std::int64_t>(document.version), document.text,
             document.members.place, document.members.player, std::int64_t{document.deleted ? 1 : 0},
             document.changed_ms});
}

void erase(Turn& turn, const Key& key) {
  turn.write("delete from state_documents where kind = $1 and id = $2", Values{key.kind, key.id});
}

}  // namespace troupe::state::store
