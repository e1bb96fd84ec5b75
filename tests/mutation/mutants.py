"""Make the mutants: a copy of the engine in which each module of access holds its mutants beside itself.

mutmut writes them: every function becomes one that looks at MUTANT_UNDER_TEST at each call, and runs the original or
that mutant. One that mypy refuses could not be written by mistake, for `./dev check` has it: it is not tried.
"""

import ast
import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from mutmut.mutation.file_mutation import mutate_file_contents

ROOT = Path(__file__).parents[2]
ENGINE = ROOT / "engine"
PLACE = ROOT / "build/mutation"
ACCESS = PLACE / "engine/fanlight/access"


class Mutant(NamedTuple):
    """A function with a mistake: what MUTANT_UNDER_TEST says to have it, its lines as they are, as they could be."""

    name: str
    original: str
    text: str

    @property
    def module(self) -> str:
        return self.name.split(".")[2]

    @property
    def function(self) -> str:
        return self.name.rpartition("__mutmut_")[0]


def make() -> None:
    """Copy the engine to PLACE with the mutants in it; what did not change is left as it is."""
    shutil.copytree(
        ENGINE, PLACE / "engine", ignore=shutil.ignore_patterns("access", "__pycache__"), dirs_exist_ok=True
    )
    ACCESS.mkdir(exist_ok=True)
    sources = {path.name: path.read_text() for path in (ENGINE / "fanlight/access").glob("*.py")}
    for path in [path for path in ACCESS.glob("*.py") if path.name not in sources]:
        path.unlink()
    for name, source in sources.items():
        mark = f"# {digest(source)}\n"
        if not (ACCESS / name).exists() or not (ACCESS / name).read_text().endswith(mark):
            (ACCESS / name).write_text(mutate_file_contents(name, source).code + "\n" + mark)


def functions(path: Path) -> dict[str, str]:
    """Return the bodies of all functions in a module of mutants, by their mangled names."""
    lines = path.read_text().splitlines()
    return {each.name: "\n".join(lines[each.lineno : each.end_lineno]) for each in _functions(path)}


def mutants(module: str) -> list[Mutant]:
    found = functions(ACCESS / f"{module}.py")
    originals = {name.removesuffix("orig"): text for name, text in found.items() if name.endswith("__mutmut_orig")}
    return [
        Mutant(f"fanlight.access.{module}.{name}", originals[name.rstrip("0123456789")], text)
        for name, text in found.items()
        if name.rstrip("0123456789") in originals
    ]


def refused() -> set[str]:
    """Return the names of the mutants that mypy refuses; they are kept, for it is at work for a minute."""
    kept, modules = PLACE / "refused.json", digest("".join(path.read_text() for path in sorted(ACCESS.glob("*.py"))))
    found = json.loads(kept.read_text()) if kept.exists() else {}
    if modules not in found:
        found = {modules: sorted(_refused())}
        kept.write_text(json.dumps(found, indent=0))
    return set(found[modules])


def _refused() -> set[str]:
    options = ["--no-warn-unused-ignores", "--output", "json", "--config-file", str(ROOT / "pyproject.toml")]
    # Where it runs, the configured search path leads to the mutants.
    command = [ROOT / ".venv/bin/python", "-m", "mypy", *options, "--python-executable", sys.executable]
    done = subprocess.run([*command, "-p", "fanlight.access"], cwd=PLACE, capture_output=True, text=True, check=False)
    lines: dict[str, set[int]] = {}
    for fault in (json.loads(line) for line in done.stdout.splitlines() if line.strip()):
        if fault["severity"] == "error":
            lines.setdefault(Path(fault["file"]).stem, set()).add(fault["line"])
    return {
        f"fanlight.access.{module}.{each.name}"
        for module, wrong in lines.items()
        for each in _functions(ACCESS / f"{module}.py")
        if not wrong.isdisjoint(range(each.lineno, (each.end_lineno or each.lineno) + 1))
    }


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.walk(ast.parse(path.read_text()))
    return [each for each in tree if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
