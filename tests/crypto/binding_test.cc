// SPDX-License-Identifier: Apache-2.0
#include "crypto/binding.h"

#include <gtest/gtest.h>

#include <cctype>
#include <fstream>
#include <set>
#include <string>

#include "support/vectors.h"

namespace bailee::crypto {
namespace {

using testing::Hex;
using testing::HexArray;
using testing::Vectors;

Binding BindingOf(const nlohmann::json& v) {
  return {.label = static_cast<Label>(v["label"].get<int>()),
          .vault = {HexArray<16>(v["vault"])},
          .handle = {HexArray<16>(v["handle"])},
          .category = {HexArray<8>(v["category"])},
          .record = {HexArray<16>(v["record"])},
          .compartment = v["compartment"],
          .terms = {HexArray<16>(v["terms"])},
          .generation = v["generation"],
          .revision = v["revision"],
          .context = v["context"]};
}

TEST(Binding, IsEncodedAsTheVectorsSay) {
  for (const auto& v : Vectors("binding")) {
    const Binding binding = BindingOf(v);
    if (LayerOf(binding.label) == Layer::kRecord) {
      const EncodedBinding encoded = Encode(binding);
      EXPECT_EQ(ToHex(encoded), v["encoded"].get<std::string>()) << v["label"];
    } else {
      const EncodedWrapBinding encoded = Encode(WrapBinding{.binding = binding,
                                                            .purpose = {HexArray<8>(v["purpose"])},
                                                            .key_version = v["key_version"]});
      EXPECT_EQ(ToHex(encoded), v["encoded"].get<std::string>()) << v["label"];
    }
  }
}

TEST(Binding, EveryFieldChangesTheEncoding) {
  const WrapBinding base{
      .binding = {.label = Label::kWrap, .vault = {}}, .purpose = {}, .key_version = 0};
  std::set<EncodedWrapBinding> seen = {Encode(base)};
  const auto differs = [&](auto change) {
    WrapBinding changed = base;
    change(changed);
    return seen.insert(Encode(changed)).second;
  };
  EXPECT_TRUE(differs([](WrapBinding& b) { b.binding.label = Label::kWriteOnlyWrap; }));
  EXPECT_TRUE(differs([](WrapBinding& b) { b.binding.vault.bytes[15] = 1; }));
  EXPECT_TRUE(differs([](WrapBinding& b) { b.binding.handle.bytes[0] = 1; }));
  EXPECT_TRUE(differs([](WrapBinding& b) { b.binding.category.bytes[7] = 1; }));
  EXPECT_TRUE(differs([](WrapBinding& b) { b.binding.record.bytes[15] = 1; }));
  EXPECT_TRUE(differs([](WrapBinding& b) { b.binding.compartment = 1; }));
  EXPECT_TRUE(differs([](WrapBinding& b) { b.binding.terms.bytes[15] = 1; }));
  EXPECT_TRUE(differs([](WrapBinding& b) { b.binding.generation = 1; }));
  EXPECT_TRUE(differs([](WrapBinding& b) { b.binding.revision = 1; }));
  EXPECT_TRUE(differs([](WrapBinding& b) { b.binding.context = 1; }));
  EXPECT_TRUE(differs([](WrapBinding& b) { b.purpose.bytes[7] = 1; }));
  EXPECT_TRUE(differs([](WrapBinding& b) { b.key_version = 1; }));
}

TEST(BindingDeathTest, ALabelGoesWithItsLayoutOnly) {
  EXPECT_DEATH(Encode(Binding{.label = Label::kWrap, .vault = {}}), "broken invariant");
  EXPECT_DEATH(Encode(Binding{.label = Label::kKeyringSecrets, .vault = {}}), "broken invariant");
  EXPECT_DEATH(
      Encode(WrapBinding{
          .binding = {.label = Label::kSubjectRow, .vault = {}}, .purpose = {}, .key_version = 0}),
      "broken invariant");
}

// The first column of the table of labels in the document.
std::set<int> LabelsOfTheFormat() {
  std::ifstream file(BAILEE_SOURCE_DIR "/proto/FORMAT.md");
  std::set<int> labels;
  bool in_table = false;
  for (std::string line; std::getline(file, line);) {
    in_table = line.starts_with("| label |") || (in_table && line.starts_with("|"));
    if (in_table && std::isdigit(static_cast<unsigned char>(line[2])) != 0)
      labels.insert(std::stoi(line.substr(2)));
  }
  return labels;
}

TEST(Label, NumbersAreThoseOfTheFormat) {
  std::set<int> labels = LabelsOfTheFormat();
  labels.insert(static_cast<int>(Label::kKeyringSecrets));  // has a binding of its own there
  std::set<int> ours;
  for (const Label label : kAllLabels) ours.insert(static_cast<int>(label));
  EXPECT_EQ(ours, labels);
  EXPECT_EQ(ToHex(kKeyringBindingPrefix), "0101030b");
}

TEST(NameId, IsAsTheVectorsSay) {
  for (const auto& v : Vectors("names")) {
    EXPECT_EQ(NameIdOf(v["name"].get<std::string>()).ToHex(), v["id"].get<std::string>());
  }
}

TEST(TermsId, IsAsTheVectorsSay) {
  for (const auto& v : Vectors("terms")) {
    EXPECT_EQ(TermsIdOf({HexArray<16>(v["vault"])}, Hex(v["value"])).ToHex(),
              v["id"].get<std::string>());
  }
}

}  // namespace
}  // namespace bailee::crypto
