# SPDX-License-Identifier: Apache-2.0
"""The commands of a vault's later life, for the test of canaries: those who answer people, look after keys, copies and the trail."""
import hashlib
import json


def add_purposes(policy):
    """What some commands need in a policy."""
    return policy.replace('notice { id: "n"', '''purpose { id: "contact.news" says: "Send news" }
purpose { id: "billing" says: "Charge" }
notice { id: "news" purpose: "contact.news" }
recipient { id: "acquirer" role: ON_OUR_BEHALF agreement: "A-1" }
notice { id: "n" purpose: "billing"''', 1).replace('''  retain { purpose: "service"''', '''  allow { purpose: "billing" basis: NECESSARY field: "pan" }
  allow { purpose: "contact.news" basis: OPT_IN field: "email" }
  retain { purpose: "billing" days: 365 from: COLLECTION }
  retain { purpose: "contact.news" days: 365 from: COLLECTION }
  disclose { recipient: "acquirer" ground: ON_OUR_BEHALF purpose: "billing" field: "pan" }
  retain { purpose: "service"''', 1)


def answer_people(world):
    out = world.root / "released"
    ref = world.person["ref"] + "\n"
    as_, both = world.as_, world.both_ways
    both("rights", "subject", "export", world.handle, expect=(2,))
    as_("rights", "subject", "export", "--out", out / "export", stdin=ref)
    as_("rights", "subject", "export", "--tag", "--out", out / "tag", stdin=world.browser["tag"] + "\n")
    both("rights", "subject", "restrict", "--method", "web-form", stdin=ref)
    both("rights", "subject", "unrestrict", "--method", "web-form", stdin=ref)
    new = world.canaries.text()
    both("rights", "record", "rectify", world.handle, "everything", "--purpose", "rights", stdin=json.dumps({"text": new}) + "\n")
    both("service", "record", "rectify", world.handle, "everything", "--purpose", "service", expect=(3, 7),
         stdin=json.dumps({world.canaries.text(): world.canaries.text(), "email": world.canaries.text()}) + "\n")
    both("shop", "ledger", "record", "given", world.handle, "--purpose", "contact.news", "--notice", "news")
    both("shop", "ledger", "record", "notice-shown", "--notice", "n", stdin=ref)
    for command in ("show", "receipt"):
        both("rights", "ledger", command, world.handle)
    as_("billing", "disclose", world.handle, "everything.pan", "--purpose", "billing", "--recipient", "acquirer", "--ground",
        "ON_OUR_BEHALF", "--out", out / "disclosed")
    both("rights", "disclosures", "list", world.handle)
    both("rights", "disclosures", "due")
    both("rights", "breach-scope", "file:service.keyring", "--handles")


def contact(world):
    both, address = world.both_ways, world.email + "\n"
    both("news", "contact", "check", "contact.news", stdin=address, expect=(3,))
    both("news", "contact", "check", "contact.news", "--handle", world.handle, stdin=address)
    both("shop", "contact", "suppress", stdin=address + world.canaries.text() + "\n", expect=(0, 5))
    world.as_("shop", "contact", "export", "--out", "list.tags")
    both("rights", "contact", "unsuppress", stdin=address)
    both("shop", "contact", "import", stdin=(world.root / "left/list.tags").read_text() + world.canaries.text() + "\n", expect=(0, 5, 7))


def look_after(world):
    """Policies, keys, retention, reports, the whole."""
    both, run = world.both_ways, world.run
    for command in ("lint", "test", "show"):
        run("policy", command, world.policy, expect=(0, 4))
    run("policy", "diff", world.policy, world.policy, expect=(0, 4))
    run("policy", "codegen", world.policy, "--out", "policy.h", expect=[0])
    both("service", "policy", "publish", world.policy, "--from", "keys", "--dry-run", expect=(9,))
    newer = world.give("newer.textproto", world.policy.read_bytes().replace(b"version: 1", b"version: 2", 1))
    world.as_("service", "policy", "publish", newer, "--from", "keys", f"--confirm={world.vault}")
    both("service", "policy", "history")
    both("rights", "notice", "due", "n")
    run("ropa", "--policy", world.policy, expect=[0])
    both("service", "ropa")
    world.as_("service", "key", "rotate", "purpose", "service", "--from", "keys", expect=(0,))
    both("service", "key", "status")
    both("upkeep", "upkeep", expect=(0, 5))
    both("upkeep", "retention", "plan")
    world.as_("upkeep", "retention", "plan", "--out", "plan")
    both("upkeep", "retention", "run", "plan", f"--confirm={world.vault}")
    both("upkeep", "review")
    for words in (["list"], ["disregarded"],
                  ["show", world.canaries.text(), "--from", "2016-07-01", "--until", "2016-07-02", "--recipient", world.canaries.text()]):
        both("tally", "report", *words, expect=(0, 3, 7, 8))
    both("service", "check", "--read-data", "100%", expect=(0, 2, 4))
    both("service", "doctor", expect=(0, 4))
    both("service", "version")
    run("completion", "bash", expect=[0])


def copy(world):
    both, as_, run = world.both_ways, world.as_, world.run
    as_("upkeep", "compact")
    as_("service", "backup", "data", "data.stream")
    as_("service", "backup", "keys", "keys.stream")
    digest = hashlib.sha256((world.root / "left/keys.stream").read_bytes()).hexdigest()
    both("service", "backup", "destroyed", digest)
    run("backup", "verify", "data.stream", "keys.stream", "--keyring", "keys/backup.keyring", expect=[0])
    run("--vault", "restored", "--keyring", "file:keys/upkeep.keyring", "restore", "data.stream", "keys.stream", "--from", "keys", expect=(0, 5))


def look_at_the_trail(world):
    both, as_, run = world.both_ways, world.as_, world.run
    entries = [json.loads(line) for line in both("auditor", "audit", "log").out.splitlines()]
    refused = [each for each in entries if each.get("outcome") == "refused"]
    both("auditor", "explain", refused[0].get("decision") or refused[0]["id"])
    both("auditor", "audit", "verify", "--entries", expect=(0, 4))
    both("service", "audit", "pin")
    signed = as_("log", "audit", "sign", "--out", "checkpoint", "--json").json()
    whose = ["--origin", signed["origin"], "--log-key", signed["log_key"]]
    both("service", "audit", "prove", "0", "--checkpoint", "checkpoint")
    as_("service", "audit", "prove", "0", "--checkpoint", "checkpoint", "--out", "proof", "--leaf", "leaf")
    as_("auditor", "audit", "receipt", world.erased, "--checkpoint", "checkpoint", "--out", "receipt")
    for words in (["check-proof", "proof", "--leaf", "leaf"], ["check-receipt", "receipt"]):
        run("audit", *words, *whose, expect=[0])
        run("audit", *words, "--origin", signed["origin"], "--log-key", "0" * 64, "--json", expect=[14])
    as_("service", "audit", "export", "--checkpoint", "checkpoint", "--out", "trail")
    both("auditor", "audit", "prune", "--checkpoint", "checkpoint", "--older-than", "400d", f"--confirm={world.vault}", expect=(8,))


def erase(world):
    ran = world.as_("rights", "subject", "erase", f"--confirm={world.vault}", "--json", stdin=world.person["ref"] + "\n")
    world.erased = ran.json()["decision"]
    world.both_ways("rights", "subject", "erase", "--tag", f"--confirm={world.vault}", stdin=world.browser["tag"] + "\n", expect=(0, 8))
