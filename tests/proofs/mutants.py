"""Report what `./dev mutate` found: how many mutants of each module the tests killed, and who survives unexplained.

A mutant is a module with one small mistake. Of those that mypy lets pass, the tests must kill nine of ten; every other
one is explained in tests/access/mutation_survivors.md, by its change or by its class. Exits 1 where that is not so, or
where something is explained that did not survive. With names of modules, only of those.
"""

import ast
import difflib
import json
import re
import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
MUTANTS = ROOT / "build/mutation/mutants/src/fanlight/access"
EXPLAINED = ROOT / "tests/access/mutation_survivors.md"
REFUSED, UNTESTED, UNTRIED = 37, 33, None
# SQLite does not tell cases apart in its words and names, nor Python in names of hashes and codecs.
CASELESS = re.compile(
    r"\b(SELECT|INSERT|UPDATE|DELETE|SET|WHERE|ORDER BY|ON CONFLICT)\b|\"(sha256|ascii)\"|^\s*for table in "
)
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
        words = (re.sub(r"f?\"(?:[^\"\\]|\\.)*\"|None", "", line) for line in (self.before, self.after))
        return bool(ERROR.search(self.before)) and len(set(words)) == 1


def functions(source: str) -> dict[str, list[str]]:
    """Return the lines of all functions in a module of mutants, by their mangled names."""
    lines = source.splitlines()
    found = (each for each in ast.walk(ast.parse(source)) if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef))
    return {each.name: lines[each.lineno : each.end_lineno] for each in found}


def change(module: str, mutant: str, sources: dict[str, list[str]]) -> Change:
    original = mutant.rpartition("__mutmut_")[0]
    lines = list(difflib.ndiff(sources[f"{original}__mutmut_orig"], sources[mutant]))
    before, after = (" ".join(line[2:].strip() for line in lines if line[0] == sign) for sign in "-+")
    name = original.removeprefix("x_") if original.startswith("x_") else original[2:].replace("ǁ", ".")
    return Change(f"{module}.{name}", before, after)


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


def survivors(path: Path, counts: Counter[str]) -> list[Change]:
    """Count what became of the mutants of a module; return those that live and differ from it."""
    module, sources = path.name.partition(".")[0], functions(path.with_suffix("").read_text())
    found = []
    for name, code in json.loads(path.read_text())["exit_code_by_key"].items():
        if code in (REFUSED, UNTRIED):
            counts["refused" if code == REFUSED else "untried"] += 1
        elif code not in (0, UNTESTED):
            counts["killed"] += 1
        else:
            one = change(module, name.rpartition(".")[2], sources)
            counts["same" if one.is_none else "survived"] += 1
            found += [] if one.is_none else [one]
    return found


def share(counts: Counter[str]) -> float:
    return counts["killed"] / max(1, counts["killed"] + counts["survived"])


def row(name: str, counts: Counter[str]) -> str:
    numbers = (counts[each] for each in ("refused", "same", "killed", "survived", "untried"))
    return f"{name:16}" + "".join(f"{number:9}" for number in numbers) + f"{share(counts):9.1%}\n"


def report(title: str, changes: list[Change]) -> None:
    for one in changes:
        sys.stdout.write(f"\n{title}:\n### {one.function}\n\n    - {one.before}\n    + {one.after}\n")


def main(modules: list[str]) -> int:
    reasons, total = explained(), Counter[str]()
    wording, known, unknown = [], [], []
    sys.stdout.write(f"{'module':16}  refused     same   killed survived  untried    share\n")
    for path in sorted(MUTANTS.glob("*.meta")):
        name, counts = path.name.partition(".")[0], Counter[str]()
        if modules and name not in modules:
            continue
        for one in survivors(path, counts):
            (wording if one.is_wording else known if one in reasons else unknown).append(one)
        total += counts
        if counts:
            sys.stdout.write(row(name, counts))
    sys.stdout.write(row("all", total))
    sys.stdout.write(f"of the survivors {len(wording)} change the words of an error, {len(known)} are explained\n")
    gone = [one for one in reasons if one not in known and (not modules or one.function.split(".")[0] in modules)]
    report("not explained", unknown)
    report("explained, and did not survive", gone)
    return bool(unknown or gone or total["untried"] or share(total) < LEAST)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
