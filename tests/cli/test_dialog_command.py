"""The accept dialog on a real display: looked at as a person does, and worked by key and mouse."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_sessions_command import Programs, ended, listed, programs, sessions

from commands import HostProcess, StartHost, fanlight_command, password_file, run_fanlight, start_host
from fanlight.inject import Injector, open_injector
from x11_client import X11Client
from x_server import StartXvfb, wait_until

__all__ = ["password_file", "programs", "start_host"]  # Fixtures.

pytest.importorskip("pygame")

GREEN, RED, AMBER, FIELD = (44, 120, 68), (150, 52, 52), (250, 190, 90), (40, 40, 46)
TAB, RETURN, ESCAPE, SPACE = 0xFF09, 0xFF0D, 0xFF1B, 0x20
ADMIN = "the admin of this test"


class Person:
    """Who sits at a display: sees colours, moves the mouse, presses keys."""

    def __init__(self, display: str) -> None:
        self.display = display
        self._eyes = X11Client(display)
        self._hands: Injector = open_injector(display)

    def close(self) -> None:
        self._hands.close()
        self._eyes.close()

    def sees(self, colour: tuple[int, int, int]) -> bool:
        return self._middle(colour) is not None

    def clicks(self, colour: tuple[int, int, int]) -> None:
        """Click in the middle of what has a colour, once it is there."""
        wait_until(lambda: self.tries(colour))

    def tries(self, colour: tuple[int, int, int]) -> bool:
        """Click in the middle of what has a colour; False where nothing has it now."""
        place = self._middle(colour)
        if place is None:
            return False
        self._hands.move_pointer(*place)
        self._hands.press_button(1)
        self._hands.release_button(1)
        return True

    def points_at(self, colour: tuple[int, int, int]) -> None:
        wait_until(lambda: self.sees(colour))
        place = self._middle(colour)
        assert place
        self._hands.move_pointer(*place)

    def presses(self, *keysyms: int) -> None:
        """Press keys, each once it is seen what the one before has done: two at once pass for one that is held."""
        for keysym in keysyms:
            self._presses_one(keysym)

    def _presses_one(self, keysym: int) -> None:
        before = self._eyes.image()
        self._hands.press_key(keysym)
        self._hands.release_key(keysym)
        wait_until(lambda: not np.array_equal(before, self._eyes.image()))

    def types(self, text: str) -> None:
        self.presses(*map(ord, text))

    def _middle(self, colour: tuple[int, int, int]) -> tuple[int, int] | None:
        found = (self._eyes.image()[:, :, :3] == np.array(colour[::-1], np.uint8)).all(axis=2)
        ys, xs = np.nonzero(found)
        # A few pixels of a colour are the edge of something else.
        return (int(np.median(xs)), int(np.median(ys))) if len(xs) > 50 else None


@pytest.fixture
def person(start_xvfb: StartXvfb) -> Iterator[Person]:
    made = Person(start_xvfb(size=(1024, 768)).name)
    yield made
    made.close()


@pytest.fixture
def host(start_host: StartHost, person: Person) -> HostProcess:
    return start_host("--display", person.display, "--dialog", "auto")


def opened(host: HostProcess) -> dict[str, Any]:
    wait_until(lambda: [each["state"] for each in listed(host)] == ["open"])
    return listed(host)[0]


def dialogs(host: HostProcess) -> list[int]:
    """The processes of the dialog that is kept for a host."""
    found = subprocess.run(["pgrep", "-f", f"dialog --kept --home {host.home}"], capture_output=True, text=True)
    return [int(line) for line in found.stdout.split()]


def test_a_request_is_accepted_by_mouse_and_its_session_ended(
    host: HostProcess, person: Person, programs: Programs
) -> None:
    assert dialogs(host) == [], "while nobody asks there is no program that waits"
    viewer = programs.connect("--request")
    wait_until(lambda: person.sees(AMBER))
    person.clicks(GREEN)
    facts = opened(host)
    assert (facts["profile"], facts["rights"]) == ("Default", ["control", "view"])
    wait_until(lambda: not person.sees(GREEN) and person.sees(RED))
    # A click that comes too soon after the accept is not taken: the view has changed under the hand.
    wait_until(lambda: not (person.tries(RED) and listed(host)))
    assert ended(viewer) == 8
    wait_until(lambda: not person.sees(RED))


def test_profile_and_rights_are_chosen_by_keys_for_this_session_only(
    host: HostProcess, person: Person, programs: Programs
) -> None:
    programs.connect("--request")
    person.points_at(GREEN)
    # The focus stands at Reject: over Accept, back to the first, to the next profile (Full Access), to "control".
    person.presses(TAB, TAB, TAB, SPACE, TAB, SPACE, TAB, TAB, TAB, RETURN)
    facts = opened(host)
    assert (facts["profile"], facts["rights"], facts["withdrawn"]) == ("Full Access", ["view"], ["control"])
    shown = run_fanlight("access", "profile", "show", "Full Access", "--home", host.home).stdout
    assert "control yes" in " ".join(shown.split()), "what is chosen here is never written back"


def test_rights_are_withdrawn_and_given_back_by_keys_during_the_session(
    host: HostProcess, person: Person, programs: Programs
) -> None:
    programs.connect("--request")
    person.clicks(GREEN)
    opened(host)
    person.points_at(RED)
    wait_until(lambda: not person.sees(GREEN))
    # End, then "control".
    person.presses(TAB, TAB, SPACE)
    wait_until(lambda: listed(host)[0]["withdrawn"] == ["control"])
    person.presses(SPACE)
    wait_until(lambda: listed(host)[0]["withdrawn"] == [])


@pytest.mark.parametrize("how", ["click", "escape"])
def test_a_request_is_rejected(host: HostProcess, person: Person, programs: Programs, how: str) -> None:
    viewer = programs.connect("--request")
    # Where Accept is to be seen in its colour, the dialog takes answers.
    person.points_at(GREEN)
    person.clicks(RED) if how == "click" else person.presses(ESCAPE)
    assert ended(viewer) == 3
    wait_until(lambda: not person.sees(RED))
    assert listed(host) == []


def test_a_request_that_goes_takes_its_question_along(host: HostProcess, person: Person, programs: Programs) -> None:
    viewer = programs.connect("--request")
    wait_until(lambda: person.sees(GREEN))
    viewer.kill()
    wait_until(lambda: not person.sees(RED))


def test_who_was_answered_elsewhere_is_asked_about_no_more(
    host: HostProcess, person: Person, programs: Programs
) -> None:
    viewer = programs.connect("--request")
    wait_until(lambda: person.sees(GREEN))
    assert sessions(host, "reject", listed(host)[0]["id"]).returncode == 0
    assert ended(viewer) == 3
    wait_until(lambda: not person.sees(RED))


def test_a_viewer_that_controls_cannot_click_accept_but_the_secret_opens(
    host: HostProcess, person: Person, programs: Programs, password_file: Path, tmp_path: Path
) -> None:
    set_it = run_fanlight("access", "admin-secret", "set", "--home", host.home, stdin=ADMIN + "\n")
    assert set_it.returncode == 0, set_it.stderr
    programs.connect("--password-file", password_file)
    opened(host)
    other = Programs(host, tmp_path / "other")
    asking = other.connect("--request", seconds=0.2)
    programs.running.append(asking)
    wait_until(lambda: person.sees(RED) and person.sees(AMBER) and len(listed(host)) == 2)
    assert not person.sees(GREEN)
    person.clicks(FIELD)
    person.types("a guess")
    person.clicks(GREEN)
    wait_until(lambda: not person.sees(GREEN))
    assert asking.poll() is None, "a wrong secret lets nobody in"
    person.clicks(FIELD)
    person.types(ADMIN)
    person.clicks(GREEN)
    assert ended(asking) == 0


def test_the_dialog_ends_with_a_host_that_is_killed(host: HostProcess, person: Person, programs: Programs) -> None:
    programs.connect("--request")
    wait_until(lambda: person.sees(RED))
    assert len(dialogs(host)) == 1
    os.kill(host.process.pid, signal.SIGKILL)
    wait_until(lambda: dialogs(host) == [] and not person.sees(RED))


def test_the_dialog_ends_with_a_host_that_is_stopped_and_begins_again_when_it_was_killed(
    host: HostProcess, person: Person, programs: Programs
) -> None:
    viewer = programs.connect("--request")
    wait_until(lambda: person.sees(RED))
    os.kill(dialogs(host)[0], signal.SIGKILL)
    wait_until(lambda: not person.sees(RED))
    assert sessions(host, "list").returncode == 0
    assert viewer.poll() is None, "without its window the host goes on"
    assert host.stop() == 0
    assert dialogs(host) == []


def test_a_window_that_a_person_opened_is_the_console(start_host: StartHost, person: Person, tmp_path: Path) -> None:
    host = start_host("--display", person.display, "--dialog", "auto")
    assert run_fanlight("access", "interactive", "window", "--home", host.home).returncode == 0
    made = Programs(host, tmp_path / "viewer")
    assert ended(made.connect("--request")) == 3, "the dialog that a host keeps is not an open console"
    command = fanlight_command("dialog", "--home", host.home)
    environment = {**os.environ, "DISPLAY": person.display}
    with subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE) as window:
        wait_until(lambda: person.sees((24, 24, 28)))
        viewer = made.connect("--request", seconds=0.2)
        person.clicks(GREEN)
        assert ended(viewer) == 0
        window.terminate()
    assert ended(made.connect("--request")) == 3


def test_where_no_host_runs_or_no_display_is_the_dialog_says_so(tmp_path: Path, person: Person) -> None:
    without_host = run_fanlight("dialog", "--home", tmp_path / "home", display=person.display)
    assert (without_host.returncode, "no host runs" in without_host.stderr) == (1, True)
    without_display = run_fanlight("dialog", "--home", tmp_path / "home")
    assert (without_display.returncode, "no display" in without_display.stderr) == (2, True)


def test_a_host_on_a_display_of_its_own_keeps_a_dialog_only_when_asked(start_host: StartHost, tmp_path: Path) -> None:
    host = start_host("--virtual", "640x480", "--dialog", "auto")
    made = Programs(host, tmp_path / "viewer")
    viewer = made.connect("--request")
    wait_until(lambda: len(listed(host)) == 1)
    assert dialogs(host) == []
    viewer.kill()
    viewer.communicate()
    assert host.stop() == 0
    asked = start_host("--virtual", "640x480", "--dialog", "yes")
    made = Programs(asked, tmp_path / "viewer")
    viewer = made.connect("--request")
    wait_until(lambda: len(dialogs(asked)) == 1)
    viewer.kill()
    viewer.communicate()
