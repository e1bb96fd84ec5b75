"""Every kernel, and hostile streams, under AddressSanitizer and UndefinedBehaviorSanitizer."""

import pytest
from sanitized_build import build, compiler, run


@pytest.fixture
def program(tmp_path):
    assert compiler(), "a C compiler is needed, as for building fanlight"
    return build(tmp_path)


def test_all_kernels_are_clean(program):
    done = run(program, seed=1, rounds=200)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert done.stdout == "all kernels are clean\n"
