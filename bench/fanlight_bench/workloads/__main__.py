"""The program that shows one workload: `python -m fanlight_bench.workloads NAME --size WxH`.

With `--tell` it writes a line for each picture: what its clock shows, and when the X server had drawn it, microseconds.
"""

import argparse
import sys

from fanlight.errors import FanlightError
from fanlight.types import Rect, Size
from fanlight_bench.workloads import check, prepare_drawing


def _size(text: str) -> Size:
    width, height = text.split("x")
    return int(width), int(height)


def _region(text: str) -> Rect:
    x, y, w, h = text.split(",")
    return Rect(int(x), int(y), int(w), int(h))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m fanlight_bench.workloads", description="Show one workload.")
    parser.add_argument("name", help="a workload, or file:PATH")
    parser.add_argument("--size", type=_size, required=True, metavar="WxH")
    parser.add_argument("--rate", type=float, default=60.0, help="frames a second (60)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, help="how long (until SIGTERM)")
    parser.add_argument("--region", type=_region, metavar="X,Y,W,H")
    parser.add_argument("--tell", action="store_true", help="say of each picture when it was drawn")
    return parser.parse_args()


def _tell(micros: int, drawn: int) -> None:
    sys.stdout.buffer.write(b"%d %d\n" % (micros, drawn))
    sys.stdout.buffer.flush()


def _keep_quiet(micros: int, drawn: int) -> None:
    pass


def main() -> int:
    """Show the workload that the arguments name; return the exit code."""
    given = _arguments()
    try:
        check(given.name, given.size, given.rate, given.region)
        prepare_drawing()
        from fanlight_bench.workloads.window import show

        tell = _tell if given.tell else _keep_quiet
        show(given.name, given.size, given.rate, given.seed, given.seconds, given.region, tell)
    except FanlightError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
