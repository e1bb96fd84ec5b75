"""A few of the sequences of handshake_machine.py; tests/fuzz/fuzz_handshake.py runs as many as it is told."""

from handshake_machine import HandshakeMachine
from hypothesis import HealthCheck, settings

TestHandshake = HandshakeMachine.TestCase
TestHandshake.settings = settings(max_examples=60, stateful_step_count=30, suppress_health_check=list(HealthCheck))
