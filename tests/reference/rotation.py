# SPDX-License-Identifier: Apache-2.0
"""Keys that are replaced, or were: proto/FORMAT.md §8 and §18."""

import struct

import suite1
from codec import Reader, name_id
from errors import WrongKey, require

SECRETS_BYTES = 64 + suite1.OVERHEAD
STEPS = {1: "running", 2: "ready", 3: "finishing"}


def read_secrets(row):
    """{storage key version: sealed secrets} of meta["secrets"]."""
    reader, sealed, last = Reader(row, "meta secrets"), {}, -1
    while True:
        version = reader.uint(2)
        require(version > last, "meta secrets: order")
        sealed[version], last = reader.take(SECRETS_BYTES), version
        if len(row) == len(sealed) * (2 + SECRETS_BYTES):
            break
        require(len(sealed) < 2, "meta secrets: too many")
    reader.end()
    return sealed


def refuse_retired(manifest, keyring):
    """Whoever has none but retired keys of a purpose is refused."""
    for each in manifest["purpose"]:
        held = [version for purpose, version in keyring.purposes if purpose == name_id(each["name"])]
        if held and max(held) < (each["open_version"] or each["version"]):
            raise WrongKey("keyring: its key of %s is retired" % each["name"])


def read_rotations(vault):
    """{key: (step, from, to, leaked)} of what is under way; what it names the manifest must know, and be open for."""
    found = {}
    for key, row in vault.rows("meta", b"rotate"):
        name = key[len(b"rotate"):].decode()
        reader = Reader(row, "meta rotate").version(1)
        step, old, new, flags = reader.uint(1), reader.uint(2), reader.uint(2), reader.uint(1)
        reader.i64(), reader.uint(8)
        cursor, older = reader.take(reader.uint(4)), reader.rest()
        require(step in STEPS and flags in (0, 1) and new == old + 1, "meta rotate: a row")
        require(not cursor or cursor[0] <= 5, "meta rotate: where to go on")
        require(bool(older) == (name == "storage" and step != 3), "meta rotate: an older key")
        found[name] = (STEPS[step], old, new, flags == 1)
    for kind in ("purpose", "index"):
        for each in vault.manifest[kind]:
            state = found.get(kind + "/" + each["name"])
            under_way = state is not None and state[0] != "finishing"
            require((each["open_version"] != 0) == under_way, "meta rotate: not as the manifest says")
    earlier = vault.manifest["earlier_log"]
    for key, is_open in (("log", bool(earlier and not earlier[-1]["root"])),
                         ("authority", bool(vault.manifest["open_authority"]))):
        state = found.get(key)
        # One that leaked is not open at all.
        under_way = state is not None and state[0] != "finishing" and not state[3]
        require(is_open == under_way, "meta rotate: not as the manifest says")
    return found


def versions_in_use(vault, kind, name):
    """The versions of a key that rows may name: those that are open, and one that is on its way out."""
    versions = {version for each in vault.manifest[kind] if each["name"] == name
                for version in (each["version"], each["open_version"]) if version}
    state = vault.rotations.get(kind + "/" + name)
    return versions | ({state[1]} if state else set())


def read_retired(vault):
    """{(purpose id, version): box} of the keys that were retired."""
    found = {}
    open_now = {(name_id(each["name"]), version) for each in vault.manifest["purpose"]
                for version in (each["version"], each["open_version"])}
    for key, row in vault.rows("meta", b"retired"):
        require(len(key) == len(b"retired") + 10, "meta retired: length of a key")
        place = (key[7:15], int.from_bytes(key[15:], "big"))
        require(place not in open_now and len(row) == 32 + suite1.BOX_OVERHEAD, "meta retired: a row")
        found[place] = row
    return found


def open_retired(vault, place, backup_secret):
    """K of a retired version, with the secret of the `backup` keyring."""
    bound = suite1.binding(suite1.RETIRED_KEY, vault.id, wrap_for=place)
    return suite1.open_box(backup_secret, bound, vault.retired[place])


def open_older(vault, row):
    """The storage key that is still open, with the newer one."""
    reader = Reader(row, "meta rotate").version(1)
    reader.take(1 + 2)
    version = reader.uint(2)
    reader.take(1 + 8 + 8)
    reader.take(reader.uint(4))
    bound = suite1.binding(suite1.OLDER_STORAGE, vault.id, generation=version)
    return suite1.open_sealed(vault.keyring.storage, bound, reader.rest(), "meta rotate")


def versions_of_wraps(vault, purpose):
    """{key version: how many wraps} of a purpose, in rows and travelling."""
    counts = {}
    seen = set()
    for subject, category, record_id, record in vault.records():
        for entry in record.entries:
            place = vault.place(subject, category, record_id, record, entry)
            for wrap in vault.wraps(place, entry):
                where = (subject.handle, category.name, entry.compartment, record.terms, wrap.generation,
                         record_id if entry.travelling else b"", wrap.version)
                if wrap.purpose != name_id(purpose) or where in seen:
                    continue
                seen.add(where)
                counts[wrap.version] = counts.get(wrap.version, 0) + 1
    return counts


def versions_of_lookups(vault, index):
    """{index key version: how many rows}, pending ones too."""
    counts = {}
    for kind in (b"\3", b"\4"):
        for key, _ in vault.rows("lookup", kind + name_id(index)):
            version = struct.unpack(">H", key[9:11])[0]
            counts[version] = counts.get(version, 0) + 1
    return counts
