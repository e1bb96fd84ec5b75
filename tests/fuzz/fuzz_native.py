"""Fuzz the native entries that see a peer's bytes, by libFuzzer under AddressSanitizer and UndefinedBehaviorSanitizer.

`python tests/fuzz/fuzz_native.py --seconds 60` spends so long on every target, from its committed corpus on. What it
finds on the way stays in build/fuzz/<target>/; --keep adds to the committed corpus those of it that reach new code.
An input that fails is written to build/fuzz/crashes/ and named; --target and --input repeat it.
"""

import argparse
import random
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "native"))

from fuzz_build import CORPUS, TARGETS, build_targets, fuzz, run_target, write_golden
from sanitized_build import ROOT

FOUND = ROOT / "build" / "fuzz"
CRASHES = FOUND / "crashes"


def search(target, program, seconds, seed):
    """Run a target for so long; exit with its report and how to repeat it where an input fails."""
    found = FOUND / target
    found.mkdir(parents=True, exist_ok=True)
    options = [f"-seed={seed}", f"-max_total_time={max(1, round(seconds))}"]
    done = fuzz(target, program, found, CRASHES, options)
    if done.returncode:
        fail(target, done, f"{target} failed with seed {seed}; the report names the input in {CRASHES}")
    sys.stdout.write(f"{target}: {seconds:g} s with seed {seed}, {len(list(found.iterdir()))} inputs in {found}\n")


def repeat(target, program, path):
    """Run a target on one input."""
    done = run_target(program, [path], CRASHES)
    if done.returncode:
        fail(target, done, f"{target} fails on {path}")
    sys.stdout.write(f"{target} takes {path}\n")


def keep(target, program):
    """Add to the committed corpus what reaches code that it does not."""
    corpus = CORPUS / target
    corpus.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as golden:
        write_golden(target, golden)
        done = run_target(program, ["-set_cover_merge=1", "-use_counters=0", corpus, FOUND / target, golden], CRASHES)
    if done.returncode:
        fail(target, done, f"{target} failed while its corpus was merged")
    sys.stdout.write(f"{target}: {len(list(corpus.iterdir()))} inputs in {corpus}\n")


def fail(target, done, sentence):
    """Exit with the report of a run and a sentence."""
    sys.stderr.write(done.stderr)
    sys.exit(f"fanlight: {sentence}\nrepeat: tests/fuzz/fuzz_native.py --target {target} --input FILE")


def main():
    """Fuzz every target, or what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--target", choices=TARGETS, action="append")
    parser.add_argument("--input", type=Path, help="run the target on this file only")
    parser.add_argument("--keep", action="store_true", help="add what was found to the committed corpus")
    given = parser.parse_args()
    CRASHES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        programs = build_targets(folder)
        for target in given.target or TARGETS:
            if given.input:
                repeat(target, programs[target], given.input)
                continue
            seed = random.randrange(1, 2**31) if given.seed is None else given.seed
            search(target, programs[target], given.seconds, seed)
            if given.keep:
                keep(target, programs[target])


if __name__ == "__main__":
    main()
