"""Builds the programs beside it with the kernels under AddressSanitizer and UndefinedBehaviorSanitizer."""

import os
import platform
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "native" / "src"
SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer"]
WARNINGS = ["-Wall", "-Wextra", "-Wshadow", "-Wconversion", "-Werror"]


def compiler():
    """Return the C compiler's path, or None."""
    return shutil.which(os.environ.get("CC", "cc"))


def build(folder, program="check_kernels"):
    """Build a program in a folder; return its path. CalledProcessError where a warning or error stands."""
    command = [compiler(), "-std=gnu11", "-g", "-O1", *WARNINGS, *SANITIZERS]
    command += [f"-I{ROOT / 'native' / 'include'}", f"-I{SOURCE}"]
    objects = []
    if platform.machine() in ("x86_64", "AMD64"):
        command.append("-DFL_HAVE_X86")
        wide = sorted(map(str, (SOURCE / "x86").glob("*_avx2.c")))
        subprocess.run([*command, "-mavx2", "-c", *wide], cwd=folder, check=True)
        objects = sorted(map(str, Path(folder).glob("*_avx2.o")))
    target = Path(folder) / program
    sources = [str(Path(__file__).with_name(f"{program}.c")), *sorted(map(str, SOURCE.glob("*.c")))]
    subprocess.run([*command, *sources, *objects, "-o", str(target)], check=True)
    return target


def run(program, *arguments):
    """Run a program; return the finished process with its output as text."""
    environment = {
        **os.environ,
        "ASAN_OPTIONS": "detect_leaks=1:strict_string_checks=1",
        "UBSAN_OPTIONS": "print_stacktrace=1",
    }
    return subprocess.run(
        [str(program), *map(str, arguments)], capture_output=True, text=True, env=environment, check=False
    )
