"""Put mistakes into the modules of access, one at a time, and report those that the tests do not notice.

Arguments name modules; without them it is all. What is known from an earlier run stands, where nothing changed.
"""

import os
import sys

from making import make, refused
from mutants import ACCESS
from report import report
from trial import run


def main(names: list[str]) -> int:
    make()
    modules = [path.stem for path in sorted(ACCESS.glob("*.py"))]
    if unknown := [name for name in names if name not in modules]:
        sys.exit(f"fanlight.access has no module {', '.join(unknown)}")
    code = run(names or modules, refused(), int(os.environ.get("FANLIGHT_JOBS", "1")))
    return code or report(names or modules)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
