"""The program that shows one workload: `python -m fanlight_bench.workloads NAME --size WxH`."""

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
    return parser.parse_args()


def main() -> int:
    """Show the workload that the arguments name; return the exit code."""
    given = _arguments()
    try:
        check(given.name, given.size, given.rate, given.region)
        prepare_drawing()
        from fanlight_bench.workloads.window import show

        show(given.name, given.size, given.rate, given.seed, given.seconds, given.region)
    except FanlightError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
