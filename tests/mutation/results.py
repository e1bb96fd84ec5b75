"""What became of the mutants, kept in build/mutation/results/, a file for each module, so that a run can go on.

A result stands as long as the function and the tests that gave it are as they were: for a killed mutant the file of the
test that killed it, for a survivor the files of all tests that run the function. Fixtures belong to every test. What a
function calls is not looked at: remove build/mutation to have everything tried anew.
"""

import json
from typing import NamedTuple

from mutants import PLACE, ROOT, Mutant, digest

TESTS = ROOT / "tests/access"
KEPT = PLACE / "results"
# As they are when the run begins.
_TEXTS = {path: path.read_text() for path in TESTS.glob("*.py")}


class Result(NamedTuple):
    """`state` is refused, killed, survived or untried; `by` names the test that killed, or what else did."""

    state: str
    by: str
    basis: str


UNTRIED = Result("untried", "", "")


class Results:
    """The results of one module, by the names of its mutants."""

    def __init__(self, module: str) -> None:
        self._path = KEPT / f"{module}.json"
        kept = json.loads(self._path.read_text()) if self._path.exists() else {}
        self._kept = {name: Result(*each) for name, each in kept.items()}

    def __getitem__(self, mutant: Mutant) -> Result:
        return self._kept.get(mutant.name, UNTRIED)

    def is_known(self, mutant: Mutant, tests: list[str]) -> bool:
        """Whether the result of a mutant stands, whose function is run by `tests`."""
        result = self[mutant]
        if result.state == "killed" and result.by:
            return result.by in tests and result.basis == basis(mutant, [result.by])
        return result.state not in ("untried", "refused") and result.basis == basis(mutant, tests)

    def keep(self, mutant: Mutant, state: str, tests: list[str], by: str = "") -> None:
        self._kept[mutant.name] = Result(state, by, basis(mutant, [by] if by else tests))

    def save(self) -> None:
        KEPT.mkdir(parents=True, exist_ok=True)
        self._path.write_text(json.dumps(self._kept, indent=0))


def basis(mutant: Mutant, tests: list[str]) -> str:
    """Return what a result rests on: the text of the mutant and of the files of `tests`."""
    files = {ROOT / test.partition("::")[0] for test in tests}
    files |= {path for path in _TEXTS if not path.name.startswith("test_")} if tests else set()
    return digest(mutant.original + mutant.text + "".join(_TEXTS[path] for path in sorted(files)))
