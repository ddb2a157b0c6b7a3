// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "store/lmdb_preflight.h"
#include "store_image.h"

namespace bailee::store {

// One copy of a sound file for each kind of damage that LMDB would not survive or not notice.
class LmdbDamage : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    directory_ = new testing::TemporaryDirectory;
    MakeVariedStore(*directory_ / "vault");
    sound_ = new StoreImage(StoreImage::Load(*directory_ / "vault/data.mdb"));
  }
  static void TearDownTestSuite() {
    delete sound_;
    delete directory_;
  }

  static Status Check(const StoreImage& image) {
    const std::string path = *directory_ / "copy.mdb";
    image.Write(path);
    return PreflightDataFile({.data_file = path});
  }
  // That what `damage` does to a copy is found, and said to be `what`.
  template <typename Damage>
  static void ExpectFound(const std::string& what, const Damage& damage) {
    StoreImage copy = *sound_;
    damage(copy);
    ASSERT_NE(copy.bytes, sound_->bytes) << "nothing was damaged";
    const Status status = Check(copy);
    EXPECT_THAT(status, Fails(Code::kDamage, "store.damaged"));
    EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr(what));
    EXPECT_FALSE(status.hint().empty());
  }

  // A leaf, and a branch that is not the root, of a table of three levels.
  static uint64_t Leaf() { return sound_->LeavesOf(sound_->Record(Table::kLookup))[1]; }
  static uint64_t Branch() { return sound_->PagesOf(sound_->Record(Table::kLookup))[1]; }
  // Where the record of a tree is in the newer meta page.
  static size_t FreeRecordAt() { return StoreImage::At(sound_->newer_meta()) + 40; }
  static size_t MainRecordAt() { return StoreImage::At(sound_->newer_meta()) + 88; }

  static inline testing::TemporaryDirectory* directory_ = nullptr;
  static inline StoreImage* sound_ = nullptr;
};

}  // namespace bailee::store
