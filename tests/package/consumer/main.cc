// SPDX-License-Identifier: Apache-2.0
// consumer DIRECTORY POLICY: what a program of somebody else's sees is include/bailee alone.
#include <bailee/vault.h>
#include <sys/stat.h>

#include <fstream>
#include <sstream>

int main(int, char** argv) {
  umask(077);
  const std::string directory = argv[1];
  std::stringstream policy;
  policy << std::ifstream(argv[2]).rdbuf();
  const auto made = bailee::Vault::Create(directory + "/vault", {.policy_text = policy.str()});
  if (!made) return 1;
  const std::string path = directory + "/storage.keyring";
  made->origins.front().bytes.Reveal([&](std::string_view text) { std::ofstream(path) << text; });
  auto keyring = bailee::Keyring::Load(bailee::KeySource::File(path));
  if (!keyring) return 2;
  const auto vault = bailee::Vault::Open(directory + "/vault", *std::move(keyring), {});
  if (!vault) return 3;
  return vault->Info()->policy_version == 1 ? 0 : 4;
}
