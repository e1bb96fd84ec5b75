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
INCLUDES = [f"-I{ROOT / 'native' / 'include'}", f"-I{SOURCE}"]
X86_FLAGS = {"avx2": ["-mavx2"], "avx512": ["-mavx512f", "-mavx512bw", "-mavx512vl"]}


def compiler():
    """Return the C compiler's path, or None."""
    return shutil.which(os.environ.get("CC", "cc"))


def compile_kernels(folder, command):
    """Compile the kernels with a compiler's command, each file for its instruction set; return the object files."""
    command = [*command, *INCLUDES]
    if platform.machine() in ("x86_64", "AMD64"):
        command.append("-DFL_HAVE_X86")
        for name, flags in X86_FLAGS.items():
            wide = sorted(map(str, (SOURCE / "x86").glob(f"*_{name}.c")))
            if wide:
                subprocess.run([*command, *flags, "-c", *wide], cwd=folder, check=True)
    subprocess.run([*command, "-c", *sorted(map(str, SOURCE.glob("*.c")))], cwd=folder, check=True)
    return sorted(map(str, Path(folder).glob("*.o")))


def build(folder, program="check_kernels", flags=SANITIZERS):
    """Build a program in a folder; return its path. CalledProcessError where a warning or error stands."""
    command = [compiler(), "-std=gnu11", "-g", "-O1", *WARNINGS, *flags]
    objects = compile_kernels(folder, command)
    target = Path(folder) / program
    source = Path(__file__).with_name(f"{program}.c")
    subprocess.run([*command, *INCLUDES, str(source), *objects, "-o", str(target)], check=True)
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
