# SPDX-License-Identifier: Apache-2.0
"""What the vault's authority signed: proto/FORMAT.md §7."""

import struct

import suite1
import wire
from codec import Reader, blake2b
from errors import WrongKey, require

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
EARLIER_LOG = {1: ("log_public", "bytes", False), 2: ("size", "uint", False), 3: ("root", "bytes", False),
               4: ("leaked", "uint", False)}
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
    11: ("earlier_log", EARLIER_LOG, True),
    12: ("authority_version", "uint", False),
    13: ("open_authority", "bytes", False),
}


def check_earlier_logs(manifest):
    """Each key once, none but the last open, and each for no smaller trees than the one before."""
    earlier = manifest["earlier_log"]
    keys = [each["log_public"] for each in earlier] + [manifest["log_public"]]
    require(len(earlier) <= 255 and all(len(key) == 32 for key in keys), "manifest: keys of the log")
    require(len(set(keys)) == len(keys), "manifest: a key of the log twice")
    for each in earlier:
        require(len(each["root"]) == 32 or each is earlier[-1], "manifest: an open key of the log that is not the last")
        require(each["root"] or not (each["size"] or each["leaked"]), "manifest: an open key of the log with a size")
        require(len(each["root"]) in (0, 32) and each["leaked"] in (0, 1), "manifest: a key of the log")
    sizes = [each["size"] for each in earlier if each["root"]]
    require(sizes == sorted(sizes), "manifest: keys of the log out of order")


def log_keys(manifest):
    """The log's keys with what they count for, as trail_proof.py takes them (§13.7)."""
    texts = []
    for each in manifest["earlier_log"]:
        bound = "@%d" % each["size"] if each["root"] else ""
        texts.append(each["log_public"].hex() + bound + (":" + each["root"].hex() if each["leaked"] else ""))
    return texts + [manifest["log_public"].hex()]


def follow_authority(get, vault, pinned):
    """(authority, number of its first manifest, steps) of whoever follows the one that is pinned: §18.7. `get` reads a row of meta."""
    authority, number, steps = pinned, 0, 0
    while True:
        row = get(b"authority" + authority)
        if row is None:
            return authority, number, steps
        reader = Reader(row, "meta authority")
        first, following, signature = reader.uint(8), reader.take(32), reader.take(64)
        reader.end()
        suite1.verify(authority, "bailee.succeeds", signature, vault + row[:40])
        require(first > number, "meta authority: order")
        authority, number, steps = following, first, steps + 1


def read_manifest_for(get, vault, pinned, number_min):
    """(manifest, authority) for a keyring that pins that authority."""
    authority, number, steps = follow_authority(get, vault, pinned)
    manifest = read_manifest(get(b"manifest") or b"", vault, authority, max(number, number_min))
    if steps and not (steps == 1 and manifest["open_authority"] == pinned):
        raise WrongKey("keyring: its authority is retired")
    return manifest, authority


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
    check_earlier_logs(manifest)
    version, before = manifest["authority_version"], manifest["open_authority"]
    require(version != 1 and len(before) in (0, 32) and (version or not before), "manifest: authority")
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
