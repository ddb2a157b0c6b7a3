// SPDX-License-Identifier: Apache-2.0
#include "named.h"

#include "terminal.h"

namespace bailee::tool {

void AddNamed(CLI::App& command, Named& named) {
  command.add_option("HANDLE", named.handle, "32 hex digits; none: read a ref");
  command.add_flag("--tag", named.tag, "what is read is a browser's tag");
}

Status WithNamed(Context& context, const Named& named,
                 const std::function<Status(Vault& vault, const Who& who)>& use) {
  if (!named.handle.empty()) {
    const auto handle = Handle::FromHex(named.handle);
    if (!handle.ok()) return handle.status();
    auto vault = context.OpenVault();
    if (!vault.ok()) return vault.status();
    return use(*vault, Who::ByHandle(*handle));
  }
  auto vault = context.OpenVault();
  if (!vault.ok()) return vault.status();
  const auto text = AskValue(named.tag ? "tag (shown here; ends with Enter): "
                                       : "ref (shown here; ends with Enter): ");
  if (!text.ok()) return text.status();
  return text->Reveal(
      [&](std::string_view ref) { return use(*vault, named.tag ? Who::Tag(ref) : Who::Ref(ref)); });
}

}  // namespace bailee::tool
