"""Every kernel, and hostile streams, under AddressSanitizer and UndefinedBehaviorSanitizer."""

from sanitized_build import build, compiler, run

from fanlight.kernels import cpu


def test_all_kernels_are_clean(tmp_path):
    assert compiler(), "a C compiler is needed, as for building fanlight"
    done = run(build(tmp_path), 1, 200)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert done.stdout == "all kernels are clean\n"


def test_variants_are_the_scalar_kernels(tmp_path):
    done = run(build(tmp_path, "check_variants"))
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert set(done.stdout.split()) == {"scalar", "all", *cpu.detected()}
