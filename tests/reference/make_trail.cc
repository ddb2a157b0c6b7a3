// SPDX-License-Identifier: Apache-2.0
// Makes a vault whose trail has something of everything, one process for each instance, and writes
// what the library reads from it: make_trail COMMAND OUT DAY, days after June 1st, 2013. In OUT:
// vault/, keyrings, of `use` the number of refusals, and of `show` entries.jsonl and expected.json.
// `die` and `hold` say where they are and wait for a line; then `die` ends by SIGKILL.
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "bailee/audit_trail.h"
#include "base/file.h"
#include "base/hex.h"
#include "support/must.h"
#include "support/temp_vault.h"

namespace bailee {
namespace {

using Json = nlohmann::json;
using Texts = std::vector<std::string>;

constexpr uint64_t kMapBytes = uint64_t{1} << 30;
constexpr std::string_view kPan = "4111111111111111";

class Maker {
 public:
  Maker(std::string out, int64_t day)
      : out_(std::move(out)), clock_({kJune2013.unix_ms + day * kMillisPerDay}) {}

  void Create();
  void Use();
  void Die();
  void Hold();
  void Read();
  void Show();
  void Prune();

 private:
  std::string Path(std::string_view name) const { return out_ + "/" + std::string(name); }
  void WriteKeyring(const std::string& name, const Secret& bytes) const {
    Must(SystemFiles().WriteNewSecret(Path(name + ".keyring"), bytes), name);
  }
  Keyring Load(const std::string& name) const {
    return Must(Keyring::Load(KeySource::File(Path(name + ".keyring"))), name);
  }
  Vault Open() {
    return Must(
        Vault::Open(Path("vault"), Load("shop"), {.clock = &clock_, .map_bytes = kMapBytes}),
        "open");
  }
  AuditTrail OpenTrail(const std::string& keyring) {
    return Must(
        AuditTrail::Open(Path("vault"), Load(keyring), {.clock = &clock_, .map_bytes = kMapBytes}),
        "open trail");
  }
  void Write(std::string_view name, std::string_view text) const {
    std::ofstream file(Path(name), std::ios::binary);
    file << text;
    if (!file.flush()) Must(Status(Code::kFailed, "test.write", "cannot write"), name);
  }
  std::string ReadText(std::string_view name) const {
    return std::filesystem::exists(Path(name)) ? ReadFile(Path(name)) : std::string();
  }

  std::string out_;
  FixedClock clock_;
};

void Maker::Create() {
  std::filesystem::create_directories(out_);
  const CreatedVault created = Must(
      Vault::Create(Path("vault"), {.policy_text = PolicyText("livelook_2013"), .clock = &clock_}),
      "create");
  for (const auto* kind : {&created.reserved, &created.origins}) {
    for (const KeyringFile& file : *kind) WriteKeyring(file.name, file.bytes);
  }
  const Texts purposes = {"billing", "service", "legal.process"};
  const Keyring authority = Load("authority");
  std::vector<Keyring> origins;
  origins.push_back(Load("storage"));
  for (const std::string& purpose : purposes) origins.push_back(Load(purpose));
  std::vector<const Keyring*> sources;
  sources.reserve(origins.size());
  for (const Keyring& origin : origins) sources.push_back(&origin);
  WriteKeyring(
      "shop",
      Must(Grant(authority, sources, {"shop", purposes}, Unlock::Nothing(), clock_), "shop").bytes);
}

Collected Collect(Vault& vault, const std::string& ref, std::string_view notice,
                  std::string_view category, std::vector<FieldInput> fields) {
  return Must(vault.Collect({.who = Who::Ref(ref), .notice = notice, .source = "web"})
                  .Put(category, std::move(fields))
                  .Commit(),
              category);
}

std::vector<FieldInput> Fields(
    std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
  std::vector<FieldInput> inputs;
  for (const auto& [name, value] : fields) inputs.emplace_back(name, MakeSecret(value));
  return inputs;
}

Collected CollectCard(Vault& vault, const std::string& ref) {
  return Collect(vault, ref, "checkout-1", "payment_card",
                 Fields({{"pan", kPan}, {"expiry", "12/15"}, {"holder", "A. Person"}}));
}

// Whatever comes of it is in the trail; the caller says what must.
Status ReadCard(Vault& vault, std::string_view purpose, const std::string& ref, RecordId record) {
  Session session = Must(vault.As(purpose), purpose);
  return session
      .Read({.who = Who::Ref(ref),
             .category = "payment_card",
             .record = record,
             .fields = {"pan", "holder"}})
      .status();
}

void Expect(bool holds, std::string_view what) {
  if (!holds) Must(Status(Code::kFailed, "test.unexpected", "not as expected"), what);
}

// A flood of refusals: the first of a second are recorded each, the rest are counted. Goes on until
// one was, however slow the machine is: it is answered with the decision before it. How many.
int Flood(Vault& vault, RecordId card) {
  std::string last;
  bool counted = false;
  int refusals = 0;
  for (; refusals < 200 || !counted; ++refusals) {
    const Status status = ReadCard(vault, "service", "ann", card);
    Expect(status.code() == Code::kRefused, "refusal");
    counted = counted || status.refusal()->decision == last;
    last = status.refusal()->decision;
  }
  return refusals;
}

void ActAsService(Vault& vault) {
  Session service = Must(vault.As("service"), "service");
  for (const std::string_view attempt : {"correct horse", "battery staple"}) {
    const Secret secret = MakeSecret(attempt);
    const bool right = Must(service.VerifyPassword({.who = Who::Ref("ann"),
                                                    .category = "account",
                                                    .field = "password",
                                                    .attempt = secret}),
                            "verify");
    Expect(right == (attempt == "correct horse"), "password");
  }
  const Secret email = MakeSecret("ann@example.org");
  Must(service.Find({.category = "account", .field = "email", .value = email}), "find");
  Must(service.List(Who::Ref("ann")), "list");
}

void Maker::Use() {
  Vault vault = Open();
  Collect(vault, "ann", "signup-1", "account",
          Fields({{"name", "Ann"}, {"email", "ann@example.org"}, {"password", "correct horse"}}));
  const Collected card = CollectCard(vault, "ann");
  CollectCard(vault, "ann");
  Expect(ReadCard(vault, "billing", "ann", card.records[0]).ok(), "read");
  Expect(!ReadCard(vault, "billing", "nobody", card.records[0]).ok(), "nobody");
  ActAsService(vault);
  Write("refusals", std::to_string(Flood(vault, card.records[0])));
  {
    Session billing = Must(vault.As("billing"), "billing");
    Must(billing.ReadAll({.who = Who::Ref("ann"), .category = "payment_card", .fields = {"pan"}}),
         "read all");
    Must(billing.Scan({.category = "payment_card", .fields = {"expiry"}},
                      [](const Record&) { return true; }),
         "scan");
    Session legal = Must(vault.As("legal.process"), "legal");
    const auto read = legal.Read({.who = Who::Ref("ann"),
                                  .category = "account",
                                  .fields = {"email"},
                                  .case_reference = "2013-CV-17"});
    Must(read.status(), "legal");
  }
  Must(vault.FoldPendingLookups(), "fold");
  Must(vault.Subjects({}, 10), "subjects");
  Must(vault.RefOf(card.handle), "ref of");
}

// What `Die` and `Hold` leave in a journal.
void ReadSome(Vault& vault, RecordId card) {
  for (int i = 0; i < 5; ++i) Expect(ReadCard(vault, "billing", "bob", card).ok(), "read");
  Expect(ReadCard(vault, "service", "bob", card).code() == Code::kRefused, "refusal");
}

void AwaitLine(std::string_view said) {
  std::cout << said << std::endl;
  std::string line;
  std::getline(std::cin, line);
}

// Whoever reads what is said takes the vault's write lock: then nothing of the reads can get from
// the journal into the tree before the end.
void Maker::Die() {
  Vault vault = Open();
  const Collected card = CollectCard(vault, "bob");
  AwaitLine("collected");
  ReadSome(vault, card.records[0]);
  std::raise(SIGKILL);
}

void Maker::Hold() {
  Vault vault = Open();
  const Collected card = CollectCard(vault, "bob");
  ReadSome(vault, card.records[0]);
  AwaitLine("ready");
}

// So many entries that a prefix of them can be pruned.
void Maker::Read() {
  Vault vault = Open();
  const Collected card = CollectCard(vault, "cy");
  for (int i = 0; i < 300; ++i) {
    Expect(ReadCard(vault, "billing", "cy", card.records[0]).ok(), "read");
  }
}

Json ToJson(const TrailEntry& entry) {
  Json reasons = Json::array(), records = Json::array(), details = Json::array();
  for (const Reason reason : entry.reasons) reasons.push_back(static_cast<int>(reason));
  for (const TrailEntry::About& about : entry.records) {
    records.push_back({about.handle.ToHex(), about.category, about.record.ToHex(), about.terms});
  }
  for (const auto& [what, text] : entry.details) details.push_back({what, text});
  return {{"index", entry.index},
          {"id", entry.id.ToText()},
          {"at", entry.at.unix_ms},
          {"kind", entry.kind},
          {"outcome", entry.outcome},
          {"actor", entry.actor},
          {"keyring", entry.keyring},
          {"uid", entry.uid},
          {"pid", entry.pid},
          {"host", entry.host},
          {"program", entry.program},
          {"purpose", entry.purpose},
          {"on_behalf_of", entry.on_behalf_of},
          {"category", entry.category},
          {"fields", entry.fields},
          {"case", entry.case_reference},
          {"recipient", entry.recipient},
          {"ground", entry.ground},
          {"reasons", reasons},
          {"handle", entry.handle.ToHex()},
          {"records", records},
          {"details", details},
          {"policy_version", entry.policy_version},
          {"transaction", entry.transaction},
          {"repeats", entry.repeats}};
}

Json ToJson(const TrailReport& report) {
  Json findings = Json::array();
  for (const TrailFinding& finding : report.findings) findings.push_back(finding.name);
  return {{"size", report.size},
          {"root", ToHex(report.root)},
          {"pruned", report.pruned},
          {"entries", report.entries},
          {"instances", report.instances},
          {"open", report.open},
          {"waiting_bytes", report.waiting_bytes},
          {"findings", findings}};
}

void Maker::Show() {
  AuditTrail trail = OpenTrail("auditor");
  std::ofstream lines(Path("entries.jsonl"));
  const uint64_t next = Must(trail.Entries({}, 0,
                                           [&](const TrailEntry& entry) {
                                             lines << ToJson(entry).dump() << "\n";
                                             return true;
                                           }),
                             "entries");
  const TrailReport report = Must(trail.Verify({.entries = true}), "verify");
  const Checkpoint head = Must(trail.Head(), "head");
  Write("expected.json", Json{{"next", next},
                              {"report", ToJson(report)},
                              {"head", {head.size, ToHex(head.root)}},
                              {"origin", trail.origin()},
                              {"log_key", ToHex(trail.log_key().bytes)}}
                             .dump());
}

// Signs, exports everything and prunes what is old enough.
void Maker::Prune() {
  std::string checkpoint;
  {
    AuditTrail trail = OpenTrail("log");
    checkpoint = Must(trail.Sign(ReadText("checkpoint")), "sign");
    Write("checkpoint", checkpoint);
  }
  AuditTrail trail = OpenTrail("auditor");
  std::string exported;
  const uint64_t first = Must(trail.Verify({}), "verify").pruned;
  Must(trail.Export(first, checkpoint,
                    [&](ByteView piece) {
                      exported.append(piece.begin(), piece.end());
                      return Status();
                    }),
       "export");
  Write("export", exported);
  Must(trail.Prune({.checkpoint = checkpoint, .older_than = clock_.Now()}), "prune");
}

}  // namespace
}  // namespace bailee

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const std::string_view command = argv[1];
  bailee::Maker maker(argv[2], std::stoll(argv[3]));
  if (command == "create") return maker.Create(), 0;
  if (command == "use") return maker.Use(), 0;
  if (command == "die") return maker.Die(), 1;
  if (command == "hold") return maker.Hold(), 0;
  if (command == "read") return maker.Read(), 0;
  if (command == "show") return maker.Show(), 0;
  if (command == "prune") return maker.Prune(), 0;
  return 2;
}
