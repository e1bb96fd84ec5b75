"""Choosing instruction sets."""

import pytest

from fanlight.errors import UsageError
from fanlight.kernels import cpu


def test_use_masks_and_restores():
    assert cpu.use([]) == frozenset()
    assert cpu.use(cpu.detected()) == cpu.detected()


@pytest.mark.parametrize("name", ["avx2", "avx512", "neon"])
def test_use_takes_only_what_the_machine_has(name):
    assert cpu.use([name]) == cpu.detected() & {name}
    cpu.use(cpu.detected())


def test_an_unknown_name_is_refused_and_changes_nothing():
    with pytest.raises(UsageError, match="avx9000"):
        cpu.use(["avx9000"])
    assert cpu.use(cpu.detected()) == cpu.detected()
