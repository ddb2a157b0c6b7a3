// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace bailee::bench {

// What a peer stores: a value of one person, found by an exact match of `address`. Both are
// personal data, and neither may lie in the clear on the disk.
struct PeerRecord {
  uint64_t id = 0;  // unique, not 0
  uint64_t subject = 0;
  std::string address;
  std::string value;
};

// How much a peer may keep at hand from one operation to the next.
enum class PeerCache : uint8_t {
  kAll,   // pages, decrypted where they are encrypted: everything that the data needs
  kNone,  // as little as it can be told to; what the operating system keeps of files stays
};

struct PeerOptions {
  std::string directory;  // exists; empty, or where this peer was before
  PeerCache cache = PeerCache::kAll;
};

// Another way to keep personal data: encrypted at rest, one audit row for everything that is read.
// Settings are the best that are honest, and tests/bench/README.md says which and why.
//
// Durability is that of the vault. PutBatch and Erase: on the disk when they return, the audit row
// in the same transaction. Get and Find: the audit row is committed before the value is given, and
// out of reach of a crash of the process; a loss of power may take the last ones.
//
// Used by one thread. What fails stops the program, since nothing would be measured.
class Peer {
 public:
  virtual ~Peer() = default;

  // Name and version, e.g. "SQLCipher 3.4.1".
  virtual std::string Name() const = 0;

  // Stores new records and one audit row in one transaction.
  virtual void PutBatch(std::span<const PeerRecord> records) = 0;

  // The value of a record. REQUIRES: it is there.
  virtual std::string Get(uint64_t id) = 0;

  // How many records have this address, and the id of one of them.
  virtual size_t Find(std::string_view address, uint64_t* id) = 0;

  // Deletes all of a person, so that its file does not hold the values any more where the peer can
  // be told so. Returns how many records there were.
  virtual size_t Erase(uint64_t subject) = 0;

  // Audit rows so far.
  virtual uint64_t AuditRows() = 0;

  // What the data and its indexes take in files, the audit apart.
  virtual uint64_t Bytes() = 0;
};

// Opens this program's peer, or makes it: each program has exactly one, since some of them have the
// same symbols. Null where it cannot be, with a reason in words.
std::unique_ptr<Peer> OpenPeer(const PeerOptions& options, std::string* why_not);

}  // namespace bailee::bench
