"""Builds the fuzz targets beside it, fuzz_*.c, with clang's libFuzzer and sanitizers; runs them on their corpora.

A target is run over what is committed in tests/fuzz/corpus/<target>/ and, where it takes tile streams, over the golden
vectors too.
"""

import json
import os
import shutil
import struct
import subprocess
import tempfile
from pathlib import Path

from sanitized_build import INCLUDES, ROOT, SANITIZERS, WARNINGS, compile_kernels

CORPUS = ROOT / "tests" / "fuzz" / "corpus"
VECTORS = ROOT / "tests" / "vectors"
TARGETS = sorted(path.stem.removeprefix("fuzz_") for path in Path(__file__).parent.glob("fuzz_*.c"))
# What no input may take: seconds, memory. An input is as long as a few tiles.
LIMITS = ["-timeout=1", "-rss_limit_mb=512", "-max_len=16384", "-verbosity=0", "-print_final_stats=0"]
ALL_INSTRUCTION_SETS, SLOTS_16 = 0xFF, 5


def build_targets(folder):
    """Build all targets in a folder; return their programs by name."""
    clang = shutil.which("clang")
    if clang is None:
        raise FileNotFoundError("clang is needed, with its libFuzzer: ./dev test and ./dev fuzz install it")
    command = [clang, "-std=gnu11", "-g", "-O1", *WARNINGS, *SANITIZERS]
    objects = compile_kernels(folder, [*command, "-fsanitize=fuzzer-no-link"])
    for target in TARGETS:
        source = Path(__file__).with_name(f"fuzz_{target}.c")
        subprocess.run(
            [*command, "-fsanitize=fuzzer", *INCLUDES, source, *objects, "-o", Path(folder) / target], check=True
        )
    return {target: Path(folder) / target for target in TARGETS}


def write_golden(target, folder):
    """Write the golden vectors as inputs of a target, if it takes tile streams."""
    if target != "stream_decode":
        return
    for name, vector in json.loads((VECTORS / "stream_vectors.json").read_text()).items():
        stream = (VECTORS / f"stream_{name}.bin").read_bytes()
        width, height = vector["size"]
        head = struct.pack("<6BH", 4, width - 1, height - 1, 0, ALL_INSTRUCTION_SETS, SLOTS_16, len(stream))
        (Path(folder) / name).write_bytes(head + stream)


def fuzz(target, program, found, crashes, options):
    """Run a target from all there is to start from; what it finds goes to `found`. Return the finished process."""
    with tempfile.TemporaryDirectory() as golden:
        write_golden(target, golden)
        starts = [path for path in (found, CORPUS / target, golden) if Path(path).exists()]
        return run_target(program, [*options, *starts], crashes)


def run_target(program, options, crashes):
    """Run a target; return the finished process. What fails is written to the folder `crashes`."""
    environment = {
        **os.environ,
        # Freed memory that is kept aside counts as the input's.
        "ASAN_OPTIONS": "detect_leaks=1:strict_string_checks=1:quarantine_size_mb=16",
        "UBSAN_OPTIONS": "print_stacktrace=1",
    }
    command = [program, *LIMITS, f"-artifact_prefix={crashes}/", *options]
    # A program's peak of memory begins with that of the process which became it, and this one may have used much. The
    # shell stays and starts a child, whose peak begins anew.
    return subprocess.run(
        ["sh", "-c", '"$@"; exit $?', "sh", *command],
        capture_output=True,
        text=True,
        errors="replace",
        env=environment,
        check=False,
    )
