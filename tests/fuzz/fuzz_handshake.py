"""Run the handshake's state machine: `python tests/fuzz/fuzz_handshake.py --sequences 20000`.

A failure prints the shortest sequence of steps that shows it.
"""

import argparse
import sys
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

sys.path.insert(0, str(Path(__file__).parents[1] / "session"))

from handshake_machine import HandshakeMachine


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sequences", type=int, default=20_000)
    given = parser.parse_args()
    run_state_machine_as_test(
        HandshakeMachine,
        settings=settings(
            max_examples=given.sequences,
            stateful_step_count=40,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    sys.stdout.write(f"{given.sequences} sequences\n")


if __name__ == "__main__":
    main()
