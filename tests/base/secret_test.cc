// SPDX-License-Identifier: Apache-2.0
#include "bailee/secret.h"

#include <gtest/gtest.h>

#include <concepts>
#include <sstream>
#include <type_traits>
#include <utility>

#include "base/arena.h"
#include "support/child.h"
#include "support/error_is.h"

namespace bailee {
namespace {

using testing::ErrorIs;
using testing::StatusOf;

const uint8_t* AddressOf(const Secret& secret) {
  return secret.RevealBytes([](ByteView bytes) { return bytes.data(); });
}

std::string TextOf(const Secret& secret) {
  return secret.Reveal([](std::string_view text) { return std::string(text); });
}

static_assert(!std::copyable<Secret> && std::movable<Secret>);
static_assert(!std::equality_comparable<Secret>);
static_assert(std::is_nothrow_move_constructible_v<Secret>);
static_assert(std::is_nothrow_move_assignable_v<Secret>);
template <typename T>
concept Printable = requires(std::ostringstream& out, const T& value) {
  out << value;
};
static_assert(!Printable<Secret>);

TEST(Secret, HoldsACopyOfWhatItWasGiven) {
  std::string text = "4111111111111111";
  Result<Secret> secret = Secret::From(text);
  ASSERT_TRUE(secret.ok());
  text[0] = '5';
  EXPECT_EQ(TextOf(*secret), "4111111111111111");
  EXPECT_EQ(secret->size_bytes(), 16U);
}

TEST(Secret, IsWipedWhenItGoes) {
  const uint8_t* address = nullptr;
  {
    Result<Secret> secret = Secret::From("canary canary canary");
    address = AddressOf(*secret);
    ASSERT_EQ(address[0], 'c');
  }
  for (int i = 0; i < 20; ++i) EXPECT_EQ(address[i], 0);
}

TEST(Secret, IsWipedWhenAnotherTakesItsPlace) {
  Secret secret = *Secret::From("canary");
  const uint8_t* address = AddressOf(secret);
  secret = *Secret::From("another");
  for (int i = 0; i < 6; ++i) EXPECT_EQ(address[i], 0);
  EXPECT_EQ(TextOf(secret), "another");
}

TEST(Secret, MovesWithoutCopyingAndLeavesNothing) {
  Secret from = *Secret::From("moved");
  const uint8_t* address = AddressOf(from);
  Secret to = std::move(from);
  EXPECT_TRUE(from.empty());  // NOLINT(bugprone-use-after-move): this is what is tested
  EXPECT_EQ(from.size_bytes(), 0U);
  EXPECT_EQ(AddressOf(to), address);
  Secret assigned;
  assigned = std::move(to);
  EXPECT_TRUE(to.empty());  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(TextOf(assigned), "moved");
  Secret& same = assigned;
  assigned = std::move(same);
  EXPECT_EQ(TextOf(assigned), "moved");
}

TEST(Secret, MayBeEmptyAndThenTakesNoMemory) {
  const size_t before = arena::Health().bytes_in_use;
  const Secret none;
  const Secret from = *Secret::From("");
  const Secret allocated = *Secret::Allocate(0);
  EXPECT_TRUE(none.empty() && from.empty() && allocated.empty());
  EXPECT_EQ(TextOf(from), "");
  EXPECT_EQ(arena::Health().bytes_in_use, before);
}

TEST(Secret, IsAllocatedZeroedAndFilledInPlace) {
  Secret secret = *Secret::Allocate(5);
  EXPECT_EQ(TextOf(secret), std::string(5, '\0'));
  secret.RevealMutable([](std::span<uint8_t> bytes) { bytes[4] = 'x'; });
  EXPECT_EQ(TextOf(secret), std::string(4, '\0') + 'x');
}

TEST(Secret, IsInTheArena) {
  const size_t before = arena::Health().bytes_in_use;
  const Secret secret = *Secret::Allocate(64);
  EXPECT_EQ(arena::Health().bytes_in_use, before + 64);
}

TEST(Secret, SaysWhenTheArenaIsFull) {
  const size_t unbounded = arena::SetLimit(0);
  EXPECT_THAT(StatusOf(Secret::Allocate(20 << 20)), ErrorIs(Code::kFull, "secret.arena-full"));
  EXPECT_THAT(StatusOf(Secret::From(std::string(20 << 20, 'x'))),
              ErrorIs(Code::kFull, "secret.arena-full"));
  arena::SetLimit(unbounded);
  EXPECT_TRUE(Secret::Allocate(20 << 20).ok());
}

TEST(Secret, OfAParentIsDestroyedInAChildWithoutHarm) {
  Secret secret = *Secret::From("the parent's");
  EXPECT_EQ(testing::ExitCodeOfChild([&] {
              Secret moved = std::move(secret);
              moved = *Secret::From("the child's");
              return TextOf(moved) == "the child's" ? 0 : 1;
            }),
            0);
  EXPECT_EQ(TextOf(secret), "the parent's");
}

}  // namespace
}  // namespace bailee
