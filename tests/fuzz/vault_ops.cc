// SPDX-License-Identifier: Apache-2.0
// Bytes become calls of a vault's API, checked against the twin of vault_model.h: what it forbids
// is refused, what was acknowledged and is allowed reads back equal, nobody learns of the unknown.
#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <set>
#include <string>

#include "fuzz/target.h"
#include "fuzz/vault_model.h"
#include "fuzz/vault_world.h"
#include "support/io_faults.h"

namespace bailee::fuzz {
namespace {

constexpr std::array<std::string_view, 4> kPans = {"4111111111111111", "5555555555554444",
                                                   "4012888888881881", "378282246310005"};
constexpr std::array<std::string_view, 4> kTexts = {"zQ7vXk2mWp9sLt4y-0", "zQ7vXk2mWp9sLt4y-1",
                                                    "zQ7vXk2mWp9sLt4y-2", "zQ7vXk2mWp9sLt4y-3"};
constexpr size_t kOperationsMax = 24;

std::string_view CategoryOf(Field field) { return field == Field::kName ? "profile" : "card"; }
std::string_view NameOf(Field field) {
  constexpr std::array<std::string_view, 4> kNames = {"pan", "note", "name", "pan.last4"};
  return kNames[static_cast<size_t>(field)];
}

std::string RefOf(uint8_t subject) { return "zQ7vXk2mWp9sLt4y-ref-" + std::to_string(subject); }

RecordId IdOf(Slot slot) {
  RecordId id;
  id.bytes.fill(static_cast<uint8_t>(slot + 1));
  return id;
}

// No message holds a ref or value of ours. (Those of refusals are words of the policy.)
void CheckSays(const Status& status) {
  if (status.ok()) return;
  if (status.code() != Code::kRefused) CheckFailure(status);
  for (const std::string_view text : {status.message(), status.hint()}) {
    FUZZ_CHECK(text.find("zQ7vXk2mWp9s") == std::string_view::npos);
    for (const std::string_view pan : kPans) FUZZ_CHECK(text.find(pan) == std::string_view::npos);
  }
}

bool Waits(const Status& status) {
  const Refusal* refusal = status.refusal();
  return refusal != nullptr && refusal->reasons.front() == Reason::kWrapPending;
}

class Run {
 public:
  explicit Run(ByteView input) : choices_(input) {}

  void Go() {
    for (size_t i = 0; i < kOperationsMax && !choices_.empty(); ++i) Step();
    world_.Open(VaultWorld::Holder::kAll);
    CheckSays(world_.vault().Upkeep().status());
    ReadEverything();
    FUZZ_CHECK(world_.IsSound());
  }

 private:
  void Step() {
    model_.now_ms = world_.clock.Now().unix_ms;
    const uint8_t what = choices_.Byte();
    const auto subject = static_cast<uint8_t>(choices_.Below(4));
    switch (what % 12) {
      case 0:
      case 1:
      case 2:
        return Collect(subject);
      case 3:
        return Read(subject, kPurposes[choices_.Below(3)], kFields[choices_.Below(4)], AnySlot());
      case 4:
        return Find(kPans[choices_.Below(kPans.size())]);
      case 5:
      case 6:
        return Say(subject);
      case 7:
        return Rectify(subject);
      case 8:
        return Erase(subject);
      case 9:
        return CheckSays(world_.vault().Upkeep().status());
      case 10:
        world_.clock.AdvanceDays(static_cast<int64_t>(choices_.Below(120)));
        return;
      default: {
        constexpr std::array kHolders = {VaultWorld::Holder::kAll, VaultWorld::Holder::kCollector,
                                         VaultWorld::Holder::kSupport};
        world_.Open(kHolders[choices_.Below(kHolders.size())]);
      }
    }
  }

  Slot AnySlot() { return static_cast<Slot>(choices_.Below(3)); }
  static Slot SlotOf(Field field, Slot slot) { return field == Field::kName ? kProfile : slot; }

  bool Holds(Purpose purpose) const {
    if (world_.holder() == VaultWorld::Holder::kAll) return true;
    return world_.holder() == VaultWorld::Holder::kSupport && purpose == Purpose::kSupport;
  }

  // Every fourth write meets a fault of the data file at its Nth operation.
  template <typename Write>
  auto WithFaults(const Write& write) {
    const uint8_t fault = choices_.Byte();
    if (fault % 4 != 3) return write();
    const size_t nth = fault / 16;
    const int error = (fault & 4) != 0 ? ENOSPC : EIO;
    const bool done = (fault & 8) != 0;
    const testing::IoFaults faults(world_.DataFile(), [=](testing::IoFaults::Operation,
                                                          size_t number) {
      return number == nth ? testing::IoFaults::Verdict{error, done} : testing::IoFaults::Verdict{};
    });
    faulty_ = true;
    auto result = write();
    return result;
  }
  // Whether a failure may be the fault's, in which case nobody knows what there is now.
  bool Excused(const Status& status, ModelSubject& subject) {
    const bool faulty = std::exchange(faulty_, false);
    if (status.ok() || !faulty || status.code() == Code::kRefused ||
        status.code() == Code::kNotFound) {
      return false;
    }
    subject.unsure = true;
    world_.Reopen();
    return true;
  }

  void Collect(uint8_t number) {
    const Field field = kFields[choices_.Below(3)];
    const Slot slot = SlotOf(field, AnySlot());
    const size_t value_at = choices_.Below(4);
    const std::string value(field == Field::kPan ? kPans[value_at] : kTexts[value_at]);
    constexpr std::array<int64_t, 4> kDaysAgo = {0, 0, 20, 100};
    const int64_t at = model_.now_ms - kDaysAgo[choices_.Below(4)] * kMillisPerDay;
    const bool wide = choices_.Flag();
    const bool known = model_.subjects.contains(number);
    ModelSubject& subject = model_.subjects[number];
    const auto expected = model_.Collect(subject, field, value, at, wide);
    const std::string ref = RefOf(number);
    const auto done = WithFaults([&] {
      std::vector<FieldInput> fields;
      fields.emplace_back(NameOf(field), MakeSecret(value));
      const auto id = field == Field::kName ? std::nullopt : std::optional(IdOf(slot));
      return world_.vault()
          .Collect({.who = Who::Ref(ref),
                    .notice = wide ? "wide" : "narrow",
                    .source = "web",
                    .on_behalf_of = {},
                    .collected_at = Timestamp{at}})
          .Put(CategoryOf(field), std::move(fields), id)
          .Commit();
    });
    CheckSays(done.status());
    subject.offered.push_back(value);
    if (Excused(done.status(), subject)) return;
    if (!subject.unsure) FUZZ_CHECK(done.ok() == expected.has_value());
    if (!done.ok()) FUZZ_CHECK(done.status().code() == Code::kRefused);
    if (done.ok() && expected) subject.records[slot] = *expected;
    if (!done.ok() && !known) model_.subjects.erase(number);
  }

  void Say(uint8_t number) {
    constexpr std::array kKinds = {LedgerKind::kGiven,      LedgerKind::kWithdrawn,
                                   LedgerKind::kObjected,   LedgerKind::kDeclined,
                                   LedgerKind::kRestricted, LedgerKind::kUnrestricted};
    const LedgerKind kind = kKinds[choices_.Below(kKinds.size())];
    const Purpose purpose = kPurposes[choices_.Below(3)];
    const bool of_purpose = kind != LedgerKind::kRestricted && kind != LedgerKind::kUnrestricted;
    const bool known = model_.subjects.contains(number);
    ModelSubject& subject = model_.subjects[number];
    const std::string ref = RefOf(number);
    const auto done = WithFaults([&] {
      return world_.vault().Record(
          Who::Ref(ref), {.kind = kind,
                          .purpose = of_purpose ? kPurposeNames[static_cast<size_t>(purpose)] : "",
                          .notice = kind == LedgerKind::kGiven ? "wide" : ""});
    });
    CheckSays(done.status());
    if (Excused(done.status(), subject)) return;
    if (kind == LedgerKind::kUnrestricted && (!known || subject.unsure)) {
      // Of somebody unknown there is nothing to lift.
      FUZZ_CHECK(done.ok() ? known : done.status().code() == Code::kNotFound);
      if (!known) model_.subjects.erase(number);
      if (!done.ok()) return;
    }
    CheckSuccess(done.status());
    Model::Say(subject, kind, purpose);
  }

  void Rectify(uint8_t number) {
    const Purpose purpose = kPurposes[choices_.Below(2)];
    const Field field = kFields[choices_.Below(3)];
    const Slot slot = SlotOf(field, AnySlot());
    const size_t value_at = choices_.Below(4);
    const std::string value(field == Field::kPan ? kPans[value_at] : kTexts[value_at]);
    const std::string_view acting = kPurposeNames[static_cast<size_t>(purpose)];
    if (const Status held = world_.vault().As(acting).status(); !held.ok()) return CheckSays(held);
    const std::string ref = RefOf(number);
    const auto done = WithFaults([&] {
      std::vector<FieldInput> fields;
      fields.emplace_back(NameOf(field), MakeSecret(value));
      // A session that is still there when the vault is opened again would keep it open.
      return world_.vault().As(acting)->Rectify(
          {.who = Who::Ref(ref),
           .category = CategoryOf(field),
           .record = field == Field::kName ? std::nullopt : std::optional(IdOf(slot)),
           .fields = std::move(fields)});
    });
    CheckSays(done.status());
    const auto found = model_.subjects.find(number);
    if (found == model_.subjects.end()) {
      faulty_ = false;
      FUZZ_CHECK(!done.ok());
      return;
    }
    ModelSubject& subject = found->second;
    subject.offered.push_back(value);
    if (Excused(done.status(), subject) || !done.ok()) return;
    subject.spoke = true;  // an entry of the ledger
    const auto record = subject.records.find(slot);
    if (subject.unsure && record == subject.records.end()) return;
    FUZZ_CHECK(record != subject.records.end());
    if (!subject.unsure) FUZZ_CHECK(MayRectify(subject, record->second, purpose, field));
    record->second.values[static_cast<size_t>(field)] = value;
    record->second.stored[static_cast<size_t>(field)] = true;
    if (field == Field::kPan) record->second.stored[static_cast<size_t>(Field::kLast4)] = true;
  }
  // Restriction does not stop putting right.
  bool MayRectify(ModelSubject subject, const ModelRecord& record, Purpose purpose,
                  Field field) const {
    subject.restricted = false;
    return model_.MayRead(subject, record, purpose, field);
  }

  void Erase(uint8_t number) {
    const std::string ref = RefOf(number);
    const bool rights = world_.holder() == VaultWorld::Holder::kAll;
    const bool defer = choices_.Flag();
    const auto done =
        WithFaults([&] { return world_.vault().Erase(Who::Ref(ref), {.defer = defer}); });
    CheckSays(done.status());
    const auto found = model_.subjects.find(number);
    if (!rights) {
      faulty_ = false;
      FUZZ_CHECK(done.status().code() == Code::kRefused);
      return;
    }
    if (found == model_.subjects.end()) {
      if (std::exchange(faulty_, false) && !done.ok()) return world_.Reopen();
      FUZZ_CHECK(done.ok() && done->unknown == 1);
      return;
    }
    if (Excused(done.status(), found->second)) return;
    FUZZ_CHECK(done.ok() && (found->second.unsure || done->subjects == 1));
    if (!found->second.unsure) FUZZ_CHECK(done->records == found->second.records.size());
    model_.subjects.erase(found);
  }

  // Reading by a value gives what finding by it finds, with that value.
  void CheckReadWhere(Session& session, const Secret& pan, const std::vector<Found>& found) {
    const auto records =
        session.ReadWhere({.category = "card", .field = "pan", .value = pan, .fields = {"pan"}});
    CheckSays(records.status());
    CheckSuccess(records.status());
    FUZZ_CHECK(records->size() == found.size());
    for (size_t i = 0; i < found.size(); ++i) {
      const Record& record = (*records)[i];
      FUZZ_CHECK(record.id == found[i].record && record.handle == found[i].handle);
      const bool same = record.At("pan").Reveal([&](std::string_view mine) {
        return pan.Reveal([&](std::string_view sought) { return mine == sought; });
      });
      FUZZ_CHECK(same);
    }
  }

  void Find(std::string_view pan) {
    auto session = world_.vault().As("billing");
    FUZZ_CHECK(session.ok() == Holds(Purpose::kBilling));
    if (!session.ok()) return CheckSays(session.status());
    const Secret value = MakeSecret(pan);
    const auto found = session->Find({.category = "card", .field = "pan", .value = value});
    CheckSays(found.status());
    CheckSuccess(found.status());
    CheckReadWhere(*session, value, *found);
    std::multiset<Slot> hits;
    for (const Found& each : *found) hits.insert(static_cast<Slot>(each.record.bytes[0] - 1));
    for (const auto& [number, subject] : model_.subjects) {
      if (subject.unsure) return;
    }
    std::multiset<Slot> may;
    std::multiset<Slot> must;
    for (const auto& [number, subject] : model_.subjects) {
      for (const auto& [slot, record] : subject.records) {
        if (!record.stored[static_cast<size_t>(Field::kPan)] ||
            ValueOf(record, Field::kPan) != pan ||
            !model_.MayRead(subject, record, Purpose::kBilling, Field::kPan)) {
          continue;
        }
        may.insert(slot);
        if (!subject.spoke) must.insert(slot);
      }
    }
    FUZZ_CHECK(std::includes(may.begin(), may.end(), hits.begin(), hits.end()));
    FUZZ_CHECK(std::includes(hits.begin(), hits.end(), must.begin(), must.end()));
  }

  void Read(uint8_t number, Purpose purpose, Field field, Slot any) {
    const Slot slot = SlotOf(field, any);
    auto session = world_.vault().As(kPurposeNames[static_cast<size_t>(purpose)]);
    FUZZ_CHECK(session.ok() == Holds(purpose));
    if (!session.ok()) return CheckSays(session.status());
    const std::string ref = RefOf(number);
    const auto read =
        session->Read({.who = Who::Ref(ref),
                       .category = CategoryOf(field),
                       .record = field == Field::kName ? std::nullopt : std::optional(IdOf(slot)),
                       .fields = {NameOf(field)}});
    CheckSays(read.status());
    const auto found = model_.subjects.find(number);
    if (found == model_.subjects.end()) return CheckNobody(read, purpose, field);
    const ModelSubject& subject = found->second;
    const auto record = subject.records.find(slot);
    if (subject.unsure) return CheckOffered(read, field, subject);
    if (record == subject.records.end()) return CheckNobody(read, purpose, field);
    CheckAnswer(read, subject, record->second, {purpose, field});
  }

  // Of whom nothing is known, and what is not there.
  void CheckNobody(const Result<Record>& read, Purpose purpose, Field field) const {
    FUZZ_CHECK(!read.ok());
    if (purpose != Purpose::kNews || BasisOf(purpose, field) == Basis::kNone) return;
    CheckUntold(read.status());
  }
  // The one answer of a purpose that may not know who exists.
  static void CheckUntold(const Status& status) {
    FUZZ_CHECK(status.code() == Code::kNotFound && status.name() == "vault.not-found");
    static const std::string first = std::string(status.message()) + std::string(status.hint());
    FUZZ_CHECK(first == std::string(status.message()) + std::string(status.hint()));
  }

  static std::optional<std::string> ValueIn(const Result<Record>& read, Field field) {
    if (!read.ok() || !read->Has(NameOf(field))) return std::nullopt;
    return read->At(NameOf(field)).Reveal([](std::string_view text) { return std::string(text); });
  }

  static void CheckOffered(const Result<Record>& read, Field field, const ModelSubject& subject) {
    const auto value = ValueIn(read, field);
    FUZZ_CHECK(!value ||
               std::any_of(subject.offered.begin(), subject.offered.end(),
                           [&](const std::string& each) { return each.ends_with(*value); }));
  }

  struct Asked {
    Purpose purpose;
    Field field;
  };
  void CheckAnswer(const Result<Record>& read, const ModelSubject& subject,
                   const ModelRecord& record, const Asked& asked) const {
    const auto value = ValueIn(read, asked.field);
    const bool there = record.stored[static_cast<size_t>(asked.field)];
    if (value) FUZZ_CHECK(there && *value == ValueOf(record, asked.field));
    if (!model_.MayRead(subject, record, asked.purpose, asked.field)) {
      FUZZ_CHECK(!read.ok());
      if (asked.purpose == Purpose::kNews && BasisOf(asked.purpose, asked.field) != Basis::kNone)
        CheckUntold(read.status());
      return;
    }
    if (!there) return;
    if (value) return;
    // Allowed, and no value: only while keys are on their way, after something was said.
    FUZZ_CHECK(!read.ok() && subject.spoke);
    FUZZ_CHECK(Waits(read.status()) || read.status().code() == Code::kNotFound);
  }

  void ReadEverything() {
    model_.now_ms = world_.clock.Now().unix_ms;
    for (uint8_t number = 0; number < 4; ++number) {
      for (const Purpose purpose : kPurposes) {
        for (const Field field : kFields) {
          for (Slot slot = 0; slot < (field == Field::kName ? 1 : 3); ++slot) {
            Read(number, purpose, field, slot);
          }
        }
      }
    }
    for (const std::string_view pan : kPans) Find(pan);
  }

  Choices choices_;
  VaultWorld world_;
  Model model_;
  bool faulty_ = false;
};

void RunVaultOps(ByteView input) {
  if (input.size() > 256) return;
  Run(input).Go();
}

// One call each: what, who, then what the call wants; see Step.
std::vector<Bytes> VaultOpsSeeds() {
  const Bytes card = {0, 0, 0, 0, 0, 0, 0, 0};  // a pan of the first subject
  const Bytes note = {0, 0, 1, 1, 1, 0, 1, 0};  // a note under the wide notice
  const Bytes name = {0, 1, 2, 0, 2, 0, 1, 0};  // a profile
  const Bytes yes = {5, 0, 0, 2, 0};            // news, please
  const Bytes no = {5, 0, 1, 0, 0};             // no billing
  const Bytes restrict_all = {5, 1, 4, 0, 0};
  const Bytes upkeep = {9, 0};
  const Bytes later = {10, 0, 100};
  const Bytes collector = {11, 0, 1};
  const Bytes all = {11, 0, 0};
  const Bytes rectify = {7, 0, 0, 0, 0, 2, 0};
  const Bytes erase = {8, 0, 0, 0};
  const Bytes find = {4, 0, 0};
  const Bytes faulty = {0, 0, 0, 1, 3, 0, 0, 0x33};  // the fourth operation fails
  std::vector<Bytes> seeds;
  const auto join = [&](std::initializer_list<const Bytes*> parts) {
    Bytes joined;
    for (const Bytes* part : parts) joined.insert(joined.end(), part->begin(), part->end());
    seeds.push_back(joined);
  };
  join({&card, &note, &yes, &name, &upkeep, &find});
  join({&card, &no, &upkeep, &card, &restrict_all, &name});
  join({&collector, &card, &note, &all, &find, &later, &rectify, &find});
  join({&card, &erase, &card, &faulty, &later, &later, &erase, &upkeep});
  return seeds;
}

const Registered registered_vault_ops({"vault_ops", RunVaultOps, VaultOpsSeeds});

}  // namespace
}  // namespace bailee::fuzz
