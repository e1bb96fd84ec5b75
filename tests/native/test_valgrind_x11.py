"""X11 capture under Valgrind, against a real X server: nothing lost, nothing used before it was set."""

import shutil
import subprocess
from pathlib import Path

from sanitized_build import ROOT, SOURCE, WARNINGS, compiler

from fanlight.capture import monitors
from fanlight.capture.virtual import VirtualDisplay

VALGRIND = ["valgrind", "--error-exitcode=9", "--leak-check=full", "--errors-for-leak-kinds=definite", "--quiet"]
SUPPRESSED = Path(__file__).with_name("valgrind_x11.supp")
LIBRARIES = ["xcb", "xcb-shm", "xcb-damage", "xcb-xfixes", "xcb-randr", "xcb-xtest", "xcb-xinput"]


def build(folder: Path) -> Path:
    """The program with native/x11 and the scalar kernels, which is all that capture needs of them."""
    found = subprocess.run(
        ["pkg-config", "--cflags", "--libs", *LIBRARIES], check=True, capture_output=True, text=True
    ).stdout.split()
    x11 = ROOT / "native" / "x11"
    sources = [Path(__file__).with_name("check_x11.c"), *sorted(x11.glob("*.c")), *sorted(SOURCE.glob("*.c"))]
    program = folder / "check_x11"
    includes = [f"-I{ROOT / 'native' / 'include'}", f"-I{SOURCE}", f"-I{x11}"]
    options = ["-std=gnu11", "-g", "-O1", *WARNINGS, "-pthread", *includes]
    subprocess.run([compiler(), *options, *sources, *found, "-o", program], check=True)
    return program


def test_capture_loses_no_memory_and_uses_none_that_is_not_set(tmp_path: Path) -> None:
    assert shutil.which(VALGRIND[0]), "valgrind is needed: ./dev test installs it"
    program = build(tmp_path)
    with VirtualDisplay((320, 200)) as display:
        (monitor,) = monitors(display.name)
        command = [*VALGRIND, f"--suppressions={SUPPRESSED}", program, display.name, display.framebuffer, monitor.name]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "all captures are clean\n"
