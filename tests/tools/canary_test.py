# SPDX-License-Identifier: Apache-2.0
"""canary_test.py BAILEE: values, refs, tags, passphrases and keys of 48 random bytes are given to the tool
every way it takes them; none of it, nor 12 bytes of it in any encoding, is in what any command says or
leaves behind, but for the files that were asked for with --out."""
import json
import os
import pathlib
import random
import secrets
import shutil
import string
import sys
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(HERE.parent / "support"), str(HERE.parent / "reference")]

import canaries  # noqa: E402
import canary_rest as rest  # noqa: E402
from keyring import Keyring  # noqa: E402
from run_bailee import Tool  # noqa: E402

BAILEE = sys.argv[1]
LETTERS = string.ascii_letters + string.digits
RECORD = "0c2b4b6d9a1e0f3a2b4c5d6e6f1c0d5e"
# Every kind there is; EXPIRY, TIME, COUNTRY and MONEY are too small to hold a canary of 12 bytes.
KINDS = ["TEXT", "EMAIL", "PHONE", "PAN", "EXPIRY", "IBAN", "PASSWORD", "IP", "TIME", "URL",
         "USER_AGENT", "LANGUAGE", "COUNTRY", "MONEY", "INTEGER", "BLOB"]
POLICY = """
name: "canary"  version: 1  effective: "2016-07-01"
purpose { id: "service" says: "Run the account" }
purpose { id: "support" says: "Answer the person" }
purpose { id: "security" says: "Find and stop abuse" }
notice { id: "n" purpose: "service" purpose: "support" purpose: "security" source: "web" }
source { id: "web" role: OWN }
category {
  id: "everything" says: "A field of every kind" about: SUBJECT holds: ONE sensitive: true
  FIELDS
  allow { purpose: "service" basis: NECESSARY }
  allow { purpose: "support" basis: NECESSARY field: "email" }
  retain { purpose: "service" days: 365 from: COLLECTION }
  retain { purpose: "support" days: 365 from: COLLECTION }
}
category {
  id: "web_log" says: "What every request leaves behind" about: BROWSER holds: MANY
  field { id: "ip" kind: IP }
  field { id: "at" kind: TIME }
  field { id: "url" kind: URL view { id: "path" coarsen: PATH } }
  field { id: "agent" kind: USER_AGENT }
  field { id: "referrer" kind: URL view { id: "host" coarsen: HOST } }
  allow { purpose: "security" basis: NECESSARY }
  retain { purpose: "security" days: 90 from: COLLECTION }
}
"""


def policy():
    lines = []
    for kind in KINDS:
        more = ""
        if kind == "EMAIL":
            more = ' required: true lookup { purpose: "support" }'
        if kind == "PAN":
            more = ' view { id: "last4" mask: LAST4 }'
        lines.append(f'field {{ id: "{kind.lower()}" kind: {kind}{more} }}')
    return rest.add_purposes(POLICY).replace("FIELDS", "\n  ".join(lines))


def letters(count=48, alphabet=LETTERS):
    return "".join(secrets.choice(alphabet) for _ in range(count))


def luhn(digits):
    doubled = [int(each) * (2 if index % 2 == 0 else 1) for index, each in enumerate(reversed(digits))]
    return str(-sum(each - 9 if each > 9 else each for each in doubled) % 10)


def iban():
    account = "1" + letters(17, string.digits)
    return f"DE{98 - int(account + '131400') % 97:02d}{account}"


class Canaries:
    """Makes them, and knows which are planted. Where a kind leaves less room than 48 bytes, all its room is
    canary."""

    def __init__(self):
        self.planted = []

    def plant(self, canary):
        self.planted.append(canary if isinstance(canary, bytes) else canary.encode())
        return canary

    def text(self, count=48):
        return self.plant(letters(count))

    def url(self):
        host = self.plant(letters(48, string.ascii_lowercase + string.digits))
        return f"https://{host}.example/{self.text()}?q={self.text()}"

    def ip(self):
        return self.plant("2001:db8:" + ":".join(letters(4, "123456789abcdef") for _ in range(6)))

    def value(self, kind):
        """A value of the kind, as a line of `bailee collect` holds it."""
        if kind == "EMAIL":
            return self.text(64) + "@" + letters(8) + ".example"
        if kind in ("BLOB", "PASSWORD"):
            return {"hex": self.plant(secrets.token_bytes(48)).hex()}
        if kind == "PAN":
            digits = "4" + letters(17, string.digits)
            return self.plant(digits + luhn(digits))
        if kind == "LANGUAGE":
            return "de-x-" + self.plant("-".join(letters(8, string.ascii_lowercase) for _ in range(3)))
        if kind == "INTEGER":
            return self.plant("1" + letters(17, string.digits))
        if kind == "PHONE":
            return self.plant("+49" + letters(12, "123456789"))
        if kind in ("URL", "IP"):
            return self.url() if kind == "URL" else self.ip()
        if kind == "IBAN":
            return self.plant(iban())
        small = {"EXPIRY": "12/30", "TIME": "2016-05-31T09:30:00Z", "COUNTRY": "DE", "MONEY": "12.30 EUR"}
        return small.get(kind) or self.text()


class World:
    """A vault, what was given to it, and everything that was said: each command's stdout and stderr is a file
    below `left`, as is all that the commands left behind. `given` and `released` are what may hold canaries."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        for name in ("left", "left/tmp", "left/said", "given", "released"):
            (self.root / name).mkdir(mode=0o700)
        self.tool = Tool(BAILEE, str(self.root / "left"))
        self.tool.environment["TMPDIR"] = str(self.root / "left/tmp")
        self.canaries = Canaries()
        self.codes = []
        self.ran = []

    def give(self, name, content):
        path = self.root / "given" / name
        path.write_bytes(content)
        path.chmod(0o600)
        return path

    def run(self, *words, stdin="", expect=None):
        ran = self.tool.run(*words, stdin=stdin)
        said = self.root / "left/said" / f"{len(self.codes):03d}"
        said.with_suffix(".out").write_text(ran.out)
        said.with_suffix(".err").write_text(ran.err)
        self.codes.append(ran.code)
        self.ran.append((ran.arguments, ran.code))
        # What was said may hold a canary, so it is not shown.
        assert expect is None or ran.code in expect, f"{words[0]} {words[-1]} in {said}: exit {ran.code}"
        return ran

    def as_(self, actor, *words, stdin="", expect=(0,)):
        return self.run("--vault", "vault", "--keyring", f"file:{actor}.keyring", *words, stdin=stdin, expect=expect)

    def both_ways(self, actor, *words, stdin="", expect=(0,)):
        self.as_(actor, *words, stdin=stdin, expect=expect)
        return self.as_(actor, *words, "--json", "-v", stdin=stdin, expect=expect)


def make(world):
    """init, keyrings open and sealed, and a subject and a browser."""
    plant = world.canaries
    world.policy = world.give("policy.textproto", policy().encode())
    made = world.run("init", "vault", "--policy", world.policy, "--keyrings", "keys", "--json", expect=[0])
    world.vault = made.json()["vault_id"]
    passphrase = world.give("passphrase", plant.text().encode() + b"\n")
    key_file = world.give("key", plant.plant(secrets.token_bytes(32)))
    world.unlock = {"phrase": ["--passphrase-file", passphrase], "keyed": ["--key-file", key_file]}
    grants = {"shop": ["--collector"], "service": ["service"], "support": ["support"], "guard": ["security"],
              "phrase": ["service", "--seal-passphrase-file", passphrase],
              "keyed": ["service", "--seal-key-file", key_file], "billing": ["billing"], "news": ["contact.news"],
              "rights": ["rights"], "upkeep": ["upkeep"], "tally": ["tally"]}
    for actor, words in grants.items():
        world.run("keyring", "grant", "--from", "keys", "--actor", actor, "--out", f"{actor}.keyring", *words,
                  expect=[0])
    for actor in ("log", "auditor"):
        shutil.copy(world.root / f"left/keys/{actor}.keyring", world.root / f"left/{actor}.keyring")
    fields = {kind.lower(): plant.value(kind) for kind in KINDS}
    world.email = fields["email"]
    world.person = {"ref": plant.text(), "notice": "n", "source": "web",
                    "records": [{"category": "everything", "fields": fields}]}
    world.browser = {"tag": plant.text(), "notice": "n", "source": "web", "records": [
        {"category": "web_log", "record": RECORD,
         "fields": {"ip": plant.ip(), "url": plant.url(), "agent": plant.text()}}]}


def collect(world):
    lines = "".join(json.dumps(each) + "\n" for each in (world.person, world.browser))
    world.both_ways("shop", "collect", stdin=lines)
    world.run("collect", "--dry-run", stdin=lines, expect=[0])
    stamp = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(time.time() - 60))
    plant = world.canaries
    log = "".join(f'{plant.ip()} - {user} [{stamp}] "GET /{plant.text()}?q={plant.text()} HTTP/1.1" 200 5 '
                  f'"{plant.url()}" "{plant.text()}" "visitor={plant.text()}"\n' for user in ("-", plant.text()))
    log += f"{plant.text()} is no line of a log\n"
    for words in ([], ["--dry-run"]):
        world.both_ways("guard", "import", "--format", '%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i" "%{Cookie}i"',
                        "--tag-cookie", "visitor", "--category", "web_log", "--notice", "n", "--source", "web", *words,
                        "-", stdin=log, expect=[5])


def ask(world):
    """All that asks, and the one way by which values leave without a terminal."""
    found = world.both_ways("support", "subject", "find", "--purpose", "support", "everything.email",
                            stdin=world.email + "\n").json()["found"][0]
    world.handle = found["handle"]
    for actor, purpose in (("service", "service"), ("support", "support")):
        world.both_ways(actor, "record", "list", world.handle, "--purpose", purpose)
        world.both_ways(actor, "subject", "show", world.handle, "--purpose", purpose)
        world.both_ways(actor, "status")
        world.both_ways(actor, "can-i", purpose, "everything.email")
        world.both_ways(actor, "explain", purpose, "everything.pan")
        world.both_ways(actor, "policy", "show")
    for kind in KINDS:
        world.both_ways("service", "record", "show", world.handle, f"everything.{kind.lower()}", "--purpose", "service",
                        expect=(3,) if kind == "PASSWORD" else (0,))
        world.both_ways("support", "record", "show", world.handle, f"everything.{kind.lower()}", "--purpose", "support",
                        expect=(0,) if kind == "EMAIL" else (3, 8))
    for actor in ("phrase", "keyed"):
        world.both_ways(actor, "status", *world.unlock[actor])
        world.both_ways(actor, "status", expect=(12,))
        world.both_ways(actor, "status", *world.unlock["keyed" if actor == "phrase" else "phrase"], expect=(12,))
        world.run("keyring", "show", f"{actor}.keyring", expect=[0])
    out = world.root / "released"
    world.as_("service", "record", "show", world.handle, "everything", "--purpose", "service", "--out", out / "record")
    world.as_("service", "subject", "show", world.handle, "--out", out / "ref")


def look_without_keys(world):
    for words in ([], ["--rows"], ["--category", "everything"], ["--category", "web_log"]):
        world.run("--vault", "vault", "dump", *words, expect=[0])
        world.run("--vault", "vault", "dump", *words, "--json", expect=[0])
    for command in world.run("help", "--commands", "--json", expect=[0]).json()["commands"]:
        world.run(*command["path"].split(), "--help", expect=[0])
        world.run(*command["path"].split(), "--help", "--json", expect=[0])


def fail(world):
    """Values where nobody should have put them."""
    stray = world.canaries.text
    handle = secrets.token_hex(16)
    for words in ([stray()], [stray(), "--json"], ["--" + stray()], ["status", stray()], ["status", "--" + stray()],
                  ["status", "--format", stray()], ["status", "--field", stray()], ["record", stray()],
                  ["record", "list", stray(), "--purpose", "service"], ["record", "list", handle, "--purpose", stray()],
                  ["record", "show", handle, stray(), "--purpose", "service"],
                  ["record", "show", world.handle, "everything." + stray(), "--purpose", "service"],
                  ["record", "show", world.handle, "everything.email", "--purpose", "service", "--record", stray()],
                  ["record", "show", world.handle, "everything.email", "--purpose", "service", "--on-behalf-of", stray()],
                  ["record", "show", world.handle, "everything.email", "--purpose", stray(), "--case", stray() + " " + stray()],
                  ["record", "show", world.handle, "everything.email", "--purpose", "service", "--reveal"],
                  ["subject", "show", stray()], ["can-i", stray(), "everything.email"],
                  ["can-i", "service", stray()], ["can-i", "service", "everything." + stray()],
                  ["explain", stray(), stray()], ["explain", "service", "everything.email", "--source", stray()],
                  ["dump", stray()], ["help", stray()], ["completion", stray()],
                  ["subject", "find", "--purpose", "support", stray()]):
        world.both_ways("service", *words, expect=None)
    for stdin in (stray(), stray() + "@" + stray()[:8] + ".example", ""):
        world.both_ways("support", "subject", "find", "--purpose", "support", "everything.email", stdin=stdin + "\n",
                        expect=(7, 8))
    collect_badly(world)


def collect_badly(world):
    stray = world.canaries.text
    record = world.person["records"][0]
    bad = [stray(), stray() + "\n{" + stray(), json.dumps({stray(): stray()}), json.dumps(stray()),
           json.dumps(world.person)[:-2], json.dumps(world.person) + stray()]
    changes = [{"ref": stray() * 6}, {"notice": stray()}, {"source": stray()}, {"on_behalf_of": stray()},
               {"collected_at": stray()}, {"handle": stray()}, {stray(): stray()}, {"records": stray()},
               {"records": [{"category": stray(), "fields": record["fields"]}]},
               {"records": [{"category": "everything", "fields": {stray(): stray()}}]},
               {"records": [{"category": "everything", "fields": {"email": {"hex": stray()}}}]},
               {"records": [dict(record, record=stray())]}]
    for kind in KINDS:
        # A good value, then more than its kind holds.
        value = world.canaries.value("BLOB" if kind in ("BLOB", "PASSWORD") else "TEXT")
        value = {"hex": value["hex"] * 30_000} if isinstance(value, dict) else value * 1_500 + "\x07"
        changes.append({"records": [{"category": "everything", "fields": dict(record["fields"], **{kind.lower(): value})}]})
    bad += [json.dumps(dict(world.person, **each)) for each in changes]
    for words in ([], ["--dry-run"]):
        world.both_ways("shop", "collect", *words, stdin="".join(each + "\n" for each in bad), expect=[5])


def plant_keys(world):
    """The keys in every keyring that was made; a reader that shares nothing with the tool opens them."""
    unlock = {actor: (world.root / "given" / name).read_bytes().rstrip(b"\n") if name == "passphrase"
              else (world.root / "given" / name).read_bytes()
              for actor, name in (("phrase", "passphrase"), ("keyed", "key"))}
    for path in sorted((world.root / "left").rglob("*.keyring")):
        held = Keyring(path.read_bytes(), unlock.get(path.stem))
        keys = [held.storage, *held.purposes.values(), *held.indexes.values(), *held.roles.values()]
        for key in keys:
            if key is not None:
                world.canaries.plant(key)


class CanaryTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory()
        cls.world = World(cls.directory.name)
        for step in (make, collect, ask, look_without_keys, fail, rest.answer_people, rest.contact, rest.look_after, rest.copy,
                     rest.erase, rest.look_at_the_trail, plant_keys):
            step(cls.world)
        cls.planted = sorted(set(cls.world.canaries.planted))

    @classmethod
    def tearDownClass(cls):
        cls.directory.cleanup()

    def hits(self, path, planted=None):
        return [str(each.relative_to(self.world.root)) for each in canaries.search(planted or self.planted, [path])]

    def test_nothing_given_is_said_or_left_behind(self):
        self.assertEqual(self.hits(self.world.root / "left"), [])

    def test_the_places_where_it_could_be_were_searched(self):
        left = self.world.root / "left"
        names = {each.name for each in (left / "vault").iterdir()}
        self.assertLessEqual({"data.mdb", "lock.mdb"}, names)
        self.assertGreater((left / "vault/data.mdb").stat().st_size, 100_000)
        said = list((left / "said").iterdir())
        self.assertEqual(len(said), 2 * len(self.world.codes))
        self.assertGreater(sum(each.stat().st_size > 0 for each in said), 200)
        self.assertLessEqual({0, 2, 3, 5, 7, 8, 12}, set(self.world.codes))
        self.assertGreater(len(self.planted), 100)
        self.assertTrue(all(len(each) >= canaries.WINDOW for each in self.planted))

    def test_every_command_was_run(self):
        listed = json.loads(self.world.tool.run("help", "--commands", "--json").out)["commands"]
        paths = {each["path"] for each in listed}
        groups = {path for path in paths if any(other.startswith(path + " ") for other in paths)}
        worked, tried = set(), set()
        for arguments, code in self.world.ran:
            for path in paths - groups:
                words = path.split()
                if "--help" not in arguments and any(arguments[at:at + len(words)] == words for at in range(len(arguments))):
                    tried.add(path)
                    if code in (0, 4, 5):
                        worked.add(path)
        self.assertEqual(paths - groups - tried, set())
        # There is nothing to count in this vault, and nothing old enough to be pruned.
        self.assertEqual(paths - groups - worked, {"report show", "audit prune"})

    def test_what_was_released_is_found(self):
        for name in ("record", "ref", "export", "tag", "disclosed"):
            self.assertEqual(self.hits(self.world.root / "released" / name), [f"released/{name}"])

    def test_a_leak_planted_anywhere_is_found(self):
        said = sorted((self.world.root / "left/said").iterdir(), key=lambda each: each.stat().st_size)[-1]
        for place in (said, self.world.root / "left/vault/data.mdb"):
            copy = self.world.root / "leak"
            for canary in random.sample(self.planted, 5) + [self.planted[0]]:
                start = secrets.randbelow(len(canary) - canaries.WINDOW + 1)
                part = canary[start:start + canaries.WINDOW]
                for leak in (part, part.hex().encode(), part.hex().upper().encode(),
                             part.decode("latin-1").encode("utf-16-le")):
                    shutil.copy(place, copy)
                    with open(copy, "r+b") as file:
                        file.seek(secrets.randbelow(place.stat().st_size - len(leak)))
                        file.write(leak)
                    self.assertEqual(self.hits(copy), ["leak"])
            copy.unlink()


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
