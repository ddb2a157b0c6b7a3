// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>

#include "bailee/limits.h"
#include "base/file.h"
#include "base/try.h"
#include "keys/key_file.h"

namespace bailee {

namespace {

Status UnknownSource() {
  return Status(Code::kUsage, "key.source-unknown", "not a source of keys",
                "use file:PATH, cred:NAME, fd:NUMBER, cmd:PATH or a path");
}

}  // namespace

Unlock Unlock::Nothing() { return {}; }

Unlock Unlock::Passphrase(Secret passphrase) {
  Unlock unlock;
  unlock.kind_ = Kind::kPassphrase;
  unlock.passphrase_ = std::move(passphrase);
  return unlock;
}

Unlock Unlock::KeyFile(std::string path) {
  Unlock unlock;
  unlock.kind_ = Kind::kKeyFile;
  unlock.key_file_ = std::move(path);
  return unlock;
}

KeySource KeySource::File(std::string path) { return {Kind::kFile, std::move(path)}; }

Result<KeySource> KeySource::Parse(std::string_view text) {
  constexpr std::pair<std::string_view, Kind> kPrefixes[] = {{"file:", Kind::kFile},
                                                             {"cred:", Kind::kCredential},
                                                             {"fd:", Kind::kDescriptor},
                                                             {"cmd:", Kind::kCommand}};
  for (const auto& [prefix, kind] : kPrefixes) {
    if (!text.starts_with(prefix)) continue;
    const std::string_view target = text.substr(prefix.size());
    const bool in_directory =
        kind == Kind::kCredential && target.find('/') != std::string_view::npos;
    if (target.empty() || in_directory || target.find('\0') != std::string_view::npos)
      return UnknownSource();
    return KeySource(kind, std::string(target));
  }
  if (text.empty() || text.find('\0') != std::string_view::npos ||
      (text.find(':') != std::string_view::npos && text.find('/') == std::string_view::npos)) {
    return UnknownSource();
  }
  return KeySource(Kind::kFile, std::string(text));
}

namespace keys {
namespace {

Status SourceFailed(std::string message, std::string hint) {
  return Status(Code::kKey, "key.source-failed", std::move(message), std::move(hint));
}

// Reads a descriptor to its end, straight into guarded memory.
Result<Secret> ReadDescriptor(int descriptor) {
  BAILEE_TRY(Secret buffer, Secret::Allocate(limits::kKeyringBytesMax + 1));
  size_t size = 0;
  const bool ended = buffer.RevealMutable([&](std::span<uint8_t> out) {
    while (size < out.size()) {
      const ssize_t got = read(descriptor, out.data() + size, out.size() - size);
      if (got == 0) return true;
      if (got < 0 && errno != EINTR) return false;
      if (got > 0) size += static_cast<size_t>(got);
    }
    return false;
  });
  if (!ended)
    return SourceFailed("the keyring could not be read to its end", "a keyring has at most 64 KiB");
  return buffer.RevealBytes([&](ByteView bytes) { return Secret::From(bytes.first(size)); });
}

Result<Secret> ReadOutputOf(const std::string& program) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0)
    return SourceFailed("no pipe for the key command", "raise the limit on open files");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  std::string name = program;
  char* argv[] = {name.data(), nullptr};
  pid_t child = 0;
  const int spawned = posix_spawn(&child, program.c_str(), &actions, nullptr, argv, environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  if (spawned != 0) {
    close(ends[0]);
    return SourceFailed("the key command could not be started", "name an executable by its path");
  }
  Result<Secret> output = ReadDescriptor(ends[0]);
  close(ends[0]);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return SourceFailed("the key command failed", "run it by itself to see why");
  }
  return output;
}

Result<Secret> ReadPrivateFile(const std::string& path) {
  BAILEE_RETURN_IF_ERROR(CheckPrivate(path));
  return SystemFiles().ReadSecret(path, limits::kKeyringBytesMax);
}

}  // namespace

Result<Secret> ReadSource(const KeySource& source) {
  switch (source.kind()) {
    case KeySource::Kind::kFile:
      return ReadPrivateFile(source.target());
    case KeySource::Kind::kCredential: {
      const char* directory = std::getenv("CREDENTIALS_DIRECTORY");
      if (directory == nullptr) {
        return SourceFailed("CREDENTIALS_DIRECTORY is not set",
                            "start the service with LoadCredential= or use file:");
      }
      // The credential store decides who may read it, not the mode of the file.
      return SystemFiles().ReadSecret(std::string(directory) + "/" + source.target(),
                                      limits::kKeyringBytesMax);
    }
    case KeySource::Kind::kDescriptor: {
      int descriptor = -1;
      const std::string& text = source.target();
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), descriptor);
      if (error != std::errc() || end != text.data() + text.size() || descriptor < 0) {
        return SourceFailed("fd: needs the number of an open descriptor", "for example fd:3");
      }
      return ReadDescriptor(descriptor);
    }
    case KeySource::Kind::kCommand:
      return ReadOutputOf(source.target());
  }
  return SourceFailed("unknown source", "");
}

}  // namespace keys
}  // namespace bailee
