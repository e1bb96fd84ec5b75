"""A home whose files others could read, or put in place, is refused; nothing in it is lost or made anew."""

import errno
import os
from pathlib import Path

import pytest

from fanlight.config import Home
from fanlight.errors import StateError

FILES = ("identity.pem", "pepper", "fanlight.db")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.identity()
    made.rules().close()
    return made


def use(home: Home, name: str) -> None:
    {"identity.pem": home.identity, "pepper": home.pepper, "fanlight.db": home.store}[name]()


def content(home: Home) -> dict[str, bytes]:
    return {name: (home.path / name).read_bytes() for name in FILES}


@pytest.mark.parametrize("name", FILES)
def test_files_are_private(home: Home, name: str) -> None:
    assert (home.path / name).stat().st_mode & 0o777 == 0o600
    use(home, name)


@pytest.mark.parametrize("mode", [0o640, 0o620, 0o604, 0o602, 0o666])
@pytest.mark.parametrize("name", FILES)
def test_a_file_that_others_can_use_is_refused_and_left_alone(home: Home, name: str, mode: int) -> None:
    before = content(home)
    (home.path / name).chmod(mode)
    with pytest.raises(StateError, match=rf"{name} can be read or changed by other users: run chmod 600 "):
        use(home, name)
    assert content(home) == before
    (home.path / name).chmod(0o600)
    use(home, name)


@pytest.mark.parametrize("name", FILES)
def test_a_symbolic_link_is_refused_wherever_it_leads(home: Home, name: str) -> None:
    elsewhere = home.path / "elsewhere"
    (home.path / name).rename(elsewhere)
    (home.path / name).symlink_to(elsewhere)
    before = elsewhere.read_bytes()
    with pytest.raises(StateError, match=f"{name} is not a regular file: remove it, or choose another --home"):
        use(home, name)
    assert elsewhere.read_bytes() == before
    elsewhere.unlink()
    with pytest.raises(StateError, match="is not a regular file"):
        use(home, name)
    assert not elsewhere.exists()


def test_a_home_that_is_a_link_or_open_to_others_is_refused(home: Home, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(home.path)
    with pytest.raises(StateError, match="is not a directory: choose another with --home"):
        Home(tmp_path / "link")
    home.path.chmod(0o750)
    with pytest.raises(StateError, match="run chmod 700"):
        Home(home.path)


@pytest.mark.parametrize("name", ["identity.pem", "pepper"])
def test_a_full_disk_leaves_no_half_of_a_secret(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Home(tmp_path / "home")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(StateError, match=rf"cannot write .*{name}: No space left on device"):
            use(home, name)
    assert list(home.path.iterdir()) == []
    use(home, name)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("identity.pem", "the identity is damaged: restore it"),
        ("pepper", "is damaged: restore it"),
        ("fanlight.db", "is damaged or no fanlight store"),
    ],
)
def test_a_damaged_file_is_told_and_not_replaced(home: Home, name: str, said: str) -> None:
    (home.path / name).write_bytes(b"damaged" * 100)
    with pytest.raises(StateError, match=said):
        use(home, name)
    assert (home.path / name).read_bytes() == b"damaged" * 100
