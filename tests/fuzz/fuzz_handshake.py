"""Run the handshake's state machine: `python tests/fuzz/fuzz_handshake.py --seconds 60`, or `--sequences 20000`.

A failure prints the shortest sequence of steps that shows it.
"""

import argparse
import sys
import time
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

sys.path.insert(0, str(Path(__file__).parents[1] / "session"))

from handshake_machine import HandshakeMachine


def run(sequences):
    run_state_machine_as_test(
        HandshakeMachine,
        settings=settings(
            max_examples=sequences,
            stateful_step_count=40,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    return sequences


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--sequences", type=int)
    given = parser.parse_args()
    began = time.monotonic()
    done = run(given.sequences or 100)
    while not given.sequences and time.monotonic() - began < given.seconds:
        done += run(100)
    sys.stdout.write(f"{done} sequences in {time.monotonic() - began:.0f} s\n")


if __name__ == "__main__":
    main()
