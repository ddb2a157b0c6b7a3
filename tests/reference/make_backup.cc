// SPDX-License-Identifier: Apache-2.0
// make_backup OUT: a vault in OUT/vault with two data streams and a key stream, what the library
// says of them, and OUT/restored, made from them.
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "support/must.h"
#include "vault/backup_world.h"
#include "vault/next_policy.h"

namespace bailee {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

Json Said(const BackupStream& stream) {
  return {{"id", stream.id.ToHex()},
          {"rows", stream.rows},
          {"rows_carried", stream.rows_carried},
          {"ranges", stream.ranges},
          {"ranges_carried", stream.ranges_carried},
          {"subjects", stream.subjects},
          {"tree_size", stream.tree_size},
          {"transaction", stream.transaction}};
}

void Fill(BackupWorld& world, size_t from, size_t to) {
  Vault vault = world.vault.Open({"billing", "service"});
  for (size_t i = from; i < to; ++i) {
    const Who who = Who::Ref(UserNumber(i));
    Must(StoreAccount(vault, who));
    Must(StoreCard(vault, IdOf(static_cast<uint8_t>(i + 1)), kCardNumber, who).status());
  }
}

int Make(const std::string& out) {
  BackupWorld world;
  Json said;
  Fill(world, 0, 30);
  const auto first = world.Data("first");
  Must(first.status());
  Fill(world, 30, 33);
  {
    Vault vault = world.vault.Open({"rights", "upkeep"});
    Must(vault.Erase(Who::Ref(UserNumber(3))).status());
    Must(vault.Record(Who::Ref(UserNumber(4)), {.kind = LedgerKind::kRestricted}).status());
    Must(vault.Upkeep().status());
  }
  const auto second = world.Data("second", "first");
  Must(second.status());
  Fill(world, 33, 34);
  const auto keys = world.Keys();
  Must(keys.status());
  said["streams"] = {{"first", Said(first->stream)},
                     {"second", Said(second->stream)},
                     {"keys", Said(keys->stream)}};
  const auto restored = world.Restore({"first", "second", "keys"});
  Must(restored.status());
  said["restored"] = {{"records", restored->records},
                      {"subjects", restored->subjects},
                      {"log_origin", restored->log_origin}};
  (void)world.vault.Granted("reader", {"billing", "service", "upkeep"});
  fs::copy(world.vault.directory().path(), out, fs::copy_options::recursive);
  std::ofstream(out + "/expected.json") << said.dump(1) << "\n";
  return 0;
}

}  // namespace
}  // namespace bailee

int main(int argc, char** argv) { return argc == 2 ? bailee::Make(argv[1]) : 2; }
