// SPDX-License-Identifier: Apache-2.0
#include "audit/event_codec.h"

#include <gtest/gtest.h>

#include "audit/byte_damage.h"
#include "support/error_is.h"

namespace bailee::audit {
namespace {

using testing::ErrorIs;
using testing::IsOk;
using testing::StatusOf;

constexpr size_t kReasonsAt = 23;  // u64, after version, kind, outcome, at, transaction, policy

const std::array<std::string_view, 2> kFields = {"pan.last4", "expiry"};
const std::array<Reason, 3> kReasons = {Reason::kSubjectErased, Reason::kUnknownPurpose,
                                        Reason::kHeld};
const std::array<EventRecord, 2> kRecords = {
    EventRecord{{{1}}, {{2}}, {{3}}, {{4}}},
    EventRecord{{{5}}, {{6}}, {{7}}, {{8}}},
};
const std::array<Detail, 2> kDetails = {Detail{What::kOf, "17"}, Detail{What::kSequence, "4"}};

Event FullEvent() {
  return {.kind = EventKind::kReadAll,
          .outcome = Outcome::kRefused,
          .at = {-5},
          .purpose = "billing",
          .on_behalf_of = "acme",
          .category = "payment_card",
          .fields = kFields,
          .case_reference = "CASE-1",
          .recipient = "bank",
          .ground = "law",
          .reasons = kReasons,
          .handle = {{9}},
          .records = kRecords,
          .details = kDetails,
          .policy_version = 0x01020304,
          .transaction = 0x0102030405060708,
          .repeats = 12};
}

Bytes Encoded(const Event& event) {
  Bytes out;
  EXPECT_THAT(AppendEvent(event, out), IsOk());
  return out;
}

TEST(Event, ComesBackAsItWasWithItsReasonsInOrder) {
  const Event event = FullEvent();
  const EventCopy copy = *ParseEvent(Encoded(event));
  EXPECT_EQ(copy.kind, event.kind);
  EXPECT_EQ(copy.outcome, event.outcome);
  EXPECT_EQ(copy.at, event.at);
  EXPECT_EQ(copy.purpose, event.purpose);
  EXPECT_EQ(copy.on_behalf_of, event.on_behalf_of);
  EXPECT_EQ(copy.category, event.category);
  EXPECT_EQ(copy.fields, std::vector<std::string>(kFields.begin(), kFields.end()));
  EXPECT_EQ(copy.case_reference, event.case_reference);
  EXPECT_EQ(copy.recipient, event.recipient);
  EXPECT_EQ(copy.ground, event.ground);
  EXPECT_EQ(copy.reasons,
            (std::vector<Reason>{Reason::kUnknownPurpose, Reason::kHeld, Reason::kSubjectErased}));
  EXPECT_EQ(copy.handle, event.handle);
  EXPECT_EQ(copy.records, std::vector<EventRecord>(kRecords.begin(), kRecords.end()));
  EXPECT_EQ(copy.details,
            (std::vector<EventCopy::Detail>{{What::kOf, "17"}, {What::kSequence, "4"}}));
  EXPECT_EQ(copy.policy_version, event.policy_version);
  EXPECT_EQ(copy.transaction, event.transaction);
  EXPECT_EQ(copy.repeats, event.repeats);
}

TEST(Event, OfRowsSaysWhichRowItLeavesOfEachRecord) {
  auto records = kRecords;
  records[0].version = RecordVersion{7, {-9}};
  records[1].version = RecordVersion{0, {1'234}};
  Event event = FullEvent();
  event.records = records;
  const Bytes bytes = Encoded(event);
  EXPECT_EQ(bytes.size(), EventSize(event));
  EXPECT_EQ(bytes.front(), 2);
  EXPECT_EQ(ParseEvent(bytes)->records, std::vector<EventRecord>(records.begin(), records.end()));
  testing::ForEachTruncation(bytes, [](ByteView cut) {
    EXPECT_THAT(StatusOf(ParseEvent(cut)), ErrorIs(Code::kDamage, "trail.bad-event"));
  });
  // Of no record it is of the first form.
  Bytes none = Encoded({.kind = EventKind::kCollect});
  none[0] = 2;
  EXPECT_THAT(StatusOf(ParseEvent(none)), ErrorIs(Code::kDamage, "trail.bad-event"));
  none[0] = 3;
  EXPECT_THAT(StatusOf(ParseEvent(none)), ErrorIs(Code::kDamage, "trail.bad-event"));
}

TEST(Event, ThatIsEmptyComesBackEmpty) {
  EXPECT_EQ(*ParseEvent(Encoded({.kind = EventKind::kOpen})),
            (EventCopy{.kind = EventKind::kOpen}));
}

TEST(Event, KeepsEveryKindOutcomeReasonAndDetail) {
  for (uint8_t i = 1; i <= kEventKindCount; ++i) {
    const auto kind = static_cast<EventKind>(i);
    EXPECT_EQ(ParseEvent(Encoded({.kind = kind}))->kind, kind);
  }
  for (uint8_t i = 1; i <= kOutcomeCount; ++i) {
    const auto outcome = static_cast<Outcome>(i);
    EXPECT_EQ(ParseEvent(Encoded({.outcome = outcome}))->outcome, outcome);
  }
  for (uint8_t i = 1; i <= kReasonCount; ++i) {
    const std::array reasons = {static_cast<Reason>(i)};
    EXPECT_EQ(ParseEvent(Encoded({.reasons = reasons}))->reasons, std::vector{reasons[0]});
  }
  for (uint8_t i = 1; i <= kWhatCount; ++i) {
    const std::array details = {Detail{static_cast<What>(i), "x"}};
    EXPECT_EQ(ParseEvent(Encoded({.details = details}))->details[0].what, details[0].what);
  }
}

TEST(Event, IsAppendedAfterWhatIsThereInTheSizeItSaid) {
  Bytes out = {1, 2, 3};
  ASSERT_THAT(AppendEvent(FullEvent(), out), IsOk());
  EXPECT_EQ(out.size(), 3 + EventSize(FullEvent()));
  EXPECT_THAT(StatusOf(ParseEvent(ByteView(out).subspan(3))), IsOk());
}

TEST(Event, AllocatesNothingWhereThereIsRoom) {
  Bytes out;
  out.reserve(EventSize(FullEvent()));
  const uint8_t* const before = out.data();
  ASSERT_THAT(AppendEvent(FullEvent(), out), IsOk());
  EXPECT_EQ(out.data(), before);
}

TEST(Event, MayHave255OfAnythingAndNoMore) {
  const std::string longest(255, 'x');
  const std::string longer(256, 'x');
  const auto try_text = [](std::string_view text) {
    std::vector<Status> results;
    const std::array<std::string_view, 1> fields = {text};
    const std::array details = {Detail{What::kNotice, text}};
    for (const Event& event : std::initializer_list<Event>{{.purpose = text},
                                                           {.on_behalf_of = text},
                                                           {.category = text},
                                                           {.fields = fields},
                                                           {.case_reference = text},
                                                           {.recipient = text},
                                                           {.ground = text},
                                                           {.details = details}}) {
      Bytes out = {7};
      results.push_back(AppendEvent(event, out));
      EXPECT_EQ(out.size(), results.back().ok() ? 1 + EventSize(event) : 1);
    }
    return results;
  };
  for (const Status& status : try_text(longest)) EXPECT_THAT(status, IsOk());
  for (const Status& status : try_text(longer)) {
    EXPECT_THAT(status, ErrorIs(Code::kInvalidValue, "trail.event-too-large"));
  }
  const std::vector<std::string_view> fields(256, "f");
  const std::vector<Detail> details(256, Detail{What::kNotice, "a"});
  Bytes out;
  EXPECT_THAT(AppendEvent({.fields = std::span(fields).first(255)}, out), IsOk());
  EXPECT_THAT(AppendEvent({.details = std::span(details).first(255)}, out), IsOk());
  EXPECT_THAT(AppendEvent({.fields = fields}, out),
              ErrorIs(Code::kInvalidValue, "trail.event-too-large"));
  EXPECT_THAT(AppendEvent({.details = details}, out),
              ErrorIs(Code::kInvalidValue, "trail.event-too-large"));
}

TEST(ParseEvent, RefusesEveryTruncationAndALongerOne) {
  testing::ForEachTruncation(Encoded(FullEvent()), [](ByteView bytes) {
    EXPECT_THAT(StatusOf(ParseEvent(bytes)), ErrorIs(Code::kDamage, "trail.bad-event"));
  });
}

// A flipped bit is refused or read as what it says: what is parsed encodes to the same bytes.
TEST(ParseEvent, ReadsEveryFlippedBitAsWhatItSaysOrRefusesIt) {
  testing::ForEachFlippedBit(Encoded(FullEvent()), [](ByteView bytes) {
    const Result<EventCopy> copy = ParseEvent(bytes);
    if (!copy.ok()) return;
    const std::vector<std::string_view> fields(copy->fields.begin(), copy->fields.end());
    std::vector<Detail> details;
    for (const auto& detail : copy->details) details.push_back({detail.what, detail.text});
    const Event event = {.kind = copy->kind,
                         .outcome = copy->outcome,
                         .at = copy->at,
                         .purpose = copy->purpose,
                         .on_behalf_of = copy->on_behalf_of,
                         .category = copy->category,
                         .fields = fields,
                         .case_reference = copy->case_reference,
                         .recipient = copy->recipient,
                         .ground = copy->ground,
                         .reasons = copy->reasons,
                         .handle = copy->handle,
                         .records = copy->records,
                         .details = details,
                         .policy_version = copy->policy_version,
                         .transaction = copy->transaction,
                         .repeats = copy->repeats};
    EXPECT_EQ(Encoded(event), Bytes(bytes.begin(), bytes.end()));
  });
}

TEST(ParseEvent, RefusesNumbersItDoesNotKnow) {
  const auto refused = [](size_t at, uint8_t value) {
    const std::array details = {Detail{What::kOf, ""}};
    Bytes bytes = Encoded({.details = details});
    bytes[at] = value;
    return !ParseEvent(bytes).ok();
  };
  const size_t what_at = EventSize({}) - 1 + 1;
  EXPECT_TRUE(refused(0, 0) && refused(0, 2)) << "version";
  EXPECT_TRUE(refused(1, 0) && refused(1, kEventKindCount + 1)) << "kind";
  EXPECT_TRUE(refused(2, 0) && refused(2, kOutcomeCount + 1)) << "outcome";
  EXPECT_TRUE(refused(what_at, 0) && refused(what_at, kWhatCount + 1)) << "what";
  EXPECT_FALSE(refused(what_at, kWhatCount)) << "what";
  EXPECT_TRUE(refused(kReasonsAt + 7, 1)) << "reason 0";
  EXPECT_FALSE(refused(kReasonsAt + 7, 2)) << "reason 1";
  EXPECT_TRUE(refused(kReasonsAt + 4, 0x20)) << "reason 29";
  EXPECT_FALSE(refused(kReasonsAt + 4, 0x10)) << "reason 28";
  EXPECT_TRUE(refused(kReasonsAt, 0x80)) << "reason 63";
}

TEST(ParseEvent, AllocatesNothingForACountThatItsBytesCannotHold) {
  Bytes bytes = Encoded({});
  const size_t count_at = bytes.size() - 5;
  std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(count_at), 4, uint8_t{0xff});
  EXPECT_THAT(StatusOf(ParseEvent(bytes)), ErrorIs(Code::kDamage, "trail.bad-event"));
}

}  // namespace
}  // namespace bailee::audit
