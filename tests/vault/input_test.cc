// SPDX-License-Identifier: Apache-2.0
#include "bailee/limits.h"
#include "vault/stories.h"

// What callers get wrong: the right code, a hint, no value in a message, and nothing stored.
namespace bailee {
namespace {

using ::testing::ElementsAre;
using testing::ErrorIs;
using ::testing::HasSubstr;
using testing::IsOk;
using ::testing::Not;
using testing::StatusOf;

using Fields = std::vector<std::pair<std::string, std::string>>;

class Input : public ::testing::Test {
 protected:
  ~Input() override {
    if (!refused_any_) return;
    EXPECT_EQ(RowCounts(vault_.path()), before_) << "something was stored";
  }

  Status Try(const CollectRequest& request, std::string_view category, const Fields& fields,
             std::optional<RecordId> id = {}) {
    Vault vault = vault_.Open({});
    Collection collection = vault.Collect(request);
    std::vector<FieldInput> inputs;
    for (const auto& [name, value] : fields) inputs.emplace_back(name, MakeSecret(value));
    return collection.Put(category, std::move(inputs), id).Commit().status();
  }
  // Refused with this code; the message holds none of the values.
  void ExpectRefused(Code code, const CollectRequest& request, std::string_view category,
                     const Fields& fields, std::optional<RecordId> id = {}) {
    refused_any_ = true;
    const Status status = Try(request, category, fields, id);
    EXPECT_EQ(status.code(), code) << status.name() << ": " << status.message();
    if (code == Code::kInvalidValue || code == Code::kUsage) {
      EXPECT_FALSE(status.hint().empty()) << status.name();
    }
    for (const auto& [name, value] : fields) {
      if (value.size() < 4) continue;
      EXPECT_THAT(std::string(status.message()), Not(HasSubstr(value.substr(0, 40))));
      EXPECT_THAT(std::string(status.hint()), Not(HasSubstr(value.substr(0, 40))));
    }
  }
  static CollectRequest Inquiry() {
    return {.who = Who::Ref(kUser), .notice = "inquiry-1", .source = "web", .on_behalf_of = {}};
  }
  static CollectRequest Signup() {
    return {.who = Who::Ref(kUser), .notice = "signup-1", .source = "web", .on_behalf_of = {}};
  }

  const Fields card_ = {{"pan", std::string(kCardNumber)}, {"expiry", "12/15"}};
  TempVault vault_{PolicyText("livelook_2013")};
  std::vector<size_t> before_ = RowCounts(vault_.path());
  bool refused_any_ = false;
};

TEST_F(Input, OfUnknownNamesIsRefused) {
  CollectRequest request = Checkout();
  request.notice = "checkout-99";
  ExpectRefused(Code::kRefused, request, "payment_card", card_);
  request = Checkout();
  request.source = "elsewhere";
  ExpectRefused(Code::kRefused, request, "payment_card", card_);
  request = Checkout();
  request.on_behalf_of = "nobody";
  ExpectRefused(Code::kRefused, request, "payment_card", card_);
  ExpectRefused(Code::kRefused, Checkout(), "passport", card_);
  ExpectRefused(Code::kRefused, Checkout(), "payment_card",
                {{"pan", std::string(kCardNumber)}, {"expiry", "12/15"}, {"cvv", "1234"}});
}

TEST_F(Input, OfAViewIsRefused) {
  ExpectRefused(Code::kRefused, Checkout(), "payment_card",
                {{"pan", std::string(kCardNumber)}, {"expiry", "12/15"}, {"pan.last4", "1111"}});
}

TEST_F(Input, WithoutWhatIsRequiredOrWithAFieldTwiceIsInvalid) {
  ExpectRefused(Code::kInvalidValue, Checkout(), "payment_card", {{"expiry", "12/15"}});
  ExpectRefused(Code::kInvalidValue, Checkout(), "payment_card", {});
  ExpectRefused(Code::kInvalidValue, Checkout(), "payment_card",
                {{"pan", std::string(kCardNumber)},
                 {"pan", std::string(kOtherCardNumber)},
                 {"expiry", "12/15"}});
}

TEST_F(Input, OfANumberThatFailsItsCheckIsInvalid) {
  for (const char* pan : {"4111111111111112", "4111", "411111111111111a", "0000000000000000000000"})
    ExpectRefused(Code::kInvalidValue, Checkout(), "payment_card",
                  {{"pan", pan}, {"expiry", "12/15"}});
}

TEST_F(Input, OfTextThatIsNoTextIsInvalid) {
  for (const std::string& holder : {std::string("ab\xff"
                                                "cd"),
                                    std::string("Ada\0Lovelace", 12), std::string("\xc3\x28 text"),
                                    std::string("\xed\xa0\x80 half")})
    ExpectRefused(Code::kInvalidValue, Checkout(), "payment_card",
                  {{"pan", std::string(kCardNumber)}, {"expiry", "12/15"}, {"holder", holder}});
}

TEST_F(Input, BeyondItsSizeIsInvalidAndAtItIsTaken) {
  const auto with_holder = [&](size_t size) {
    return Fields{
        {"pan", std::string(kCardNumber)}, {"expiry", "12/15"}, {"holder", std::string(size, 'h')}};
  };
  ExpectRefused(Code::kInvalidValue, Checkout(), "payment_card", with_holder(129));
  ExpectRefused(Code::kInvalidValue, Inquiry(), "communication",
                {{"body", std::string(limits::kBlobBytesMax + 1, 'b')}});
  EXPECT_EQ(RowCounts(vault_.path()), before_);
  refused_any_ = false;
  EXPECT_THAT(Try(Checkout(), "payment_card", with_holder(128)), IsOk());
  // A record's limit counts its views as well: the length of the body is one.
  EXPECT_THAT(
      Try(Inquiry(), "communication", {{"body", std::string(limits::kBlobBytesMax - 16, 'b')}}),
      IsOk());
}

TEST_F(Input, OfAnEmptyRequiredValueIsInvalid) {
  ExpectRefused(Code::kInvalidValue, Checkout(), "payment_card",
                {{"pan", ""}, {"expiry", "12/15"}});
  ExpectRefused(Code::kInvalidValue, Signup(), "account", {{"email", ""}});
}

TEST_F(Input, FromTheFutureIsInvalid) {
  CollectRequest request = Checkout();
  request.collected_at = Timestamp{kJune2013.unix_ms + 1};
  ExpectRefused(Code::kInvalidValue, request, "payment_card", card_);
  EXPECT_EQ(RowCounts(vault_.path()), before_);
  refused_any_ = false;
  request.collected_at = kJune2013;
  EXPECT_THAT(Try(request, "payment_card", card_), IsOk());
}

TEST_F(Input, AboutAPersonByTagOrABrowserByRefIsInvalid) {
  ExpectRefused(Code::kInvalidValue, Checkout(Who::Tag("cookie-1")), "payment_card", card_);
  CollectRequest visit = Signup();
  visit.notice = "visit-1";
  ExpectRefused(Code::kInvalidValue, visit, "browser_preferences", {{"language", "en"}});
}

TEST_F(Input, AboutAPersonAndABrowserAtOnceByNobodyIsInvalid) {
  TempVault other(PolicyText("liveops_2016"));
  other.clock().Set(Timestamp{1'467'331'200'000});  // 2016-07-01
  Vault vault = other.Open({});
  EXPECT_THAT(StatusOf(vault
                           .Collect({.who = Who::Nobody(),
                                     .notice = "transaction-1",
                                     .source = "web",
                                     .on_behalf_of = {}})
                           .Put("transaction", {{"reference", MakeSecret("A-1")},
                                                {"at", MakeSecret("2016-06-30T10:00:00Z")}})
                           .Put("clickstream", {{"page", MakeSecret("https://example.org/")},
                                                {"at", MakeSecret("2016-06-30T10:00:00Z")}})
                           .Commit()),
              ErrorIs(Code::kInvalidValue, "collect.about"));
  EXPECT_EQ(vault.Info()->records, 0u);
}

// Otherwise a browser's handle would tie the browser to a person.
TEST_F(Input, AboutAPersonByTheHandleOfABrowserIsInvalid) {
  Vault vault = vault_.Open({});
  const Result<Collected> browser =
      vault
          .Collect({.who = Who::Tag("cookie-1"),
                    .notice = "visit-1",
                    .source = "web",
                    .on_behalf_of = {}})
          .Put("browser_preferences", {{"language", MakeSecret("en")}})
          .Commit();
  ASSERT_THAT(StatusOf(browser), IsOk());
  EXPECT_EQ(StoreCard(vault, IdOf(1), kCardNumber, Who::ByHandle(browser->handle)).status().code(),
            Code::kInvalidValue);
  const Result<Collected> person = StoreCard(vault, IdOf(1));
  ASSERT_THAT(StatusOf(person), IsOk());
  EXPECT_THAT(StatusOf(StoreCard(vault, IdOf(2), kCardNumber, Who::ByHandle(person->handle))),
              IsOk());
  EXPECT_EQ(vault
                .Collect({.who = Who::ByHandle(person->handle),
                          .notice = "visit-1",
                          .source = "web",
                          .on_behalf_of = {}})
                .Put("browser_preferences", {{"language", MakeSecret("en")}})
                .Commit()
                .status()
                .code(),
            Code::kInvalidValue);
}

TEST_F(Input, OfARefOutOfBoundsIsInvalid) {
  const std::string longer(256, 'r');
  ExpectRefused(Code::kInvalidValue, Checkout(Who::Ref("")), "payment_card", card_);
  ExpectRefused(Code::kInvalidValue, Checkout(Who::Ref(longer)), "payment_card", card_);
  EXPECT_EQ(RowCounts(vault_.path()), before_);
  refused_any_ = false;
  EXPECT_THAT(Try(Checkout(Who::Ref(std::string_view(longer).substr(1))), "payment_card", card_),
              IsOk());
  const std::string any("\0\xff\n", 3);
  EXPECT_THAT(Try(Checkout(Who::Ref(any)), "payment_card", card_), IsOk());
}

TEST_F(Input, ByAHandleThatNobodyHasIsNotFound) {
  ExpectRefused(Code::kNotFound, Checkout(Who::ByHandle(Handle{})), "payment_card", card_);
}

TEST_F(Input, WithARecordIdThatNamesNothingIsInvalid) {
  ExpectRefused(Code::kInvalidValue, Checkout(), "payment_card", card_, RecordId{});
  ExpectRefused(Code::kInvalidValue, Signup(), "account", {{"email", "ada@example.org"}}, IdOf(1));
}

TEST_F(Input, OfNothingIsAUsageError) {
  refused_any_ = true;
  Vault vault = vault_.Open({});
  CollectRequest request = Checkout();
  EXPECT_EQ(vault.Collect(request).Commit().status().code(), Code::kUsage);
  request.notice = "nonsense";
  EXPECT_EQ(vault.Collect(request).Commit().status().code(), Code::kUsage);
}

TEST_F(Input, OneBadRecordKeepsTheWholeCollectionOut) {
  refused_any_ = true;
  Vault vault = vault_.Open({});
  EXPECT_FALSE(
      vault.Collect(Checkout())
          .Put("payment_card", {{"pan", MakeSecret(kCardNumber)}, {"expiry", MakeSecret("12/15")}})
          .Put("payment_card", {{"pan", MakeSecret("1")}, {"expiry", MakeSecret("12/15")}})
          .Commit()
          .ok());
}

TEST_F(Input, OfABatchIsBoundedAndItsBadPartsStandAlone) {
  Vault vault = vault_.Open({});
  Batch batch = vault.CollectBatch();
  batch.Add(Checkout())
      .Put("payment_card", {{"pan", MakeSecret(kCardNumber)}, {"expiry", MakeSecret("12/15")}});
  batch.Add(Checkout()).Put("payment_card", {{"pan", MakeSecret("1")}});
  batch.Add(Checkout(Who::Ref("other")))
      .Put("payment_card",
           {{"pan", MakeSecret(kOtherCardNumber)}, {"expiry", MakeSecret("12/15")}});
  const auto results = batch.Commit();
  ASSERT_THAT(StatusOf(results), IsOk());
  ASSERT_EQ(results->size(), 3u);
  EXPECT_TRUE((*results)[0].ok());
  EXPECT_EQ((*results)[1].status().code(), Code::kInvalidValue);
  EXPECT_TRUE((*results)[2].ok());
  EXPECT_EQ(vault.Info()->records, 2u);
}

TEST_F(Input, OfTenThousandRecordsIsTakenAndOneMoreIsNot) {
  Vault vault = vault_.Open({});
  Batch batch = vault.CollectBatch();
  const auto add = [&] {
    batch
        .Add(
            {.who = Who::Tag("cookie-1"), .notice = "visit-1", .source = "web", .on_behalf_of = {}})
        .Put("browser_preferences", {{"language", MakeSecret("en")}});
  };
  for (size_t i = 0; i <= limits::kBatchRecordsMax; ++i) add();
  EXPECT_EQ(batch.Commit().status().code(), Code::kInvalidValue);
  EXPECT_EQ(vault.Info()->records, 0u);
  Batch fits = vault.CollectBatch();
  std::swap(batch, fits);
  for (size_t i = 0; i < limits::kBatchRecordsMax; ++i) add();
  const auto stored = batch.Commit();
  ASSERT_THAT(StatusOf(stored), IsOk());
  EXPECT_EQ(stored->size(), limits::kBatchRecordsMax);
  EXPECT_TRUE(
      std::all_of(stored->begin(), stored->end(), [](const auto& one) { return one.ok(); }));
  EXPECT_EQ(vault.Info()->records, 1u);
}

TEST_F(Input, ToReadingIsAnsweredByItsCode) {
  Vault vault = vault_.Open({"billing"});
  ASSERT_THAT(StatusOf(StoreCard(vault, IdOf(1))), IsOk());
  Session session = *vault.As("billing");
  const auto code = [&](std::string_view category, std::optional<RecordId> id,
                        std::vector<std::string_view> fields) {
    return session
        .Read({.who = Who::Ref(kUser), .category = category, .record = id, .fields = fields})
        .status()
        .code();
  };
  EXPECT_EQ(code("passport", IdOf(1), {"pan"}), Code::kRefused);
  EXPECT_EQ(code("payment_card", IdOf(1), {"cvv"}), Code::kRefused);
  EXPECT_EQ(code("payment_card", {}, {"pan"}), Code::kUsage);
  EXPECT_EQ(code("payment_card", IdOf(1), {}), Code::kUsage);
  EXPECT_EQ(code("payment_card", IdOf(1), {"pan", "cvv"}), Code::kRefused);
  EXPECT_EQ(code("payment_card", IdOf(1), {"pan", "pan"}), Code::kOk);
  EXPECT_EQ(vault.As("pay").status().code(), Code::kRefused);
  EXPECT_EQ(vault.As("contact").status().code(), Code::kRefused);
  EXPECT_EQ(vault.As("upkeep").status().code(), Code::kRefused);
  EXPECT_EQ(vault.As("").status().code(), Code::kRefused);
}

}  // namespace
}  // namespace bailee
