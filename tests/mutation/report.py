"""Report what was found: how many mutants of each module the tests killed, and who survives unexplained.

Of those that mypy lets pass, the tests must kill nine of ten; every other one is explained in
tests/access/mutation_survivors.md, by its change or by its class.
"""

import difflib
import re
import sys
from collections import Counter
from typing import NamedTuple

from mutants import ROOT, Mutant, mutants
from results import Results

EXPLAINED = ROOT / "tests/access/mutation_survivors.md"
# SQLite does not tell cases apart in its words and names, nor Python in names of hashes and codecs.
CASELESS = re.compile(
    r"\b(SELECT|INSERT|UPDATE|DELETE|SET|WHERE|ORDER BY|ON CONFLICT|PRAGMA|BEGIN|COMMIT)\b"
    r"|_pragma\(\"|_has\(db, \"|\"(sha256|ascii|utf-8)\"|^\s*for table in "
)
TEXT = re.compile(r"f?\"(?:[^\"\\]|\\.)*\"|None")
ERROR = re.compile(r"\braise \w+\(|^\s*f?\"[^\"]*\"$")
LEAST = 0.9


class Change(NamedTuple):
    """What makes a mutant: a function, and a line before and after."""

    function: str
    before: str
    after: str

    @property
    def is_none(self) -> bool:
        """Whether both mean the same, because they differ in a case that nobody looks at."""
        return self.before.casefold() == self.after.casefold() and bool(CASELESS.search(self.before))

    @property
    def is_wording(self) -> bool:
        """Whether only the words of an error differ."""
        # What an error is told with is more than words.
        rest = (TEXT.sub(lambda text: "".join(re.findall(r"{[^}]*}", text[0])), line) for line in self)
        return bool(ERROR.search(self.before)) and len(set(list(rest)[1:])) == 1


def change(mutant: Mutant) -> Change:
    before, after = (text.splitlines() for text in (mutant.original, mutant.text))
    lines = list(difflib.ndiff(before, after))
    left, right = (" ".join(line[2:].strip() for line in lines if line[0] == sign) for sign in "-+")
    name = mutant.function.rpartition(".")[2]
    plain = name.removeprefix("x_") if name.startswith("x_") else name[2:].replace("ǁ", ".")
    return Change(f"{mutant.module}.{plain}", left, right)


def explained() -> dict[Change, str]:
    """Read the explanations: a heading for a function, a line with -, lines with +, and the reason."""
    found: dict[Change, str] = {}
    function, before, waiting = "", "", []
    for line in EXPLAINED.read_text().splitlines():
        if line.startswith("### "):
            function = line[4:]
        elif line.startswith("    - "):
            before = line[6:]
        elif line.startswith("    + "):
            waiting.append(Change(function, before, line[6:]))
        elif line and waiting:
            found |= dict.fromkeys(waiting, line)
            waiting = []
    return found


def survivors(module: str, counts: Counter[str]) -> list[Change]:
    """Count what became of the mutants of a module; return those that live and differ from it."""
    results, found = Results(module), []
    for mutant in mutants(module):
        state, one = results[mutant].state, change(mutant)
        state = "same" if state == "survived" and one.is_none else state
        counts[state] += 1
        found += [one] if state == "survived" else []
    return found


def share(counts: Counter[str]) -> float:
    return counts["killed"] / max(1, counts["killed"] + counts["survived"])


def row(name: str, counts: Counter[str]) -> str:
    numbers = (counts[each] for each in ("refused", "same", "killed", "survived", "untried"))
    return f"{name:16}" + "".join(f"{number:9}" for number in numbers) + f"{share(counts):9.1%}\n"


def show(title: str, changes: list[Change]) -> None:
    for one in changes:
        sys.stdout.write(f"\n{title}:\n### {one.function}\n\n    - {one.before}\n    + {one.after}\n")


def report(modules: list[str]) -> int:
    """Write what became of the mutants of `modules`; return 0 if it is as it should be."""
    reasons, total = explained(), Counter[str]()
    wording, known, unknown = [], [], []
    sys.stdout.write(f"{'module':16}  refused     same   killed survived  untried    share\n")
    for module in modules:
        counts = Counter[str]()
        for one in survivors(module, counts):
            (wording if one.is_wording else known if one in reasons else unknown).append(one)
        total += counts
        if counts:
            sys.stdout.write(row(module, counts))
    sys.stdout.write(row("all", total))
    sys.stdout.write(f"of the survivors {len(wording)} change the words of an error, {len(known)} are explained\n")
    gone = [one for one in reasons if one not in known and one.function.split(".")[0] in modules]
    show("not explained", unknown)
    show("explained, and did not survive", gone)
    return int(bool(unknown or gone or total["untried"] or share(total) < LEAST))
