"""Which instruction sets the kernels use."""

from collections.abc import Iterable
from typing import Final

from fanlight._native import lib
from fanlight.errors import UsageError

_FLAGS: Final[dict[str, int]] = {"avx2": lib.FL_CPU_AVX2, "avx512": lib.FL_CPU_AVX512, "neon": lib.FL_CPU_NEON}


def detected() -> frozenset[str]:
    """Name the instruction sets that this machine has and the kernels know."""
    return _names(lib.fl_cpu_detected())


def use(names: Iterable[str]) -> frozenset[str]:
    """Use only these instruction sets, of those the machine has; return which. For tests, with no kernel running."""
    wanted = set(names)
    unknown = wanted - _FLAGS.keys()
    if unknown:
        raise UsageError(f"there is no instruction set {', '.join(sorted(unknown))}; there is {', '.join(_FLAGS)}")
    return _names(lib.fl_cpu_use(sum(_FLAGS[name] for name in wanted)))


def _names(mask: int) -> frozenset[str]:
    return frozenset(name for name, flag in _FLAGS.items() if mask & flag)
