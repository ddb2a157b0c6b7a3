// SPDX-License-Identifier: Apache-2.0
// Makes a vault out of which something left: make_disclosures OUT PUBLIC_KEY. In OUT: vault/,
// rights.keyring, what the recipient with that key got (parcel), and what the library says of it
// (expected.json).
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "bailee/disclose.h"
#include "base/file.h"
#include "base/hex.h"
#include "support/must.h"
#include "support/temp_vault.h"

namespace bailee {
namespace {

using Json = nlohmann::json;

std::string WithKey(const std::string& hex) {
  std::string text = PolicyText("livelook_2013");
  const std::string_view role = "role: ON_OUR_BEHALF";
  text.insert(text.find(role), "public_key: \"" + hex + "\"  ");
  return text;
}

Json RowsOf(const std::vector<DisclosureInfo>& list) {
  Json rows = Json::array();
  for (const DisclosureInfo& each : list) {
    Json records = Json::array();
    for (const RecordId& record : each.records) records.push_back(record.ToHex());
    rows.push_back({{"sequence", each.sequence},
                    {"at", each.at.unix_ms},
                    {"until", each.until ? Json(each.until->unix_ms) : Json()},
                    {"recipient", each.recipient},
                    {"ground", each.ground},
                    {"purpose", each.purpose},
                    {"category", each.category},
                    {"case", each.case_reference},
                    {"decision", each.decision},
                    {"sealed", each.sealed},
                    {"fields", each.fields},
                    {"records", records}});
  }
  return rows;
}

Disclosure Give(Vault& vault, std::string_view purpose, const DiscloseRequest& request) {
  return Must(Must(vault.As(purpose), purpose).Disclose(request), request.ground);
}

void Make(const std::string& out, const std::string& public_key) {
  TempVault temp(WithKey(public_key));
  const Who ada = Who::Ref("ada");
  Json expected;
  {
    Vault vault = temp.Open({"billing", "legal.process", "rights"});
    const RecordId card{{7}};
    Must(vault.Collect({.who = ada, .notice = "checkout-1", .source = "web", .on_behalf_of = {}})
             .Put("payment_card",
                  {{"pan", MakeSecret("4111111111111111")}, {"expiry", MakeSecret("12/15")}}, card)
             .Commit(),
         "card");
    const Collected made =
        Must(vault.Collect({.who = ada, .notice = "signup-1", .source = "web", .on_behalf_of = {}})
                 .Put("account", {{"email", MakeSecret("ada@example.org")}})
                 .Commit(),
             "account");
    const Disclosure sealed =
        Give(vault, "billing",
             {.who = ada,
              .category = "payment_card",
              .records = {card},
              .fields = {"pan", "expiry", "holder"},
              .recipient = "acquirer",
              .ground = "ON_OUR_BEHALF",
              .until = Timestamp{temp.clock().Now().unix_ms + kMillisPerDay}});
    std::ofstream(out + "/parcel", std::ios::binary)
        .write(reinterpret_cast<const char*>(sealed.parcel.data()),
               static_cast<std::streamsize>(sealed.parcel.size()));
    Give(vault, "legal.process",
         {.who = ada,
          .category = "account",
          .fields = {"email"},
          .recipient = "authority",
          .ground = "LAW",
          .case_reference = "2013-CV-17"});
    const Secret address = MakeSecret("Grace@Cobol.example");
    Must(vault.Suppress({&address, 1}), "suppress");
    expected = {
        {"handle", made.handle.ToHex()},
        {"rows", RowsOf(Must(Must(vault.As("rights"), "rights").Disclosures(ada), "list"))}};
  }
  std::filesystem::create_directories(out + "/vault");
  std::filesystem::copy_file(temp.path() + "/data.mdb", out + "/vault/data.mdb");
  std::filesystem::copy_file(temp.path() + "/epoch", out + "/vault/epoch");
  std::filesystem::copy_file(temp.directory() / "storage.keyring", out + "/storage.keyring");
  std::ofstream(out + "/expected.json") << expected.dump(1) << "\n";
}

}  // namespace
}  // namespace bailee

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  bailee::Make(argv[1], argv[2]);
  return 0;
}
