// SPDX-License-Identifier: Apache-2.0
// Makes a vault with something of everything, and writes as JSON what the library itself reads from
// it with each keyring: make_vault OUT. In OUT: pending/ and folded/ (the same vault before and
// after its pending lookups became rows), keyrings, expected.json.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "bailee/policy.h"
#include "base/file.h"
#include "base/hex.h"
#include "policy/policy.h"
#include "support/must.h"
#include "support/temp_vault.h"

namespace bailee {
namespace {

using Json = nlohmann::json;
using Texts = std::vector<std::string>;

constexpr std::string_view kPans[] = {"4111111111111111", "5500000000000004", "340000000000009",
                                      "30000000000004",   "6011000000000004", "3530111333300000",
                                      "4012888888881881", "5105105105105100"};

std::string Hex(std::string_view text) { return ToHex(AsBytes(text)); }
std::string Hex(const Secret& secret) {
  return secret.Reveal([](std::string_view text) { return Hex(text); });
}

struct Stored {
  Handle handle;
  RecordId record;
  std::string category;
};

// A holder: a keyring file and what it may act for.
struct Actor {
  std::string name;
  Texts purposes;
  std::string keyring;  // file name in OUT
};

class Maker {
 public:
  explicit Maker(std::string out) : out_(std::move(out)) {
    std::filesystem::create_directories(out_);
    const CreatedVault created =
        Must(Vault::Create(Path("vault"),
                           {.policy_text = PolicyText("livelook_2013"), .clock = &clock_}),
             "create");
    for (const auto* kind : {&created.reserved, &created.origins}) {
      for (const KeyringFile& file : *kind) WriteKeyring(file.name, file.bytes);
    }
  }

  std::string Path(std::string_view name) const { return out_ + "/" + std::string(name); }

  void WriteKeyring(const std::string& name, const Secret& bytes) {
    Must(SystemFiles().WriteNewSecret(Path(name + ".keyring"), bytes), name);
  }

  Keyring Load(const std::string& name) const {
    return Must(Keyring::Load(KeySource::File(Path(name + ".keyring"))), name);
  }

  Actor Grant(const std::string& name, const Texts& purposes,
              const Unlock& lock = Unlock::Nothing()) {
    const Keyring authority = Load("authority");
    std::vector<Keyring> origins;
    origins.push_back(Load("storage"));
    for (const std::string& purpose : purposes) origins.push_back(Load(purpose));
    std::vector<const Keyring*> sources;
    sources.reserve(origins.size());
    for (const Keyring& origin : origins) sources.push_back(&origin);
    const std::string file = "actor-" + name;
    WriteKeyring(
        file, Must(bailee::Grant(authority, sources, {name, purposes}, lock, clock_), name).bytes);
    return {name, purposes, file};
  }

  Vault Open(const Actor& actor) {
    return Must(Vault::Open(Path("vault"), Load(actor.keyring),
                            {.clock = &clock_, .map_bytes = uint64_t{1} << 30}),
                actor.name);
  }

  void CopyTo(std::string_view name) {
    std::filesystem::create_directories(Path(name));
    std::filesystem::copy_file(Path("vault/data.mdb"), Path(name) + "/data.mdb");
    std::filesystem::copy_file(Path("vault/epoch"), Path(name) + "/epoch");
  }

  // Collects one record and remembers it.
  RecordId Put(Vault& vault, const CollectRequest& request, std::string_view category,
               std::initializer_list<std::pair<std::string_view, std::string_view>> fields,
               std::optional<RecordId> record = {}) {
    std::vector<FieldInput> inputs;
    for (const auto& [name, value] : fields) inputs.emplace_back(name, MakeSecret(value));
    const Collected collected =
        Must(vault.Collect(request).Put(category, std::move(inputs), record).Commit(), category);
    const Stored stored{collected.handle, collected.records.front(), std::string(category)};
    if (collected.replaced == 0) stored_.push_back(stored);
    clock_.AdvanceMillis(1000);
    return stored.record;
  }

  void Fill(const Actor& collector, const Actor& billing, const Actor& service);
  void FillCards(Vault& vault);
  void LeavePending(const Actor& collector);
  void Speak(const Actor& service);
  void AskErasure(const Actor& rights);
  void Upkeep(const Actor& upkeep) { Must(Open(upkeep).Upkeep(), "upkeep"); }

  // Everything that the sessions of this actor release, field by field.
  Json ReadAll(const Actor& actor);
  Json FindAll(const Actor& actor);
  Json Ledgers(const Actor& rights);
  const std::vector<Stored>& stored() const { return stored_; }

 private:
  // A clock that the maker moves.
  class MovingClock final : public Clock {
   public:
    Timestamp Now() const override { return now_; }
    void AdvanceMillis(int64_t millis) { now_.unix_ms += millis; }

   private:
    Timestamp now_ = kJune2013;
  };

  void ReadRecord(Session& session, const Stored& stored, Json& values);

  std::string out_;
  MovingClock clock_;
  std::vector<Stored> stored_;
};

CollectRequest Under(const Who& who, std::string_view notice, std::string_view source = "web",
                     std::string_view on_behalf_of = {}) {
  return {.who = who, .notice = notice, .source = source, .on_behalf_of = on_behalf_of};
}

// More cards of one person than write-only generations have room for, so that wraps travel with the
// last ones; each commit is a generation.
void Maker::FillCards(Vault& vault) {
  const CollectRequest request = Under(Who::Ref("user-0"), "checkout-1");
  for (const std::string_view pan : kPans) {
    Put(vault, request, "payment_card",
        {{"pan", pan}, {"expiry", "12/15"}, {"holder", "A. Person"}});
  }
}

void Maker::Fill(const Actor& collector, const Actor& billing, const Actor& service) {
  RecordId overwritten;
  {
    Vault vault = Open(collector);
    Put(vault, Under(Who::Ref("user-0"), "signup-1"), "account",
        {{"name", "Ann"}, {"email", "Ann.Person@Example.org"}, {"password", "correct horse"}});
    Put(vault, Under(Who::Ref("user-1"), "signup-1"), "account", {{"email", "bob@example.com"}});
    Put(vault, Under(Who::Ref("user-2"), "partner-1", "partner-site"), "account",
        {{"name", "Cy"}, {"email", "cy@partner.example"}});
    FillCards(vault);
    overwritten = Put(vault, Under(Who::Ref("user-1"), "checkout-1"), "payment_card",
                      {{"pan", kPans[0]}, {"expiry", "01/14"}});
    Put(vault, Under(Who::Ref("user-1"), "checkout-1"), "bank_account",
        {{"iban", "GB82 WEST 1234 5698 7654 32"}, {"holder", "Bob"}});
    Put(vault, Under(Who::Ref("user-2"), "visit-1"), "web_log",
        {{"request", "https://shop.example/a/b?q=1"},
         {"ip", "192.0.2.77"},
         {"agent", "Mozilla/5.0"},
         {"language", "de-at"},
         {"at", "2013-05-30T10:11:12Z"},
         {"status", "200"},
         {"cookie", "c=1"},
         {"referrer", "https://search.example/x"}});
    Put(vault, Under(Who::Ref("user-3"), "inquiry-1", "mail"), "communication",
        {{"body", std::string_view("hello\0there", 11)},
         {"from", "Dora@Example.net"},
         {"topic", "bill"}});
    Put(vault, Under(Who::Ref("user-3"), "inquiry-1", "mail", "technology-partner"),
        "communication", {{"body", std::string(5000, 'x')}, {"from", "dora@example.net"}});
    Put(vault, Under(Who::Tag("browser-1"), "visit-1"), "browser_preferences",
        {{"language", "en-GB"}, {"layout", "7"}});
  }
  {
    Vault vault = Open(billing);
    const CollectRequest request = Under(Who::Ref("user-1"), "checkout-1");
    Put(vault, request, "payment_card", {{"pan", kPans[1]}, {"expiry", "02/14"}}, overwritten);
    Put(vault, request, "payment_card", {{"pan", kPans[2]}, {"expiry", "03/14"}}, overwritten);
    Put(vault, request, "payment_card",
        {{"pan", kPans[3]}, {"expiry", "04/14"}, {"holder", "Bob B."}});
    Put(vault, Under(Who::Ref("user-4"), "checkout-1"), "payment_card",
        {{"pan", kPans[4]}, {"expiry", "05/14"}});
  }
  Vault vault = Open(service);
  Put(vault, Under(Who::Ref("user-1"), "signup-1"), "account",
      {{"name", "Bob"}, {"email", "Bob@example.com"}, {"password", "battery staple"}});
  Put(vault, Under(Who::Ref("user-5"), "signup-1"), "account", {{"email", "eve@example.com"}});
}

void Maker::LeavePending(const Actor& collector) {
  Vault vault = Open(collector);
  Put(vault, Under(Who::Ref("user-5"), "checkout-1"), "payment_card",
      {{"pan", kPans[5]}, {"expiry", "06/14"}});
  Put(vault, Under(Who::Ref("user-6"), "checkout-1"), "payment_card",
      {{"pan", kPans[5]}, {"expiry", "07/14"}});
  Put(vault, Under(Who::Ref("user-6"), "inquiry-1", "mail"), "communication",
      {{"body", "pending"}, {"from", "Fay@Example.net"}});
}

// Something of every kind of entry; what it takes away and gives shows in what keyrings open.
void Maker::Speak(const Actor& service) {
  Vault vault = Open(service);
  const auto say = [&](std::string_view ref, const LedgerEvent& event) {
    Must(vault.Record(Who::Ref(ref), event), "record");
    clock_.AdvanceMillis(1000);
  };
  using enum LedgerKind;
  const LedgerEvent develop{
      .kind = kGiven, .purpose = "develop", .notice = "develop-1", .method = "web-form"};
  say("user-1", develop);
  say("user-0", develop);
  say("user-0", {.kind = kWithdrawn, .purpose = "develop", .method = "mail"});
  say("user-5", develop);
  say("user-5", {.kind = kObjected, .purpose = "improve"});
  say("user-5", {.kind = kDeclined, .purpose = "support", .category = "payment_card"});
  say("user-2", {.kind = kNoticeShown, .notice = "news-1", .at = kJune2013});
  say("user-2", {.kind = kNoticeShown, .notice = "news-1"});
  say("user-2", {.kind = kNamedEvent, .name = "account_closed"});
  say("user-3", {.kind = kHold, .category = "communication", .reference = "2013-CV-17"});
  say("user-3", {.kind = kHold, .reference = "2013-CV-18"});
  say("user-3", {.kind = kRelease, .reference = "2013-CV-18"});
  say("user-4", {.kind = kRestricted});
  say("user-4", {.kind = kHold, .reference = "2013-CV-19"});
  say("user-1", {.kind = kRestricted});
  say("user-1", {.kind = kUnrestricted});
  say("user-1", {.kind = kAgreed, .policy_version = 1});
  Session session = Must(vault.As("service"), "service");
  for (const std::string_view name : {"Anne", "Ann P."}) {
    std::vector<FieldInput> right;
    right.emplace_back("name", MakeSecret(name));
    Must(session.Rectify(
             {.who = Who::Ref("user-0"), .category = "account", .fields = std::move(right)}),
         "rectify");
    clock_.AdvanceMillis(1000);
  }
}

// Which is refused, and remembered.
void Maker::AskErasure(const Actor& rights) {
  Vault vault = Open(rights);
  if (vault.Erase(Who::Ref("user-4"), {.case_reference = "DSR-4"}).ok()) std::abort();
}

Json Maker::Ledgers(const Actor& rights) {
  Vault vault = Open(rights);
  Json ledgers = Json::object();
  for (const std::string_view ref : {"user-0", "user-1", "user-2", "user-3", "user-4", "user-5"}) {
    const LedgerView view = Must(vault.Ledger(Who::Ref(ref)), "ledger");
    Json entries = Json::array();
    for (const LedgerEntry& each : view.entries) {
      entries.push_back({each.sequence, LedgerKindWord(each.kind), each.recorded_at.unix_ms,
                         each.at.unix_ms, each.policy_version, each.purpose, each.category,
                         each.notice, each.name, each.reference, each.method, each.record.ToHex(),
                         each.fields});
    }
    ledgers[view.handle.ToHex()] = entries;
  }
  return ledgers;
}

const PolicyDescription& Livelook() {
  static const PolicyDocument document =
      Must(PolicyDocument::FromText(PolicyText("livelook_2013"), "livelook"), "policy");
  return document.Describe();
}

void Maker::ReadRecord(Session& session, const Stored& stored, Json& values) {
  for (const auto& field : Livelook().FindCategory(stored.category)->fields) {
    const Result<Record> read = session.Read({.who = Who::ByHandle(stored.handle),
                                              .category = stored.category,
                                              .record = stored.record,
                                              .fields = {field.name},
                                              .case_reference = "case-1"});
    if (!read.ok()) {
      const Code code = read.status().code();
      if (code != Code::kRefused && code != Code::kNotFound) Must(read.status(), field.name);
      continue;
    }
    if (!read->Has(field.name)) continue;
    const std::string place = stored.handle.ToHex() + " " + stored.category + " " +
                              stored.record.ToHex() + " " + field.name;
    values[place] = Hex(read->At(field.name));
  }
}

Json Maker::ReadAll(const Actor& actor) {
  Vault vault = Open(actor);
  Json values = Json::object();
  for (const std::string& purpose : actor.purposes) {
    for (const std::string_view controller : {"", "technology-partner"}) {
      Session session = Must(vault.As(purpose, {.on_behalf_of = std::string(controller)}), purpose);
      for (const Stored& stored : stored_) ReadRecord(session, stored, values);
    }
  }
  return values;
}

struct Query {
  std::string category, field, value;
};

// Adds the places of what is found; false if this purpose has no such lookup.
bool FindIn(Vault& vault, const std::string& purpose, const Query& query, Json& places) {
  const Secret value = MakeSecret(query.value);
  for (const std::string_view controller : {"", "technology-partner"}) {
    Session session = Must(vault.As(purpose, {.on_behalf_of = std::string(controller)}), purpose);
    const Result<std::vector<Found>> hits =
        session.Find({.category = query.category, .field = query.field, .value = value});
    if (!hits.ok()) {
      if (controller.empty()) return false;
      continue;
    }
    for (const Found& hit : *hits) {
      places.push_back(hit.handle.ToHex() + " " + hit.record.ToHex());
    }
  }
  return true;
}

Json Maker::FindAll(const Actor& actor) {
  std::vector<Query> queries = {{"account", "email", "bob@example.com"},
                                {"account", "email", "ANN.person@example.org"},
                                {"account", "email", "no-such@example.org"},
                                {"communication", "from", "dora@example.net"},
                                {"communication", "from", "fay@example.net"}};
  for (const std::string_view pan : kPans) {
    queries.push_back({"payment_card", "pan", std::string(pan)});
  }
  Vault vault = Open(actor);
  Json found = Json::array();
  for (const std::string& purpose : actor.purposes) {
    for (const Query& query : queries) {
      Json places = Json::array();
      if (!FindIn(vault, purpose, query, places)) continue;
      found.push_back({{"index", query.category + "." + query.field + "/" + purpose},
                       {"value", Hex(query.value)},
                       {"found", places}});
    }
  }
  return found;
}

// A policy whose compartments hang on every part of the rule, and on nothing else.
constexpr std::string_view kManyCompartments = R"(
name: "compartments" version: 1 effective: "2013-05-24"
purpose { id: "a" says: "a" } purpose { id: "b.one" says: "b1" } purpose { id: "b.two" says: "b2" }
purpose { id: "r" says: "reports" }
source { id: "web" role: OWN } source { id: "shop" role: PARTNER } source { id: "far" role: INDEPENDENT }
notice { id: "n" sha256: "4a3a58548cb65a8c32833bfe9432516d289d8be2909de7cf4e51f819dbc3245b" purpose: ["a", "b", "r"] }
controller { id: "acme" agreement: "1" allow { purpose: "a" category: "things" field: ["f2", "f9"] }
  allow { purpose: "b.two" category: "things" field: "f0" } }
category {
  id: "things" says: "Things" about: SUBJECT holds: MANY
  field { id: "f0" kind: TEXT } field { id: "f1" kind: TEXT } field { id: "f2" kind: TEXT }
  field { id: "f3" kind: TEXT } field { id: "f4" kind: TEXT } field { id: "f5" kind: PASSWORD }
  field { id: "f6" kind: PASSWORD } field { id: "f7" kind: IP view { id: "net" coarsen: PREFIX } }
  field { id: "f8" kind: TIME } field { id: "f9" kind: TEXT } field { id: "f10" kind: TEXT }
  allow { purpose: "a" basis: NECESSARY field: ["f0", "f2", "f5", "f6", "f7", "f7.net", "f8", "f9"] }
  allow { purpose: "a" basis: NECESSARY field: ["f1", "f3"] source: "web" }
  allow { purpose: "a" basis: NECESSARY field: "f1" source: "shop" }
  allow { purpose: "b" basis: OPT_IN field: "f4" }
  allow { purpose: "b.one" basis: OPT_IN field: "f10" } allow { purpose: "b.two" basis: OPT_IN field: "f10" }
  retain { purpose: ["a", "b", "r"] days: 30 from: COLLECTION }
}
recipient { id: "public" role: PUBLIC says: "Anyone" }
report { id: "rep" category: "things" count: SUBJECTS by: "f7.net" bucket: DAY of: "f8" min_subjects: 20
  purpose: "r" recipient: "public" }
)";

Json CompartmentsOf(const std::string& text) {
  const std::shared_ptr<const policy::Policy> policy =
      Must(policy::Policy::FromText(text, "policy"), "policy");
  Json categories = Json::object();
  for (const policy::CategoryInfo& category : policy->categories()) {
    Json fields = Json::array();
    for (const policy::FieldInfo& field : category.fields) {
      fields.push_back({field.name, field.compartment.value});
    }
    categories[category.id] = fields;
  }
  return {{"binary", ToHex(policy->ToBinary())}, {"categories", categories}};
}

Json Make(const std::string& out) {
  Maker maker(out);
  const Actor collector = maker.Grant("collector", {});
  const Actor billing = maker.Grant("billing", {"billing"});
  const Actor service = maker.Grant("service", {"service"});
  std::ofstream(out + "/pass") << "a long passphrase";
  std::ofstream(out + "/key") << std::string(32, 'k');
  std::filesystem::permissions(out + "/key", std::filesystem::perms::owner_read);
  maker.Grant("passphrase", {"billing"}, Unlock::Passphrase(MakeSecret("a long passphrase")));
  maker.Grant("keyfile", {"billing"}, Unlock::KeyFile(out + "/key"));
  maker.Fill(collector, billing, service);
  maker.LeavePending(collector);
  maker.Speak(service);
  maker.AskErasure(maker.Grant("eraser", {"rights"}));
  maker.Upkeep(maker.Grant("upkeep-actor", {"upkeep"}));
  maker.CopyTo("pending");

  std::vector<Actor> actors = {collector, billing, service};
  for (const Texts& purposes :
       {Texts{"support"}, Texts{"security"}, Texts{"legal.process"}, Texts{"improve.service"},
        Texts{"improve.combined"}, Texts{"contact.news"}, Texts{"research"}, Texts{"network"},
        Texts{"audit"}, Texts{"support", "security"}, Texts{"develop"}, Texts{"rights"}}) {
    actors.push_back(maker.Grant("reader" + std::to_string(actors.size()), purposes));
  }
  Json expected = {{"actors", Json::array()}, {"policies", Json::array()}};
  for (const Actor& actor : actors) {
    expected["actors"].push_back({{"keyring", actor.keyring},
                                  {"purposes", actor.purposes},
                                  {"values", maker.ReadAll(actor)},
                                  {"found", maker.FindAll(actor)}});
  }
  expected["ledgers"] = maker.Ledgers(actors.back());
  maker.CopyTo("folded");
  for (const std::string& text :
       {PolicyText("livelook_2013"), PolicyText("liveops_2016"), std::string(kManyCompartments)}) {
    expected["policies"].push_back(CompartmentsOf(text));
  }
  return expected;
}

}  // namespace
}  // namespace bailee

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  std::ofstream(std::string(argv[1]) + "/expected.json") << bailee::Make(argv[1]).dump(1) << "\n";
  return 0;
}
