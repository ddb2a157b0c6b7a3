// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>

#include "crash/disk_log.h"

namespace bailee::testing {
namespace {

namespace fs = std::filesystem;
using Kind = DiskOperation::Kind;
constexpr size_t kSector = 512;

std::string Content(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void Put(std::string& content, uint64_t at, std::string_view bytes) {
  if (content.size() < at + bytes.size()) content.resize(at + bytes.size());
  std::copy(bytes.begin(), bytes.end(), content.begin() + static_cast<std::ptrdiff_t>(at));
}

}  // namespace

Disk Disk::Of(const std::string& path) {
  Disk disk;
  const std::function<FileNumber(const fs::path&)> add = [&](const fs::path& directory) {
    const FileNumber number = disk.Add({.directory = true});
    for (const auto& entry : fs::directory_iterator(directory)) {
      const std::string name = entry.path().filename().string();
      if (!IsRecorded(name)) continue;
      const FileNumber child =
          entry.is_directory()
              ? add(entry.path())
              : disk.Add({.content = std::make_shared<std::string>(Content(entry.path()))});
      disk.nodes_[number].entries[name] = child;
    }
    return number;
  };
  add(path);
  return disk;
}

Disk::Node& Disk::NodeOf(FileNumber number) {
  if (nodes_.size() <= number) nodes_.resize(number + size_t{1});
  return nodes_[number];
}

FileNumber Disk::Add(Node node) {
  nodes_.push_back(std::move(node));
  return static_cast<FileNumber>(nodes_.size() - 1);
}

std::string& Disk::ContentOf(FileNumber number) {
  std::shared_ptr<std::string>& content = NodeOf(number).content;
  if (content == nullptr) {
    content = std::make_shared<std::string>();
  } else if (content.use_count() > 1) {
    content = std::make_shared<std::string>(*content);
  }
  return *content;
}

void Disk::Apply(const DiskOperation& operation) {
  switch (operation.kind) {
    case Kind::kWrite:
      return Put(ContentOf(operation.file), operation.at, operation.bytes);
    case Kind::kResize:
      return ContentOf(operation.file).resize(operation.at);
    case Kind::kPunch: {
      std::string& content = ContentOf(operation.file);
      const uint64_t end = std::min<uint64_t>(content.size(), operation.at + operation.count);
      if (operation.at < end) Put(content, operation.at, std::string(end - operation.at, '\0'));
      return;
    }
    // Entries of directories that are not there themselves lead nowhere, and do no harm.
    case Kind::kEnter:
      NodeOf(operation.file).directory = operation.count != 0;
      NodeOf(operation.directory).entries[operation.name] = operation.file;
      return;
    case Kind::kRemove:
      NodeOf(operation.directory).entries.erase(operation.name);
      return;
    case Kind::kRename:
      NodeOf(operation.directory).entries.erase(operation.name);
      NodeOf(operation.to_directory).entries[operation.to_name] = operation.file;
      return;
    case Kind::kSync:
    case Kind::kSyncWrite:
    case Kind::kTold:
      break;
  }
  std::abort();
}

void Disk::ApplyTorn(const DiskOperation& write, uint64_t sectors, bool grows) {
  std::string& content = ContentOf(write.file);
  const uint64_t end = write.at + write.bytes.size();
  // Sectors are those of the file, wherever in one the write begins.
  size_t number = 0;
  for (uint64_t at = write.at; at < end; ++number) {
    const uint64_t next = std::min(end, (at / kSector + 1) * kSector);
    if ((sectors >> (number % 64) & 1) != 0)
      Put(content, at, std::string_view(write.bytes).substr(at - write.at, next - at));
    at = next;
  }
  if (grows && content.size() < end) content.resize(end);
}

void Disk::WriteTo(const std::string& path) const {
  for (const auto& entry : fs::directory_iterator(path)) fs::remove_all(entry.path());
  const std::function<void(FileNumber, const fs::path&)> put = [&](FileNumber number,
                                                                   const fs::path& to) {
    for (const auto& [name, child] : nodes_[number].entries) {
      const Node& node = nodes_[child];
      if (node.directory) {
        fs::create_directory(to / name);
        fs::permissions(to / name, fs::perms::owner_all);
        put(child, to / name);
        continue;
      }
      std::ofstream out(to / name, std::ios::binary);
      if (node.content != nullptr)
        out.write(node.content->data(), static_cast<std::streamsize>(node.content->size()));
      out.close();
      if (!out.good()) std::abort();
      fs::permissions(to / name, fs::perms::owner_read | fs::perms::owner_write);
    }
  };
  put(0, path);
}

std::map<std::string, FileNumber> Disk::Numbers() const {
  std::map<std::string, FileNumber> files;
  const std::function<void(FileNumber, const std::string&)> walk = [&](FileNumber number,
                                                                       const std::string& at) {
    for (const auto& [name, child] : nodes_[number].entries) {
      if (nodes_[child].directory) {
        walk(child, at + name + "/");
      } else {
        files[at + name] = child;
      }
    }
  };
  walk(0, "");
  return files;
}

std::vector<std::string> Disk::FilesWith(std::string_view bytes) const {
  std::vector<std::string> paths;
  for (const auto& [path, number] : Numbers()) {
    const auto& content = nodes_[number].content;
    if (content != nullptr && std::string_view(*content).find(bytes) != std::string_view::npos)
      paths.push_back(path);
  }
  return paths;
}

bool Disk::Has(const std::string& path) const {
  FileNumber number = 0;
  for (const fs::path& part : fs::path(path)) {
    const auto it = nodes_[number].entries.find(part.string());
    if (it == nodes_[number].entries.end()) return false;
    number = it->second;
  }
  return true;
}

std::string Disk::Hash() const {
  std::string all;
  const std::function<void(FileNumber)> walk = [&](FileNumber number) {
    for (const auto& [name, child] : nodes_[number].entries) {
      const Node& node = nodes_[child];
      all += name + (node.directory ? "/" : "=");
      if (node.directory) {
        walk(child);
      } else if (node.content != nullptr) {
        all += std::to_string(node.content->size()) + "," +
               std::to_string(std::hash<std::string>()(*node.content));
      }
      all += ';';
    }
  };
  walk(0);
  return all;
}

}  // namespace bailee::testing
