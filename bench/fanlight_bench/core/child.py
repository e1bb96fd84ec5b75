"""`python -m fanlight_bench.core.child TASK`: measure one thing in a process that does nothing else.

The last line on stdout holds the figures.
"""

import importlib
import sys

import msgspec

from fanlight.errors import FanlightError
from fanlight_bench.core.task import Task


def main() -> None:
    """Run as a program; what cannot be measured says why in its last line on stderr."""
    task = msgspec.json.decode(sys.argv[1], type=Task)
    try:
        figures = importlib.import_module(f"fanlight_bench.core.{task.kind}").measure(task)
    except FanlightError as error:
        sys.exit(str(error))
    sys.stdout.buffer.write(b"\n" + msgspec.json.encode(figures))


if __name__ == "__main__":
    main()
