"""What becomes of a damaged audit log where the disk is full, one page less full each time: `full_disk.py FOLDER`.

The folder is on a small file system that nothing else uses. Prints, as JSON, what it was called each time that a loss
could not be accepted, whether everything was then as before, and the report of the check in the end.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from fanlight.access import Store
from fanlight.access.audit import Audit
from fanlight.access.audit_check import check
from fanlight.access.audit_heads import anchor
from fanlight.errors import StateError

NOW = 1_900_000_000.0
PAGE = 4096
MOST_PAGES = 64


def fill(path):
    """Take all the room there is."""
    with path.open("ab", buffering=0) as file:
        try:
            while file.write(bytes(PAGE)):
                pass
        except OSError:
            file.truncate(file.tell() // PAGE * PAGE)


def look(home, store):
    """All that the log is made of."""
    files = {str(path.relative_to(home)): path.read_bytes() for path in home.rglob("audit*") if path.is_file()}
    return files, sorted(path.name for path in home.iterdir() if path.is_dir()), anchor(store)


def command(home, *words):
    words = [sys.executable, "-m", "fanlight", "--home", str(home), *words]
    done = subprocess.run(words, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    return [done.returncode, done.stderr]


def main():
    home, filler = Path(sys.argv[1]) / "home", Path(sys.argv[1]) / "filler"
    command(home, "access", "status")
    store = Store(home / "fanlight.db")
    audit = Audit(home, store)
    for n in range(20):
        audit.append("a", NOW, n=n)
    log = home / "audit.jsonl"
    log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:3]))
    fill(filler)
    before = look(home, store)
    told = {"command": command(home, "audit", "accept-loss"), "same": [look(home, store) == before], "errors": []}
    for _ in range(MOST_PAGES):
        try:
            told["aside"] = audit.accept_loss(["cut"], NOW + 1)
            break
        except StateError as error:
            told["errors"].append(str(error))
            told["same"].append(look(home, store) == before)
            os.truncate(filler, filler.stat().st_size - PAGE)
    tip, damaged = audit.files.tip_or_damage()
    report = check(audit.files.content(), tip, anchor(store), (), kept_bytes=0, key_damaged=damaged)
    told |= {"faults": report.faults, "losses": [loss.entries for loss in report.losses], "files": look(home, store)[1]}
    told["left"] = sorted(path.name for path in home.glob("audit*") if path.is_file())
    sys.stdout.write(json.dumps(told))


main()
