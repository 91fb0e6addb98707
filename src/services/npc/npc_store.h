#pragma once
// How what the npc service keeps is written down: its tables and blobs. Pure.
#include <string>
#include <utility>
#include <vector>

#include "ports/db.h"
#include "troupe/v1/ai.pb.h"

namespace troupe::npc::store {

namespace pb = troupe::v1;

std::vector<db::Migration> migrations();
// With the order of their rows, for the state hash.
std::vector<std::pair<std::string, std::string>> tables();

std::string names_blob(const std::vector<std::string>& names);
std::vector<std::string> names_from(const std::string& blob);
// What older versions kept as lines of a text.
std::vector<std::string> names_in(const db::Row& row, std::size_t list, std::size_t lines);

std::string levels_blob(const std::vector<pb::CategoryLevel>& levels);
std::vector<pb::CategoryLevel> levels_in(const std::string& blob);

std::vector<float> vector_from(const std::string& bytes);  // little-endian float32
// Of this size, with a direction: what an index takes.
bool vector_fits(const std::string& bytes, std::size_t size);

}  // namespace troupe::npc::store
