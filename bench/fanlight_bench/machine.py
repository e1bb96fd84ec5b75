"""Where a benchmark runs: processor, cores that this process may use, memory, system, Python."""

import os
import platform
import re
from pathlib import Path

from fanlight_bench.results import Machine

_MODEL = re.compile(r"^(?:model name|Hardware|Model)\s*:\s*(.+)$", re.MULTILINE)
_NAME = re.compile(r'^PRETTY_NAME="?([^"\n]+)', re.MULTILINE)


def describe() -> Machine:
    """Describe the machine that this process runs on, without its name or address."""
    return Machine(
        processor=_processor(),
        cores=len(os.sched_getaffinity(0)),
        memory_bytes=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        system=f"{_system()}, Linux {platform.release()}",
        python=platform.python_version(),
    )


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _processor() -> str:
    found = _MODEL.search(_read("/proc/cpuinfo"))
    return " ".join(found.group(1).split()) if found else platform.machine()


def _system() -> str:
    found = _NAME.search(_read("/etc/os-release"))
    return found.group(1) if found else platform.system()
