"""Make the mutants: a copy of the engine in which each module of access holds its mutants beside itself.

mutmut writes them: every function becomes one that looks at MUTANT_UNDER_TEST at each call, and runs the original or
that mutant. One that mypy refuses could not be written by mistake, for `./dev check` has it: it is not tried.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

from mutants import ACCESS, PLACE, ROOT, digest, parsed
from mutmut.mutation.file_mutation import mutate_file_contents

ENGINE = ROOT / "engine"


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
        for each in parsed(ACCESS / f"{module}.py")
        if not wrong.isdisjoint(range(each.lineno, (each.end_lineno or each.lineno) + 1))
    }
