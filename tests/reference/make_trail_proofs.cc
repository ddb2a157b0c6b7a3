// SPDX-License-Identifier: Apache-2.0
// make_trail_proofs DIRECTORY: a tree of 600 leaves in a store, and what the library signs and
// proves of it, for the reference verifier.
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

#include "audit/checkpoint_sign.h"
#include "audit/tree_store.h"
#include "base/base64.h"
#include "base/check.h"
#include "base/hex.h"
#include "base/try.h"
#include "crypto/init.h"
#include "support/memory_engine.h"
#include "support/test_random.h"

namespace bailee {
namespace {

constexpr uint64_t kLeaves = 600;
constexpr std::string_view kOrigin = "bailee/000102030405060708090a0b0c0d0e0f";
constexpr Timestamp kTime{1'370'044'800'123};

std::string LeafText(uint64_t index) { return "leaf " + std::to_string(index); }

Status WriteTree(store::Engine& engine) {
  return engine.Write([](store::WriteTransaction& transaction) -> Status {
    BAILEE_TRY(audit::TreeWriter writer, audit::TreeWriter::Begin(transaction));
    for (uint64_t i = 0; i < kLeaves; ++i) {
      BAILEE_RETURN_IF_ERROR(writer.Append(AsBytes(LeafText(i))).status());
    }
    return writer.Finish();
  });
}

// Everything said of the tree as it was with each of some sizes.
Result<nlohmann::json> Describe(const audit::TreeReader& tree, const crypto::SigningKey& key) {
  nlohmann::json sizes = nlohmann::json::array();
  for (const uint64_t size :
       std::initializer_list<uint64_t>{0, 1, 2, 3, 255, 256, 257, 511, 512, 600}) {
    BAILEE_TRY(const TreeHash root, tree.RootAt(size));
    BAILEE_TRY(const std::string checkpoint,
               audit::SignCheckpoint(key, kOrigin, {size, root}, kTime));
    nlohmann::json consistency = nlohmann::json::array();
    BAILEE_TRY(const std::vector<TreeHash> hashes, tree.ConsistencyProof(size, kLeaves));
    for (const TreeHash& hash : hashes) consistency.push_back(ToBase64(hash));
    nlohmann::json proofs = nlohmann::json::object();
    for (const uint64_t index : std::initializer_list<uint64_t>{0, 1, 2, 200, 256, 511, 599}) {
      if (index >= size) continue;
      InclusionProof proof{{}, index, {}, checkpoint};
      if (index == 2) proof.extra = {1, 2, 3};
      BAILEE_TRY(proof.hashes, tree.InclusionProof(index, size));
      BAILEE_TRY(proofs[LeafText(index)], FormatProof(proof));
    }
    sizes.push_back({{"size", size},
                     {"root", ToHex(root)},
                     {"checkpoint", checkpoint},
                     {"consistency", consistency},
                     {"proofs", proofs}});
  }
  return sizes;
}

Status Make(const std::string& directory) {
  BAILEE_RETURN_IF_ERROR(crypto::Init());
  testing::TestRandom random(51);
  BAILEE_TRY(const crypto::SigningSeed seed, crypto::SigningSeed::Generate(random));
  BAILEE_TRY(const crypto::SigningKey key, crypto::SigningKey::FromSeed(seed));
  const auto engine = testing::MakeMemoryEngine();
  BAILEE_RETURN_IF_ERROR(WriteTree(*engine));
  BAILEE_TRY(const std::unique_ptr<store::Snapshot> snapshot, engine->Read());
  BAILEE_TRY(const audit::TreeReader tree, audit::TreeReader::Open(*snapshot));
  BAILEE_TRY(const nlohmann::json sizes, Describe(tree, key));
  std::ofstream file(directory + "/trail.json");
  file << nlohmann::json{{"origin", kOrigin},
                         {"key", ToHex(audit::LogKeyOf(key).bytes)},
                         {"time", kTime.unix_ms / 1000},
                         {"sizes", sizes}};
  return file.flush() ? Status() : Status(Code::kFailed, "test.write", "cannot write");
}

}  // namespace
}  // namespace bailee

int main(int count, char** arguments) {
  if (count != 2) return 2;
  const bailee::Status status = bailee::Make(arguments[1]);
  if (!status.ok()) std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  return status.ok() ? 0 : 1;
}
