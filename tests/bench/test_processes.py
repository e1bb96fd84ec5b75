"""Displays and programs end with what they started, and their CPU time is counted where it was used."""

import os
import shutil
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from fanlight.kernels import x11
from fanlight_bench.plan import Unavailable
from fanlight_bench.processes import Display, Program, cpu_seconds, first_thread_seconds, wait_for
from patience import PATIENCE
from x_server import wait_until

BURN = "import time\nwhile time.process_time() < {seconds}: pass\n"
# Prints the pid of a grandchild that sits in a session of its own and ignores SIGTERM.
STUBBORN = """
import signal, subprocess, sys, time
child = subprocess.Popen(
    [sys.executable, "-c", "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True);"
     "time.sleep(600)"], start_new_session=True, stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
time.sleep(600)
"""


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(shutil.which("Xvfb") is None, reason="needs Xvfb")
def test_display_names_its_server_and_ends_it() -> None:
    with Display((320, 200)) as display:
        assert Path(f"/proc/{display.pid}/comm").read_text().strip() == "Xvfb"
        screen = x11.Screen(display.name, 30)
        assert screen.size == (320, 200)
        screen.close()
        with Program(["xdpyinfo"], display) as program:
            assert program.wait(PATIENCE) == 0
            assert b"320x200" in program.output()
    assert not is_alive(display.pid)


def test_program_ends_with_all_that_it_started() -> None:
    with Program(python(STUBBORN)) as program:
        grandchild = int(wait_for(lambda: program.output().strip(), PATIENCE))
        assert is_alive(grandchild)
    assert not is_alive(program.pid)
    assert not is_alive(grandchild)


def test_program_ends_when_interrupted() -> None:
    with pytest.raises(KeyboardInterrupt), Program(python("import time; time.sleep(600)")) as program:
        raise KeyboardInterrupt
    assert not is_alive(program.pid)


def test_paused_program_ends_by_the_polite_signal() -> None:
    code = "import atexit, signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit(0));"
    with Program(
        python(code + "atexit.register(print, 'bye'); print('hello', flush=True); time.sleep(600)")
    ) as program:
        wait_for(program.output, PATIENCE)
        os.kill(program.pid, signal.SIGSTOP)
    assert program.output() == b"hello\nbye\n"


def test_program_gets_its_environment() -> None:
    with Program(python("import os; print(os.environ['SHOE'])"), env={"SHOE": "left"}) as program:
        assert program.wait(PATIENCE) == 0
        assert program.output().strip() == b"left"


def test_failed_program_says_why() -> None:
    with Program(python("import sys; sys.exit('no such shoe')")) as program:
        assert program.wait(PATIENCE) == 1
        assert program.status == 1
        assert program.last_words() == "no such shoe"
    assert program.last_words() == "no such shoe"


def test_program_that_failed_silently_is_told_by_its_status() -> None:
    with Program(python("import os; os.kill(os.getpid(), 9)")) as program:
        program.wait(PATIENCE)
        assert "ended with status -9" in program.last_words()


def test_program_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(Unavailable, match="no command fanlight-no-such-program"):
        Program(["fanlight-no-such-program"])


def test_waiting_too_long_for_a_program_is_an_error() -> None:
    with Program(python("import time; time.sleep(600)")) as program:
        with pytest.raises(TimeoutError, match="did not end"):
            program.wait(0.01)
        assert program.status is None


def test_cpu_time_is_what_was_used() -> None:
    with Program(python(BURN.format(seconds=0.3) + "time.sleep(600)")) as program:
        wait_until(lambda: cpu_seconds(program.pid) >= 0.3)
        before = cpu_seconds(program.pid)
        time.sleep(0.1)
        assert cpu_seconds(program.pid) - before < 0.05


def test_cpu_time_counts_children_only_when_asked() -> None:
    code = f"import subprocess, sys, time; subprocess.run([sys.executable, '-c', {BURN.format(seconds=0.5)!r}])"
    with Program(python(code + "; print(1, flush=True); time.sleep(600)")) as program:
        wait_for(program.output, PATIENCE)
        assert cpu_seconds(program.pid) >= cpu_seconds(program.pid, children=False) + 0.45


def test_cpu_time_of_a_process_that_is_gone_is_refused() -> None:
    with Program(python("pass")) as program:
        program.wait(PATIENCE)
    with pytest.raises(ProcessLookupError):
        cpu_seconds(program.pid)


def test_the_first_threads_time_leaves_out_what_others_used() -> None:
    own, all_threads = first_thread_seconds(os.getpid()), time.process_time()
    other = threading.Thread(target=lambda: sum(range(5_000_000)))
    other.start()
    other.join()
    assert first_thread_seconds(os.getpid()) - own < (time.process_time() - all_threads) / 2


def test_the_first_threads_time_of_a_process_that_is_gone_is_refused() -> None:
    with Program(python("pass")) as program:
        program.wait(PATIENCE)
    with pytest.raises(ProcessLookupError):
        first_thread_seconds(program.pid)


def test_wait_for_returns_what_it_found_or_says_what_did_not_happen() -> None:
    assert wait_for(lambda: "a shoe", 1) == "a shoe"
    with pytest.raises(TimeoutError, match="the shoe did not happen within 0"):
        wait_for(lambda: None, 0.01, "the shoe")


def test_our_own_cpu_time_is_the_clocks() -> None:
    assert cpu_seconds(os.getpid(), children=False) == pytest.approx(time.process_time(), abs=0.05)
