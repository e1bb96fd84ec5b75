"""Kill a host that counts wrong tries, again and again, at whatever it is doing: no guess is free.

A child guesses passwords and codes and says so before each one that it looks at; it is killed with SIGKILL after some
of them. Whatever was looked at must then stand in the store as a miss, and at most one try a kill may stand there that
was not looked at. `python tests/fuzz/fuzz_counting.py --seconds 60`, or `--kills 1000`.
"""

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "access"))

from access_fixtures import HOUR, MESSAGE, NOW, PASSWORD, App, open_rules

from fanlight.access import Who, scram
from fanlight.access.totp import Totp

KINDS = {b"g": "guess strangers", b"c": "code strangers"}


def prepare(path):
    """Make a store with a password and codes."""
    rules = open_rules(path)
    rules.set_password(PASSWORD)
    rules.set_unattended(True)
    App().switch_on(rules)
    rules.close()


def guess_for_ever(path, said, start):
    """Guess once an hour, which is always looked at; say so before."""

    def tell(kind, real):
        return lambda *args, **more: (os.write(said, kind), real(*args, **more))[1]

    def match(verifier, proof, message):
        # Every try goes through all the slots; the first one tells.
        if not told:
            os.write(said, b"g")
        told.append(1)
        return real_match(verifier, proof, message)

    real_match, told = scram.proof_matches, []
    scram.proof_matches = match
    Totp._match = tell(b"c", Totp._match)
    rules, now = open_rules(path), start
    while True:
        now += HOUR
        told.clear()
        who = Who(os.urandom(32).hex(), None, "")
        rules.code(who, rules.password(who, bytes(32), MESSAGE, now), "000000", now)


def kill_once(path, start, randomly):
    """Let a child guess and kill it; return how often it looked at each kind."""
    heard, said = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(heard)
        guess_for_ever(path, said, start)
    os.close(said)
    seen = b""
    for _ in range(randomly.randint(0, 6)):
        seen += os.read(heard, 1)
    time.sleep(randomly.random() * 0.004)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    while more := os.read(heard, 65536):
        seen += more
    os.close(heard)
    return {kind: seen.count(kind) for kind in KINDS}


def counted(path):
    """Return how many misses of each kind stand in the store."""
    rules = open_rules(path)
    rows = dict(rules._store.rows("SELECT bucket, misses FROM throttle"))
    rules.close()
    return {kind: rows.get(name, 0) for kind, name in KINDS.items()}


def run(path, kills, randomly):
    """Kill a host `kills` times; return how many guesses were looked at."""
    prepare(path)
    looked_at, start = dict.fromkeys(KINDS, 0), NOW
    for number in range(1, kills + 1):
        for kind, times in kill_once(path, start, randomly).items():
            looked_at[kind] += times
        for kind, misses in counted(path).items():
            assert looked_at[kind] <= misses <= looked_at[kind] + number, (kind, looked_at[kind], misses, number)
        # Past whatever the child counted.
        start += 10_000 * HOUR
    return sum(looked_at.values())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--kills", type=int)
    given = parser.parse_args()
    end, kills, guesses = time.monotonic() + given.seconds, 0, 0
    while kills < given.kills if given.kills else time.monotonic() < end:
        with tempfile.TemporaryDirectory() as home:
            batch = min(given.kills or 50, 50)
            guesses += run(Path(home) / "fanlight.db", batch, random.Random())
        kills += batch
    sys.stdout.write(f"{kills} kills, {guesses} guesses, none free\n")


if __name__ == "__main__":
    main()
