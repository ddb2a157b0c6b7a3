# SPDX-License-Identifier: Apache-2.0
"""A vault opened with one keyring, read only: proto/FORMAT.md §2, §3, §8 and §11."""

import struct

import lmdb

import epoch
import ledger
import rotation
import rows
import suite1
from codec import Reader, blake2b, name_id
from errors import Damage, TooNew, WrongKey, require
from manifest import read_manifest_for, read_policy_bytes
from padding import unpad
from policy import Policy, index_form

TABLES = (b"meta policies terms subjects records lookup due ledger disclosures reports keywork "
          b"audit_leaf audit_node").split()
COMMIT_ROW = b"\0commit\0\0"


class Vault:
    def __init__(self, path, keyring, epoch_path=None):
        self.path, self.keyring = path, keyring
        self.env = lmdb.open(path, readonly=True, lock=False, max_dbs=64)
        with self.env.begin() as transaction:
            names = {key for key, _ in transaction.cursor()} - {COMMIT_ROW}
        require(names <= set(TABLES), "unknown table")
        self.tables = {name.decode(): self.env.open_db(name, create=False) for name in names}
        self._read_meta()
        self.shards = epoch.Shards(self, epoch_path)
        self.subjects = {}
        for key, row in self.rows("subjects"):
            require(key[16:17] in (b"\0", b"\1"), "subjects: unknown type of row")
            require(len(key) == (17 if key[16] == 0 else 43), "subjects: length of a key")
            if key[16] == 0:
                self.subjects[key[:16]] = rows.read_subject(self.id, key[:16], row, self.shards)

    def close(self):
        self.env.close()

    def rows(self, table, prefix=b""):
        if table not in self.tables:
            return
        with self.env.begin(db=self.tables[table]) as transaction:
            cursor = transaction.cursor()
            more = cursor.set_range(prefix)
            while more and cursor.key().startswith(prefix):
                yield cursor.key(), cursor.value()
                more = cursor.next()

    def get(self, table, key):
        with self.env.begin(db=self.tables[table]) as transaction:
            value = transaction.get(key)
        require(value is not None, "%s: a row is missing" % table)
        return value

    def _read_meta(self):
        head = Reader(self.get("meta", b"vault"), "meta vault")
        require(head.take(8) == b"BAILEEVT", "meta vault: magic")
        if head.uint(2) != 1:
            raise TooNew("meta vault: format")
        self.id, self.created_at = head.take(16), head.i64()
        head.end()
        require(self.id == self.keyring.vault, "the keyring is of another vault")
        meta = dict(self.rows("meta"))
        self.manifest, authority = read_manifest_for(meta.get, self.id, self.keyring.header["authority_public"],
                                                     self.keyring.header["manifest_min"])
        self.policies = {}
        for key, row in self.rows("policies"):
            require(len(key) == 4, "policies: length of a key")
            version = int.from_bytes(key, "big")
            policy = read_policy_bytes(row, version, self.id, authority, self.manifest)
            self.policies[version] = Policy(policy, version)
        require(self.manifest["policy_in_force"] in self.policies, "policies: the one in force is missing")

        sealed = rotation.read_secrets(self.get("meta", b"secrets"))
        version = self.keyring.header["storage_version"]
        if version not in sealed:
            raise WrongKey("meta secrets: another storage key")
        bound = suite1.binding(suite1.SECRETS, self.id, generation=version)
        plain = suite1.open_sealed(self.keyring.storage, bound, sealed[version], "meta secrets")
        rotation.refuse_retired(self.manifest, self.keyring)
        self.rotations, self.retired = rotation.read_rotations(self), rotation.read_retired(self)
        require(len(plain) == 64, "meta secrets: length")
        self.ref_key, self.tag_key = plain[:32], plain[32:]

    def terms(self, terms_id):
        value = self.get("terms", terms_id)
        require(blake2b(16, self.id + value, person=b"bailee.terms") == terms_id, "terms: hash")
        reader = Reader(value, "terms").version(1)
        terms = {"policy": reader.uint(4), "bucket": reader.i64(), "notice": reader.str8().decode(),
                 "source": reader.str8().decode(), "controller": reader.str8().decode()}
        reader.end()
        require(terms["policy"] in self.policies, "terms: unknown policy")
        return terms

    def records(self):
        """Yields (subject, category, record id, record) for each record row, checked but not opened."""
        for key, row in self.rows("records"):
            require(len(key) == 40, "records: length of a key")
            subject = self.subjects.get(key[:16])
            require(subject is not None, "records: nobody's")
            record = rows.read_record(row)
            require(record.revision == subject.revisions.get((key[16:24], key[24:]), 0), "record row: not the newest")
            categories = self.policies[self.terms(record.terms)["policy"]].categories
            require(key[16:24] in categories, "records: unknown category")
            category = categories[key[16:24]]
            require([entry.compartment for entry in record.entries] == list(range(category.compartments)),
                    "record row: compartments")
            yield subject, category, key[24:], record

    def place(self, subject, category, record_id, record, entry):
        return rows.Place(self.id, subject, name_id(category.name), record_id if entry.travelling else bytes(16),
                          entry.compartment, record.terms)

    def wraps(self, place, entry):
        """The wraps of the generation of D that this entry was sealed with."""
        if entry.travelling:
            wraps = rows.read_wraps(place, entry.travelling)
        else:
            key = (place.subject.handle + b"\1" + place.category + struct.pack(">H", place.compartment) + place.terms)
            wraps = rows.read_wraps(place, self.get("subjects", key))
        wraps = [wrap for wrap in wraps if wrap.generation == entry.generation]
        require(wraps, "record row: a generation that nobody has a wrap of")
        return wraps

    def open_entry(self, subject, category, record_id, record, entry):
        """{field name: value} of a compartment, or None if the keyring holds no purpose that it is wrapped for."""
        place = self.place(subject, category, record_id, record, entry)
        for wrap in self.wraps(place, entry):
            key = self.keyring.purposes.get((wrap.purpose, wrap.version))
            if key is None:
                continue
            try:
                compartment_key = rows.open_wrap(place, wrap, key)
                values = rows.open_compartment(place, record_id, record, entry, compartment_key)
            except WrongKey as failure:
                raise Damage("record: its key does not open it") from failure
            for field in values:
                require(field < len(category.fields) and category.compartment_of[field] == entry.compartment,
                        "record: a field of another compartment")
            return {category.fields[field]: value for field, value in values.items()}
        return None

    def ledger(self, subject):
        """The entries of a subject's ledger; as many as its standing counts, and what they come to is what it says."""
        entries = []
        for key, row in self.rows("ledger", b"\1" + subject.handle):
            require(len(key) == 25, "ledger: length of a key")
            sequence = int.from_bytes(key[17:], "big")
            require(sequence == len(entries) + 1, "ledger: a gap")
            entries.append(ledger.open_entry(self.id, subject, sequence, row))
        require(len(entries) == subject.standing.entries, "ledger: another length")
        require(ledger.fold(entries) == ledger.in_order_of_names(subject.standing), "ledger: another standing")
        return entries

    def _open_lookup(self, tag, bound, row):
        return suite1.open_sealed(self.shards.get(tag, row[:8]), bound, row[8:], "lookup row")

    def back(self, field_key):
        """The handles of subjects that have a back row about this row of a field."""
        found = []
        for key, row in self.rows("lookup", b"\5"):
            require(len(key) == 25, "lookup: length of a key")
            subject = self.subjects.get(key[1:17])
            require(subject is not None, "lookup: a back row of nobody")
            bound = suite1.binding(suite1.BACK_ROW, self.id, subject.handle, context=key[-8:])
            plain = suite1.open_sealed(subject.history, bound, row, "back row")
            entries = [plain[at:at + 50] for at in range(0, len(plain), 50)]
            require(1 <= len(entries) <= 32 and len(plain) % 50 == 0, "lookup: length of a back row")
            if any(entry[:34] == field_key[1:] for entry in entries):
                found.append(subject.handle)
        return found

    def find_ref(self, ref, is_tag=False):
        """Handles under a ref, or under a browser's tag."""
        tag = (blake2b(16, ref, person=b"bailee.tag", key=self.tag_key) if is_tag
               else blake2b(16, ref, person=b"bailee.ref", key=self.ref_key))
        found = []
        for key, row in self.rows("lookup", (b"\2" if is_tag else b"\1") + tag):
            require(len(key) == 25, "lookup: length of a key")
            bound = suite1.binding(suite1.LOOKUP, self.id, record=tag, context=key[-8:])
            handle = self._open_lookup(tag, bound, row)
            require(handle in self.subjects, "lookup: nobody's")
            found.append(handle)
        return found

    def _index(self, name):
        """(id, kind of its field, [(version, key)]) of an index whose keys this keyring holds."""
        index = name_id(name)
        kind = self.policies[self.manifest["policy_in_force"]].indexes[index][3]
        return index, kind, [(held[1], key) for held, key in self.keyring.indexes.items() if held[0] == index]

    def index_form(self, name, value):
        return index_form(self._index(name)[1], value)

    def find(self, name, value):
        """(handle, record id) of the lookup rows of an index under a value."""
        index, kind, keys = self._index(name)
        found = []
        for version, key in keys:
            tag = blake2b(16, index_form(kind, value), person=b"bailee.index", key=key)
            for row_key, row in self.rows("lookup", b"\3" + index + struct.pack(">H", version) + tag):
                require(len(row_key) == 35, "lookup: length of a key")
                bound = suite1.binding(suite1.LOOKUP, self.id, category=index, record=tag, revision=version,
                                       context=row_key[-8:])
                plain = self._open_lookup(tag, bound, row)
                require(len(plain) == 32, "lookup: length of a row")
                require(self.subjects[plain[:16]].handle in self.back(row_key), "lookup: no back row")
                found.append((plain[:16], plain[16:]))
        return found

    def pending(self, name):
        """(handle, record id, normalised value) of the pending entries of an index whose purpose is held."""
        index, _, _ = self._index(name)
        purpose = name_id(name.rpartition("/")[2])
        found = []
        for key, row in self.rows("lookup", b"\4" + index):
            require(len(key) == 35, "lookup: length of a key")
            subject = self.subjects.get(key[11:27])
            require(subject is not None, "lookup: nobody's")
            left_for = int.from_bytes(row[:2], "big")
            bound = suite1.binding(suite1.PENDING_OUTER, self.id, subject.handle, index, generation=left_for,
                                   revision=int.from_bytes(key[9:11], "big"), context=key[-8:])
            require(left_for in rotation.versions_in_use(self, "purpose", name.rpartition("/")[2]), "pending entry: version")
            box = unpad(suite1.open_sealed(subject.key, bound, row[2:], "pending entry"))
            for (held, version), purpose_key in self.keyring.purposes.items():
                if (held, version) != (purpose, left_for):
                    continue
                bound = suite1.binding(suite1.PENDING_INNER, self.id, subject.handle, index, context=key[-8:],
                                       wrap_for=(purpose, version))
                plain = unpad(suite1.open_box(suite1.box_secret(purpose_key, version), bound, box))
                found.append((subject.handle, plain[:16], plain[16:]))
        return found
