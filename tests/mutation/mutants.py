"""The mutants of access: build/mutation/engine is a copy of the engine whose modules hold their mutants in them."""

import ast
import hashlib
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
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


def functions(path: Path) -> dict[str, str]:
    """Return the bodies of all functions in a module of mutants, by their mangled names."""
    lines = path.read_text().splitlines()
    return {each.name: "\n".join(lines[each.lineno : each.end_lineno]) for each in parsed(path)}


def mutants(module: str) -> list[Mutant]:
    found = functions(ACCESS / f"{module}.py")
    originals = {name.removesuffix("orig"): text for name, text in found.items() if name.endswith("__mutmut_orig")}
    return [
        Mutant(f"fanlight.access.{module}.{name}", originals[name.rstrip("0123456789")], text)
        for name, text in found.items()
        if name.rstrip("0123456789") in originals
    ]


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def parsed(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Return all functions in a module."""
    tree = ast.walk(ast.parse(path.read_text()))
    return [each for each in tree if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
