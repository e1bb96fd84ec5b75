"""The fuzz targets over their corpora, and a short way on from there. `./dev fuzz` goes further."""

import pytest
from fuzz_build import CORPUS, TARGETS, build_targets, fuzz

RUNS, SECONDS = 20_000, 10


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
    done = fuzz(target, programs[target], found, tmp_path, options)
    assert done.returncode == 0, done.stderr
