"""The kernels on a 64-bit ARM, which qemu plays: its vector kernels beside the scalar ones, then all of them."""

import shutil
import subprocess

import pytest
from sanitized_build import INCLUDES, SOURCE, WARNINGS

COMPILER, MACHINE = "aarch64-linux-gnu-gcc", "qemu-aarch64"
MOST_PIXELS = 40_000


@pytest.fixture
def build(tmp_path):
    """Return what builds a program of this folder for the other machine."""
    assert shutil.which(COMPILER), f"{COMPILER} is needed: ./dev test installs it"
    assert shutil.which(MACHINE), f"{MACHINE} is needed: ./dev test installs it"
    command = [COMPILER, "-static", "-std=gnu11", "-O2", *WARNINGS, *INCLUDES, "-DFL_HAVE_ARM64"]

    def build(name):
        sources = [SOURCE.parents[1] / "tests" / "native" / f"{name}.c", *SOURCE.glob("*.c"), *SOURCE.glob("arm/*.c")]
        subprocess.run([*command, *map(str, sources), "-o", str(tmp_path / name)], check=True)
        return tmp_path / name

    return build


def run(program, *arguments):
    return subprocess.run([MACHINE, program, *arguments], capture_output=True, text=True, check=False)


def test_vector_kernels_are_the_scalar_ones(build):
    done = run(build("check_variants"))
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["scalar", "neon", "all"]


def test_all_kernels_are_clean(build):
    done = run(build("check_kernels"), "1", "10", str(MOST_PIXELS))
    assert done.returncode == 0, done.stderr
    assert done.stdout == "all kernels are clean\n"
