"""The kernels as they are compiled for use, under Valgrind: nothing lost, nothing read before it was written.

Sanitizers see neither, for code that a compiler has made wide, nor a value that decides before it was set.
"""

import shutil
import subprocess

from sanitized_build import build

VALGRIND = ["valgrind", "--error-exitcode=9", "--leak-check=full", "--errors-for-leak-kinds=definite", "--quiet"]
MOST_PIXELS = 40_000


def test_kernels_lose_no_memory_and_use_none_that_is_not_set(tmp_path):
    assert shutil.which(VALGRIND[0]), "valgrind is needed: ./dev test installs it"
    program = build(tmp_path, flags=["-O2"])
    done = subprocess.run(
        [*VALGRIND, program, "1", "10", str(MOST_PIXELS)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "all kernels are clean\n"
