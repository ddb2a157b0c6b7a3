// SPDX-License-Identifier: Apache-2.0
#include <map>

#include "policy/decide.h"
#include "record/kind.h"
#include "record/terms.h"
#include "record/view.h"
#include "support/raw_reader.h"
#include "vault/stories.h"

// Every keyring against every datum the policy lets in: what Decide allows is read with the right
// value, what it refuses is refused, and the keys alone open exactly the same.
namespace bailee {
namespace {

using policy::Policy;
using testing::IsOk;
using testing::StatusOf;

constexpr std::string_view kCase = "2013-CV-17";

// A value of this kind that differs from datum to datum where the kind allows it.
std::string RawValue(Kind kind, size_t number) {
  const std::string n = std::to_string(number);
  switch (kind) {
    case Kind::kEmail:
      return "person" + n + "@host" + n + ".example.org";
    case Kind::kPan:
      return std::string(number % 2 == 0 ? kCardNumber : kOtherCardNumber);
    case Kind::kExpiry:
      return number % 2 == 0 ? "12/15" : "11/16";
    case Kind::kIban:
      return "DE89370400440532013000";
    case Kind::kIp:
      return "192.0." + std::to_string(number % 250) + ".7";
    case Kind::kTime:
      return "2013-05-3" + std::to_string(number % 2) + "T10:00:00Z";
    case Kind::kUrl:
      return "https://host" + n + ".example.org/path" + n + "?q=1";
    case Kind::kCountry:
      return number % 2 == 0 ? "AT" : "DE";
    case Kind::kLanguage:
      return number % 2 == 0 ? "en" : "de";
    case Kind::kInteger:
      return n;
    default:
      return "value " + n;
  }
}

// One datum that was taken in.
struct Held {
  size_t number = 0;
  std::string who;
  bool browser = false;
  policy::CategoryIndex category;
  RecordId id;  // zero in a category that holds ONE
  policy::TermsIndexes terms;
  Timestamp collected_at;
  Handle handle;
  std::set<std::string, std::less<>> given;  // fields
};

class Matrix : public ::testing::Test {
 protected:
  // Tries every combination of category, notice, source, controller and age.
  void Fill(const std::vector<std::string>& purposes) {
    Vault vault = vault_.Open(purposes);
    size_t refused = 0;
    for (uint16_t c = 0; c < policy_->categories().size(); ++c) {
      for (uint16_t n = 0; n < policy_->notices().size(); ++n) {
        for (uint16_t s = 0; s < policy_->sources().size(); ++s) {
          for (const bool partner : {false, true}) {
            for (const int64_t age_days : {0, 60}) {
              const policy::TermsIndexes terms{
                  {n}, {s}, partner ? policy::ControllerIndex{0} : policy::ControllerIndex{}};
              if (!Store(vault, {c}, terms, age_days)) ++refused;
            }
          }
        }
      }
    }
    EXPECT_GT(held_.size(), 20u);
    EXPECT_GT(refused, held_.size());
  }

  // What nobody may use under these terms would have the whole record refused.
  bool MayBeGiven(const Held& held, const policy::FieldInfo& field) const {
    if (field.required) return true;
    const policy::TermsIndexes& terms = held.terms;
    return policy::Decide(
               *policy_, nullptr, {},
               {.action = policy::Action::kCollect,
                .category = policy_->category(held.category).id,
                .field = field.name,
                .on_behalf_of =
                    terms.controller.valid() ? policy_->controller(terms.controller).id : none_,
                .now = kJune2013,
                .notice = policy_->notice(terms.notice).id,
                .source = policy_->source(terms.source).id,
                .collected_at = held.collected_at})
        .allowed();
  }

  bool Store(Vault& vault, policy::CategoryIndex category, const policy::TermsIndexes& terms,
             int64_t age_days) {
    const policy::CategoryInfo& info = policy_->category(category);
    Held held;
    held.number = ++tried_;
    held.browser = info.about == policy::About::kBrowser;
    held.category = category;
    held.terms = terms;
    held.collected_at = {kJune2013.unix_ms - age_days * kMillisPerDay};
    // Siblings of one subject wherever a category can hold them.
    const bool many = info.holds == policy::Holds::kMany;
    held.who = many ? "user" : "user-" + std::to_string(held.number);
    if (many) held.id = IdOf(static_cast<uint8_t>(held.number % 255 + 1));
    if (many) held.id.bytes[0] = static_cast<uint8_t>(held.number >> 8);
    std::vector<FieldInput> inputs;
    const bool some =
        std::any_of(info.fields.begin(), info.fields.end(), [&](const policy::FieldInfo& field) {
          return !field.is_view() && MayBeGiven(held, field);
        });
    for (const policy::FieldInfo& field : info.fields) {
      if (field.is_view() || (some && !MayBeGiven(held, field))) continue;
      inputs.emplace_back(field.name, MakeSecret(RawValue(field.kind, held.number)));
      held.given.insert(field.name);
    }
    const std::string& controller =
        terms.controller.valid() ? policy_->controller(terms.controller).id : none_;
    Collection collection =
        vault.Collect({.who = held.browser ? Who::Tag(held.who) : Who::Ref(held.who),
                       .notice = policy_->notice(terms.notice).id,
                       .source = policy_->source(terms.source).id,
                       .on_behalf_of = controller,
                       .collected_at = held.collected_at});
    collection.Put(info.id, std::move(inputs),
                   many ? std::optional<RecordId>(held.id) : std::nullopt);
    const Result<Collected> stored = collection.Commit();
    if (!stored.ok()) {
      EXPECT_EQ(stored.status().code(), Code::kRefused) << stored.status().message();
      return false;
    }
    held.handle = stored->handle;
    held_.push_back(std::move(held));
    return true;
  }

  policy::Request RequestFor(const Held& held, std::string_view purpose, std::string_view field,
                             std::string_view on_behalf_of, policy::Action action) const {
    return {.action = action,
            .purpose = purpose,
            .category = policy_->category(held.category).id,
            .field = field,
            .on_behalf_of = on_behalf_of,
            .case_reference = kCase,
            .now = kJune2013,
            .purpose_key_held = true};
  }
  bool Allows(const Held& held, std::string_view purpose, std::string_view field,
              std::string_view on_behalf_of, policy::Action action = policy::Action::kRead) const {
    const policy::Datum datum{policy_.get(), held.terms, held.collected_at};
    return policy::Decide(*policy_, &datum, {},
                          RequestFor(held, purpose, field, on_behalf_of, action))
        .allowed();
  }

  std::string Expected(const Held& held, const policy::FieldInfo& field) const {
    const auto canonical =
        record::Normalise(field.kind, RawValue(field.kind, held.number), 1 << 20);
    EXPECT_TRUE(canonical.ok());
    if (!field.is_view()) return TextOf(*canonical);
    const auto view = canonical->Reveal([&](std::string_view text) {
      return record::ComputeView(field.transform, field.kind, text, {});
    });
    EXPECT_TRUE(view.ok());
    return TextOf(*view);
  }

  void CheckReads(Session& session, std::string_view purpose, std::string_view on_behalf_of) {
    for (const Held& held : held_) {
      const policy::CategoryInfo& category = policy_->category(held.category);
      for (const policy::FieldInfo& field : category.fields) {
        const std::string_view name = field.name;
        const bool many = category.holds == policy::Holds::kMany;
        const Result<Record> record =
            session.Read({.who = held.browser ? Who::Tag(held.who) : Who::Ref(held.who),
                          .category = category.id,
                          .record = many ? std::optional<RecordId>(held.id) : std::nullopt,
                          .fields = {name},
                          .case_reference = kCase});
        const bool allowed = Allows(held, purpose, name, on_behalf_of);
        ASSERT_EQ(record.ok(), allowed)
            << purpose << " " << category.id << "." << name << " datum " << held.number << " "
            << record.status().name() << " " << record.status().message();
        ++(allowed ? reads_ : refusals_);
        if (allowed && !held.given.contains(name.substr(0, name.find('.')))) {
          ASSERT_FALSE(record->Has(name)) << name;
        } else if (allowed) {
          ASSERT_EQ(TextOf(record->At(name)), Expected(held, field)) << name;
        }
      }
    }
  }

  // What the keys of `purpose` open, by raw bytes, and what they should.
  void CheckKeys(const RawRows& rows, std::string_view purpose) {
    const Keyring keyring = vault_.Granted("raw", {std::string(purpose)});
    RawReader reader(rows, vault_.id(), keyring.keys());
    for (const RawRows::Row& row : rows.All(store::Table::kRecords)) {
      const Held& held = HeldAt(row.first);
      ASSERT_EQ(reader.Opens(row.first, row.second), CompartmentsFor(held, purpose))
          << purpose << " " << policy_->category(held.category).id << " datum " << held.number;
    }
  }

  const Held& HeldAt(ByteView key) const {
    for (const Held& held : held_) {
      const crypto::NameId category = crypto::NameIdOf(policy_->category(held.category).id);
      if (std::equal(key.begin(), key.begin() + 16, held.handle.bytes.begin()) &&
          std::equal(key.begin() + 16, key.begin() + 24, category.bytes.begin()) &&
          std::equal(key.begin() + 24, key.end(), held.id.bytes.begin()))
        return held;
    }
    std::abort();
  }

  std::set<uint16_t> CompartmentsFor(const Held& held, std::string_view purpose) const {
    const policy::CategoryInfo& category = policy_->category(held.category);
    const std::string& controller =
        held.terms.controller.valid() ? policy_->controller(held.terms.controller).id : none_;
    std::set<uint16_t> open;
    for (uint16_t f = 0; f < category.fields.size(); ++f) {
      const policy::FieldInfo& field = category.fields[f];
      const policy::Action action =
          field.kind == Kind::kPassword ? policy::Action::kVerifyPassword : policy::Action::kRead;
      const bool opens = purpose == "upkeep" ? true
                         : purpose == "tally"
                             ? policy_->ReportPurposes(held.category, {f}, held.terms).any()
                             : Allows(held, purpose, field.name, controller, action);
      if (opens) open.insert(field.compartment.value);
    }
    return open;
  }

  void CheckEverything() {
    std::vector<std::string> purposes = {"rights"};
    for (const policy::PurposeInfo& purpose : policy_->purposes()) {
      if (purpose.leaf) purposes.push_back(purpose.id);
    }
    for (const std::string& purpose : purposes) {
      Vault vault = vault_.Open({purpose});
      for (const std::string& behalf : {std::string(), policy_->controllers()[0].id}) {
        Result<Session> session = vault.As(purpose, {.on_behalf_of = behalf});
        ASSERT_THAT(StatusOf(session), IsOk()) << purpose;
        CheckReads(*session, purpose, behalf);
        if (HasFatalFailure()) return;
      }
    }
    EXPECT_GT(reads_, 100u);
    EXPECT_GT(refusals_, 1000u);
    purposes.insert(purposes.end(), {"upkeep", "tally"});
    const RawRows rows(vault_.path());
    EXPECT_EQ(rows.Count(store::Table::kRecords), held_.size());
    for (const std::string& purpose : purposes) {
      CheckKeys(rows, purpose);
      if (HasFatalFailure()) return;
    }
  }

  const std::string none_;
  TempVault vault_{PolicyText("livelook_2013")};
  std::shared_ptr<const Policy> policy_ =
      *Policy::FromText(PolicyText("livelook_2013"), "livelook");
  std::vector<Held> held_;
  size_t tried_ = 0;
  size_t reads_ = 0;
  size_t refusals_ = 0;
};

TEST_F(Matrix, HoldsForWhatACollectorStored) {
  Fill({});
  CheckEverything();
}

// The same with symmetric wraps, made by a process that holds some of the purposes.
TEST_F(Matrix, HoldsForWhatAHolderStored) {
  Fill({"billing", "support", "service", "security", "rights"});
  CheckEverything();
}

}  // namespace
}  // namespace bailee
