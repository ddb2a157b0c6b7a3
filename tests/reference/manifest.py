# SPDX-License-Identifier: Apache-2.0
"""What the vault's authority signed: proto/FORMAT.md §7."""

import struct

import suite1
import wire
from codec import Reader, blake2b
from errors import require

PUBLISHED = {
    1: ("version", "uint", False),
    2: ("digest", "bytes", False),
    3: ("since_ms", "uint", False),
    4: ("notice", "string", False),
    5: ("announced_ms", "uint", False),
}
PURPOSE = {1: ("name", "string", False), 2: ("version", "uint", False), 3: ("box_public", "bytes", False),
           4: ("open_version", "uint", False), 5: ("open_box_public", "bytes", False)}
INDEX = {1: ("name", "string", False), 2: ("version", "uint", False), 3: ("open_version", "uint", False)}
MANIFEST = {
    1: ("vault_id", "bytes", False),
    2: ("number", "uint", False),
    3: ("policy_in_force", "uint", False),
    4: ("policy", PUBLISHED, True),
    5: ("purpose", PURPOSE, True),
    6: ("index", INDEX, True),
    7: ("log_public", "bytes", False),
    8: ("auditor_public", "bytes", False),
    9: ("backup_public", "bytes", False),
    10: ("log_origin", "string", False),
}


def read_manifest(row, vault, authority, number_min):
    reader = Reader(row, "manifest")
    signature, statement = reader.take(64), reader.rest()
    suite1.verify(authority, "bailee.manifest", signature, statement)
    manifest = wire.decode(statement, MANIFEST, refuse_unknown=True)
    require(manifest["vault_id"] == vault, "manifest: another vault")
    require(manifest["number"] >= number_min, "manifest: older than the keyring accepts")
    for name in ("log_public", "auditor_public", "backup_public"):
        require(len(manifest[name]) == 32, "manifest: " + name)
    require(all(len(each["box_public"]) == 32 for each in manifest["purpose"]), "manifest: box_public")
    require(all(len(each["digest"]) == 32 for each in manifest["policy"]), "manifest: digest")
    for each in manifest["purpose"] + manifest["index"]:
        require(each["open_version"] in (0, each["version"] - 1), "manifest: an open version")
    opened = all(len(each["open_box_public"]) == (32 if each["open_version"] else 0) for each in manifest["purpose"])
    require(opened, "manifest: open_box_public")
    versions = [each["version"] for each in manifest["policy"]]
    require(versions == sorted(set(versions)), "manifest: versions out of order")
    since = [each["since_ms"] for each in manifest["policy"]]
    require(since == sorted(since), "manifest: times out of order")
    require(versions[-1:] == [manifest["policy_in_force"]], "manifest: the last policy is not in force")
    announced = all(each["notice"] or not each["announced_ms"] for each in manifest["policy"])
    require(announced, "manifest: announced without a notice")
    return manifest


def read_policy_bytes(row, version, vault, authority, manifest):
    """The policy in `row`, whose key says `version`: signed, and the one that the manifest published."""
    reader = Reader(row, "policy")
    signature, policy = reader.take(64), reader.rest()
    suite1.verify(authority, "bailee.policy", signature, vault + struct.pack(">I", version) + policy)
    digests = [each["digest"] for each in manifest["policy"] if each["version"] == version]
    require(digests == [blake2b(32, policy, person=b"bailee.policy")], "policy: not the published one")
    return policy
