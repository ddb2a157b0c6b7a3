// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <random>
#include <vector>

#include "store_image.h"

namespace bailee::store {

using Random = std::mt19937_64;

// Each does one kind of damage somewhere.
class Damager {
 public:
  // Of a sound file, what it was some commits before, and its pages in use.
  Damager(const StoreImage& sound, const StoreImage& earlier, const std::vector<uint64_t>& in_use,
          uint64_t seed)
      : sound_(sound), earlier_(earlier), in_use_(in_use), random_(seed) {}

  static constexpr size_t kKinds = 16;
  static const char* NameOf(size_t kind) {
    static constexpr std::array<const char*, kKinds> kNames = {
        "bits",  "bytes",      "zeroed page", "swapped pages", "duplicate", "cut",
        "field", "meta field", "meta bytes",  "node",          "mended",    "older page",
        "slot",  "free list",  "record",      "random bytes"};
    return kNames[kind];
  }

  StoreImage Damage(size_t kind) {
    StoreImage copy = sound_;
    switch (kind) {
      case 0:
        for (size_t n = 1 + Below(8); n > 0; --n) {
          copy.bytes[Below(copy.bytes.size())] ^= static_cast<uint8_t>(1u << Below(8));
        }
        break;
      case 1:
        Scramble(copy, Below(copy.bytes.size() - 16), 1 + Below(16));
        break;
      case 2:
        Zero(copy, StoreImage::At(Page()), StoreImage::kPageBytes);
        break;
      case 3:
        SwapPages(copy, Page(), Page());
        break;
      case 4:
        CopyPage(copy, sound_, Page(), Page());
        break;
      case 5:
        copy.bytes.resize(Below(copy.bytes.size()));
        break;
      case 6:
        SetField(copy, StoreImage::At(Page()) + 2 * Below(8));
        break;
      case 7:
        SetWide(copy, StoreImage::At(Below(2)) + 16 + 8 * Below(17));
        break;
      case 8:
        Scramble(copy, StoreImage::At(Below(2)) + Below(152), 1 + Below(8));
        break;
      case 9:
        DamageNode(copy);
        break;
      case 10:
        MendedCopy(copy);
        break;
      case 11:
        OlderPage(copy);
        break;
      case 12:
        SetField(copy, StoreImage::At(TreePage()) + kPageHeadBytes + 2 * Below(40));
        break;
      case 13:
        DamageFreeList(copy);
        break;
      case 14:
        SetWide(copy, copy.RecordAt(static_cast<Table>(Below(kTableCount))) + 8 * Below(6));
        break;
      default:
        Scramble(copy, StoreImage::At(Page()), StoreImage::kPageBytes);
    }
    return copy;
  }

 private:
  size_t Below(size_t end) { return random_() % end; }
  // Mostly one that is in use.
  uint64_t Page() { return Below(4) == 0 ? Below(sound_.page_count()) : TreePage(); }
  uint64_t TreePage() { return in_use_[Below(in_use_.size())]; }

  void Scramble(StoreImage& copy, size_t at, size_t count) {
    for (size_t i = 0; i < count; ++i) copy.bytes[at + i] = static_cast<uint8_t>(random_());
  }
  static void Zero(StoreImage& copy, size_t at, size_t count) {
    std::memset(&copy.bytes[at], 0, count);
  }
  static void CopyPage(StoreImage& copy, const StoreImage& from, uint64_t source, uint64_t target) {
    std::memcpy(&copy.bytes[StoreImage::At(target)], from.page(source).data(),
                StoreImage::kPageBytes);
  }
  void SwapPages(StoreImage& copy, uint64_t a, uint64_t b) {
    CopyPage(copy, sound_, a, b);
    CopyPage(copy, sound_, b, a);
  }

  // A number that is likely to be where bounds are.
  uint64_t Interesting(uint64_t before) {
    switch (Below(8)) {
      case 0:
        return before + 1;
      case 1:
        return before - 1;
      case 2:
        return before ^ (uint64_t{1} << Below(16));
      case 3:
        return before + 2 * (Below(64) - 32);
      case 4:
        return 0;
      case 5:
        return ~uint64_t{0} >> Below(64);
      case 6:
        return Page();
      default:
        return Below(4097);
    }
  }
  void SetField(StoreImage& copy, size_t at) {
    copy.Set(at, static_cast<uint16_t>(Interesting(copy.Get<uint16_t>(at))));
  }
  void SetWide(StoreImage& copy, size_t at) { copy.Set(at, Interesting(copy.Get<uint64_t>(at))); }

  void DamageNode(StoreImage& copy) {
    const uint64_t number = TreePage();
    const size_t node = copy.NodeStartAt(number, Below(NodeCount(copy.page(number))));
    if (Below(3) == 0) {
      SetWide(copy, copy.At(number) + std::min(StoreImage::kPageBytes - 8,
                                               node - copy.At(number) + 8 + Below(40)));
    } else {
      SetField(copy, node + 2 * Below(4));
    }
  }

  // A number of a record, or how many there are.
  void DamageFreeList(StoreImage& copy) {
    const auto leaves = copy.LeavesOf(copy.meta().free_tree);
    const uint64_t leaf = leaves[Below(leaves.size())];
    const size_t index = Below(NodeCount(copy.page(leaf)));
    const Node node = NodeAt(copy.page(leaf), true, index);
    const size_t list = node.big() ? StoreImage::At(node.OverflowPage()) + kPageHeadBytes
                                   : copy.DataAt(leaf, index);
    SetWide(copy, list + 8 * Below(copy.Get<uint64_t>(list) + 1));
  }

  // Another page of the same kind that claims to be the one it replaces.
  void MendedCopy(StoreImage& copy) {
    const uint64_t target = TreePage();
    CopyPage(copy, sound_, TreePage(), target);
    copy.Set<uint64_t>(StoreImage::At(target), target);
  }

  // What the page was some commits before.
  void OlderPage(StoreImage& copy) {
    for (size_t n = 1 + Below(3); n > 0; --n) {
      const uint64_t number = Below(std::min(earlier_.page_count(), sound_.page_count()));
      CopyPage(copy, earlier_, number, number);
    }
  }

  const StoreImage& sound_;
  const StoreImage& earlier_;
  const std::vector<uint64_t>& in_use_;
  Random random_;
};

}  // namespace bailee::store
