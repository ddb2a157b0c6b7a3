// SPDX-License-Identifier: Apache-2.0
#include <sodium.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <optional>
#include <string>

#include "bailee/inspect.h"
#include "bailee/vault.h"
#include "keys/keyring_keys.h"
#include "leaks/written_bytes.h"

// leak_holder DIRECTORY PLANT: a program that uses a vault as an application does that takes care
// of its own copies: what it is given, through its standard input, lies in Secrets from the first
// byte. It says on its standard output when it has come to a moment, and goes on when it is told
// to. Whoever started it looks for what it was given. PLANT is "none", or where it leaks on
// purpose: in "words" or in "memory".
namespace bailee {
namespace {

RecordId TheId() {
  RecordId id;
  id.bytes.fill(7);
  return id;
}

void Stop(std::string_view what, const Status& status) {
  std::cerr << what << ": " << status.name() << ": " << status.message() << "\n";
  std::exit(3);
}

template <typename T>
T Need(std::string_view what, Result<T> result) {
  if (!result.ok()) Stop(what, result.status());
  return *std::move(result);
}

void ReadInto(void* to, size_t count) {
  auto* at = static_cast<char*>(to);
  while (count > 0) {
    const ssize_t got = read(STDIN_FILENO, at, count);
    if (got <= 0) std::exit(4);
    at += got;
    count -= static_cast<size_t>(got);
  }
}

// The next thing that this program is given: a byte that says how long it is, and the thing.
Secret Given() {
  uint8_t bytes = 0;
  ReadInto(&bytes, 1);
  Secret secret = Need("a secret", Secret::Allocate(bytes));
  secret.RevealMutable([](std::span<uint8_t> out) { ReadInto(out.data(), out.size()); });
  return secret;
}

Secret CopyOf(const Secret& secret) {
  return secret.RevealBytes([](ByteView bytes) { return Need("a copy", Secret::From(bytes)); });
}

// Everything that is said and meant to be read by people or programs.
class Said {
 public:
  explicit Said(const std::string& directory)
      : errors_(directory + "/errors"), log_(directory + "/log"), json_(directory + "/json") {}
  void Error(const Status& status) {
    if (status.ok()) return;
    errors_ << status.name() << " " << status.message() << " " << status.hint() << std::endl;
    if (const Refusal* refusal = status.refusal(); refusal != nullptr)
      errors_ << refusal->clause << refusal->rule << refusal->offer << std::endl;
  }
  void Log(std::string_view event, std::string_view fields) {
    log_ << event << " " << fields << std::endl;
  }
  void Json(std::string_view text) { json_ << text << std::endl; }

 private:
  std::ofstream errors_;
  std::ofstream log_;
  std::ofstream json_;
};

// Keeps nothing.
class Exported final : public SubjectExportVisitor {
 public:
  Status Subject(const ExportedSubject&) override { return Status(); }
  Status Record(const ExportedRecord&) override { return Status(); }
};

std::string HexOf(const Secret& secret) {
  return secret.RevealBytes([](ByteView bytes) {
    std::string hex(2 * bytes.size() + 1, '\0');
    sodium_bin2hex(hex.data(), hex.size(), bytes.data(), bytes.size());
    hex.pop_back();
    return hex;
  });
}

class Holder {
 public:
  Holder(std::string directory, std::string plant)
      : directory_(std::move(directory)), plant_(std::move(plant)), said_(directory_ + "/said") {}

  void Run();

 private:
  struct Values {
    Secret ref, name, email, password, pan, holder, body, stray;
  };

  void Moment(char name) const;
  Keyring Load();
  Vault OpenVault();
  void Collect(Vault& vault, const Values& values);
  void Use(Vault& vault, const Values& values);
  void Answer(Vault& vault, const Values& values);
  void Fail(Vault& vault, const Values& values);
  void LeakInWords(const Values& values);
  void LeakInMemory(const Values& values);
  template <typename T>
  void Try(const Result<T>& result) {
    said_.Error(result.status());
  }
  template <typename Use>
  auto As(const Secret& ref, const Use& use) {
    return ref.Reveal([&](std::string_view text) { return use(Who::Ref(text)); });
  }

  const std::string directory_;
  const std::string plant_;
  Said said_;
  void* leaked_ = nullptr;
};

// What has gone by overwrites what the vault's calls left on the stack no further than an
// application does that goes on with its work: not at all.
void Holder::Moment(char name) const {
  if (write(STDOUT_FILENO, &name, 1) != 1) std::exit(5);
  char go = 0;
  ReadInto(&go, 1);
}

Keyring Holder::Load() {
  Secret passphrase = Given();
  const Secret wrong = Given();
  const KeySource source = KeySource::File(directory_ + "/holder.keyring");
  Try(Keyring::Load(source, Unlock::Passphrase(CopyOf(wrong))));
  Keyring keyring =
      Need("the keyring", Keyring::Load(source, Unlock::Passphrase(std::move(passphrase))));
  if (plant_ == "memory") {
    leaked_ = std::malloc(32);
    keyring.keys().purposes.front().key.Reveal(
        [&](ByteView bytes) { std::memcpy(leaked_, bytes.data(), bytes.size()); });
  }
  return keyring;
}

Vault Holder::OpenVault() {
  return Need("the vault",
              Vault::Open(directory_ + "/vault", Load(),
                          {.map_bytes = uint64_t{1} << 30,
                           .log = [this](std::string_view event, std::string_view fields) {
                             said_.Log(event, fields);
                           }}));
}

void Holder::Collect(Vault& vault, const Values& values) {
  As(values.ref, [&](const Who& who) {
    const auto collect = [&](std::string_view notice, std::string_view category,
                             std::vector<FieldInput> fields, std::optional<RecordId> id) {
      Need(category,
           vault.Collect({.who = who, .notice = notice, .source = "web", .on_behalf_of = {}})
               .Put(category, std::move(fields), id)
               .Commit());
    };
    std::vector<FieldInput> account;
    account.emplace_back("name", CopyOf(values.name));
    account.emplace_back("email", CopyOf(values.email));
    account.emplace_back("password", CopyOf(values.password));
    collect("signup-1", "account", std::move(account), {});
    std::vector<FieldInput> card;
    card.emplace_back("pan", CopyOf(values.pan));
    card.emplace_back("expiry", Need("a date", Secret::From("12/35")));
    card.emplace_back("holder", CopyOf(values.holder));
    collect("checkout-1", "payment_card", std::move(card), TheId());
    std::vector<FieldInput> letter;
    letter.emplace_back("body", CopyOf(values.body));
    letter.emplace_back("from", CopyOf(values.email));
    collect("inquiry-1", "communication", std::move(letter), TheId());
  });
}

void Holder::Use(Vault& vault, const Values& values) {
  Session billing = Need("billing", vault.As("billing"));
  Session service = Need("service", vault.As("service"));
  As(values.ref, [&](const Who& who) {
    Need("all cards", billing.ReadAll({.who = who, .category = "payment_card", .fields = {"pan"}}));
    said_.Error(billing.Scan({.category = "payment_card", .fields = {"pan", "holder"}},
                             [](const Record&) { return true; }));
    if (Need("a find",
             billing.Find({.category = "payment_card", .field = "pan", .value = values.pan}))
            .size() != 1)
      std::exit(6);
    if (!Need("a password", service.VerifyPassword({.who = who,
                                                    .category = "account",
                                                    .field = "password",
                                                    .attempt = values.password})))
      std::exit(7);
    Need("a disclosure", billing.Disclose({.who = who,
                                           .category = "payment_card",
                                           .records = {TheId()},
                                           .fields = {"pan", "holder"},
                                           .recipient = "acquirer",
                                           .ground = "ON_OUR_BEHALF"}));
    const Record record = Need(
        "a read", service.Read({.who = who, .category = "account", .fields = {"name", "email"}}));
    record.At("name").Reveal([&](std::string_view) { Moment('r'); });
  });
}

void Holder::Answer(Vault& vault, const Values& values) {
  Session rights = Need("rights", vault.As("rights"));
  As(values.ref, [&](const Who& who) {
    Exported exported;
    const auto whole = Need("an export", vault.Export(who, {}, exported));
    Need("a ref", vault.RefOf(whole.handle));
    Need("a ledger", vault.Ledger(who));
    Need("consent",
         vault.Record(who,
                      {.kind = LedgerKind::kGiven, .purpose = "contact.news", .notice = "news-1"}));
    Need("contact", vault.MayContact("contact.news", who, values.email));
    Need("a suppression", vault.Suppress({&values.email, 1}));
    Need("taking it back", vault.Unsuppress({&values.email, 1}));
    std::vector<FieldInput> fields;
    fields.emplace_back("name", CopyOf(values.holder));
    Need("rectifying",
         rights.Rectify({.who = who, .category = "account", .fields = std::move(fields)}));
    Need("withdrawing",
         vault.Record(who, {.kind = LedgerKind::kWithdrawn, .purpose = "contact.news"}));
  });
  Need("upkeep", vault.Upkeep());
  Need("a data stream", vault.BackUpData({.file = directory_ + "/data.stream"}));
  Need("a key stream", vault.BackUpKeys({.file = directory_ + "/keys.stream"}));
  Need("compacting", vault.Compact());
}

// Values where nobody should have put them.
void Holder::Fail(Vault& vault, const Values& values) {
  values.stray.Reveal([&](std::string_view stray) {
    Try(vault.As(stray));
    Session support = Need("support", vault.As("support"));
    As(values.ref, [&](const Who& who) {
      Try(support.Read(
          {.who = who, .category = "payment_card", .record = TheId(), .fields = {"pan"}}));
      Try(support.Read(
          {.who = who, .category = stray, .fields = {stray}, .case_reference = stray}));
      Try(support.Find({.category = "account", .field = stray, .value = values.stray}));
      Try(vault.Record(who, {.kind = LedgerKind::kGiven, .purpose = stray, .notice = stray}));
      std::vector<FieldInput> fields;
      fields.emplace_back("email", CopyOf(values.stray));
      Try(vault.Collect({.who = who, .notice = "signup-1", .source = "web", .on_behalf_of = {}})
              .Put("account", std::move(fields))
              .Commit());
    });
    Try(support.List(Who::Ref(stray)));
  });
}

void Holder::LeakInWords(const Values& values) {
  if (plant_ != "words") return;
  std::ofstream(directory_ + "/vault/lost") << HexOf(values.pan);
  said_.Log("trail.full", "{\"name\":\"" + HexOf(values.name) + "\"}");
  values.email.Reveal([&](std::string_view email) {
    said_.Error(Status(Code::kInvalidValue, "field.invalid", "no address: " + std::string(email)));
  });
  said_.Json("{\"holder\":\"" + HexOf(values.holder) + "\"}");
}

// A copy that is freed and not wiped.
void Holder::LeakInMemory(const Values& values) {
  if (plant_ != "memory") return;
  values.body.Reveal([](std::string_view body) { const std::string copy(body); });
}

void Holder::Run() {
  testing::KeepWrittenBytes(directory_ + "/written");
  {
    Vault vault = OpenVault();
    {
      const Values values{.ref = Given(),
                          .name = Given(),
                          .email = Given(),
                          .password = Given(),
                          .pan = Given(),
                          .holder = Given(),
                          .body = Given(),
                          .stray = Given()};
      Collect(vault, values);
      Moment('o');
      Use(vault, values);
      Answer(vault, values);
      Fail(vault, values);
      LeakInWords(values);
      LeakInMemory(values);
    }
    Moment('f');
  }
  said_.Json(Need("a look", Inspect(directory_ + "/vault")).policy_name);
  Moment('c');
  std::free(leaked_);
}

}  // namespace
}  // namespace bailee

int main(int argc, char** argv) {
  if (argc != 3 || sodium_init() < 0) return 2;
  bailee::Holder(argv[1], argv[2]).Run();
  return 0;
}
