import contextlib
import io
import os
import pty
import select
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from remote_fake import PATIENCE, FakeScreen, noise, wait_until, whole

from fanlight.errors import ConnectionLost
from fanlight.types import Rect
from fanlight.viewer import watch

SIZE = (320, 200)


@pytest.fixture
def remote():
    return FakeScreen(noise(SIZE))


def meanwhile(act):
    """Run `act` once the session has opened, in a thread of its own."""
    thread = threading.Thread(target=act, daemon=True)
    thread.start()
    return thread


def opened(remote):
    wait_until(lambda: remote.following, "the session is followed")


def test_it_counts_until_the_session_ends(remote):
    def act():
        opened(remote)
        for _ in range(4):
            remote.push(Rect(0, 0, 8, 8))
        remote.push()
        remote.end()

    thread = meanwhile(act)
    summary = watch(remote.connect)
    thread.join()
    assert (summary.frames, summary.bytes, summary.exact, summary.size) == (5, 500, True, SIZE)
    assert summary.latency_p50 == 0.004
    assert np.array_equal(summary.image, remote.image)
    assert remote.closed


def test_it_ends_by_itself_and_closes_the_session(remote):
    summary = watch(remote.connect, seconds=0.2)
    assert summary.seconds >= 0.19, "timers of the loop count whole milliseconds"
    assert summary.frames == 1
    assert remote.closed


def test_a_lost_session_comes_out(remote):
    thread = meanwhile(lambda: (opened(remote), remote.fail(ConnectionLost("gone"))))
    with pytest.raises(ConnectionLost, match="gone"):
        watch(remote.connect, seconds=PATIENCE)
    thread.join()
    assert remote.closed


def test_a_timeout_of_the_session_is_not_taken_for_the_end_of_the_time():
    class TimingOut(FakeScreen):
        async def updates(self):
            raise TimeoutError("the network")
            yield

    with pytest.raises(TimeoutError, match="the network"):
        watch(TimingOut(noise(SIZE)).connect, seconds=PATIENCE)


def test_the_last_picture_is_a_copy_of_the_newest(remote):
    def change():
        remote.image[:] = noise(SIZE, seed=8)

    def act():
        opened(remote)
        remote.push(whole(remote.image), change=change)
        remote.end()

    thread = meanwhile(act)
    summary = watch(remote.connect)
    thread.join()
    assert np.array_equal(summary.image, noise(SIZE, seed=8))
    assert not np.shares_memory(summary.image, remote.image)


def test_a_screen_that_never_came_has_no_picture():
    class Blank(FakeScreen):
        size = (0, 0)

        @property
        def image(self):
            raise AssertionError("there is no picture to ask for")

        @image.setter
        def image(self, _):
            pass

        @contextlib.asynccontextmanager
        async def connect(self):
            yield self

        async def updates(self):
            return
            yield

    summary = watch(Blank(noise(SIZE)).connect)
    assert (summary.frames, summary.image) == (0, None)


def test_it_is_quiet_where_stderr_is_no_terminal(remote, monkeypatch):
    stderr = io.StringIO()
    monkeypatch.setattr("sys.stderr", stderr)
    watch(remote.connect, seconds=0.1, status=True)
    assert stderr.getvalue() == ""


LIVE = """
import sys
sys.path.insert(0, sys.argv[1])
from remote_fake import FakeScreen, noise
from fanlight.viewer import watch
summary = watch(FakeScreen(noise((320, 200))).connect, seconds=60, status=sys.argv[2] == "status")
print(summary.interrupted, summary.size, flush=True)
"""


def on_a_terminal(mode, until, ending=signal.SIGTERM, output=subprocess.DEVNULL):
    """What a program says on its terminal up to `until`, or to its end; then it gets the signal `ending`."""
    leader, follower = pty.openpty()
    command = [sys.executable, "-c", LIVE, str(Path(__file__).parent), mode]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120", "PYTHONPATH": os.pathsep.join(sys.path)}
    program = subprocess.Popen(command, stderr=follower, stdout=output, env=environment)
    os.close(follower)
    said = b""
    try:
        # A terminal that nobody has open any more is an error.
        with contextlib.suppress(OSError):
            while until not in said and select.select([leader], [], [], PATIENCE)[0]:
                said += os.read(leader, 4_096)
    finally:
        program.send_signal(ending)
        program.wait(PATIENCE)
        os.close(leader)
    return said.decode()


def test_a_person_sees_one_live_line():
    said = on_a_terminal("status", b"320x200")
    assert "fake:7391" in said
    assert "4.0 / 4.0 ms" in said
    assert "exact" in said
    assert "hybrid" in said


def test_an_interrupted_session_still_has_its_totals(tmp_path):
    with (tmp_path / "said").open("w+") as output:
        on_a_terminal("status", b"320x200", signal.SIGINT, output)
        output.seek(0)
        assert output.read() == "True (320, 200)\n"
