"""How long tests wait for what must happen."""

PATIENCE = 120.0
"""Seconds, which no test takes that passes: only a machine that has much else to do, or is paused, comes near it.

A test that waits in vain fails after it, before pytest's own limit ends the whole run.
"""
