"""The fuzz targets over their corpora, and a short way on from there. `./dev fuzz` goes further."""

import pytest
from fuzz_build import CORPUS, TARGETS, build_targets, fuzz, run_target

RUNS, SECONDS, TRIES = 20_000, 10, 4


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    return build_targets(tmp_path_factory.mktemp("fuzz"))


def test_every_target_has_a_corpus_that_fits_into_a_repository():
    assert TARGETS
    for target in TARGETS:
        sizes = [path.stat().st_size for path in (CORPUS / target).iterdir()]
        assert sizes, f"tests/fuzz/fuzz_native.py --target {target} --keep makes one"
        assert len(sizes) <= 300
    assert sum(path.stat().st_size for path in CORPUS.rglob("*")) < 2**20


@pytest.mark.parametrize("target", TARGETS)
def test_no_input_crashes_leaks_or_takes_long(programs, target, tmp_path):
    found = tmp_path / "found"
    found.mkdir()
    options = ["-seed=1", f"-runs={RUNS}", f"-max_total_time={SECONDS}"]
    for _ in range(TRIES):
        done = fuzz(target, programs[target], found, tmp_path, options)
        slow = list(tmp_path.glob("timeout-*"))
        if not slow:
            break
        # The machine may have stood still; an input that takes long takes long again, by itself.
        again = run_target(programs[target], slow, tmp_path)
        assert again.returncode == 0, again.stderr
        for path in slow:
            path.unlink()
    assert done.returncode == 0, done.stderr
