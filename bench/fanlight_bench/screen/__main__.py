"""The sampler as a program: `python -m fanlight_bench.screen --display :1 --size WxH --seconds N`.

It writes one line when it sees the first clock, and after `--seconds` from then on its record.
"""

import argparse
import sys
import time

import msgspec

from fanlight.config import parse_size
from fanlight.errors import FanlightError
from fanlight_bench.screen.corners import Corners
from fanlight_bench.screen.sampler import watch


def main() -> int:
    """Watch and write; 1 with one sentence when that is not possible."""
    parser = argparse.ArgumentParser(prog="python -m fanlight_bench.screen", description="Watch a display's clocks.")
    parser.add_argument("--display", required=True)
    parser.add_argument("--size", required=True, type=parse_size)
    parser.add_argument("--seconds", required=True, type=float)
    asked = parser.parse_args()
    try:
        with Corners(asked.display, asked.size) as corners:
            record = watch(corners, _now, asked.seconds, lambda seen: _write(b"%d\n" % seen))
    except FanlightError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    _write(msgspec.json.encode(record) + b"\n")
    return 0


def _now() -> int:
    return time.monotonic_ns() // 1_000


def _write(line: bytes) -> None:
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    sys.exit(main())
