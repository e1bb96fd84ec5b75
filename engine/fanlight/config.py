"""The home directory and the settings of a run: the only reader of files and of the environment.

A home holds everything a person's fanlight remembers. It is private: directories 0700, files 0600, owned by the
user that runs fanlight; anything wider is refused, because a key that others can read is no key.
"""

import os
import platform
import pwd
import secrets
import stat
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from fanlight.access.audit import Audit
from fanlight.access.authority import Authority
from fanlight.access.identity import Identity
from fanlight.access.rules import Rules
from fanlight.access.store import Store
from fanlight.errors import StateError, UsageError
from fanlight.types import MAX_SIDE, Address, Size

DEFAULT_PORT = 7391
DEFAULT_LISTEN = f"127.0.0.1:{DEFAULT_PORT}"

_IDENTITY_FILE = "identity.pem"
_PEPPER_FILE = "pepper"
_STORE_FILE = "fanlight.db"
_PEPPER_BYTES = 32
_MAX_SECRET_FILE = 64 * 1024


def parse_address(text: str, *, port_zero: bool = False) -> Address:
    """Read `host`, `host:port` or `[ipv6]:port`; the port defaults to 7391."""
    host, port = _split_port(text.strip())
    least = 0 if port_zero else 1
    if not host or len(host) > 253 or any(c.isspace() or c in "/@" for c in host):
        raise UsageError(f"{text!r} is not an address: write host, host:port or [ipv6]:port")
    if not port.isascii() or not port.isdigit() or not least <= int(port) <= 65_535:
        raise UsageError(f"{port!r} is not a port: write a number from {least} to 65535")
    return Address(host, int(port))


def _split_port(text: str) -> tuple[str, str]:
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if bracket and (not rest or rest.startswith(":")):
            return host, rest[1:] or str(DEFAULT_PORT)
        return "", "0"
    if text.count(":") > 1:
        return text, str(DEFAULT_PORT)
    host, colon, port = text.partition(":")
    return host, port if colon else str(DEFAULT_PORT)


def parse_size(text: str) -> Size:
    """Read `WIDTHxHEIGHT` in pixels."""
    width, cross, height = text.lower().partition("x")
    if not (cross and width.isascii() and width.isdigit() and height.isascii() and height.isdigit()):
        raise UsageError(f"{text!r} is not a size: write WIDTHxHEIGHT, for example 1920x1080")
    size = int(width), int(height)
    if not all(64 <= side <= MAX_SIDE for side in size):
        raise UsageError(f"{text!r} is out of range: each side is 64 to {MAX_SIDE} pixels")
    return size


def environment_display() -> str | None:
    """Return the X display of the environment, if it names one."""
    return os.environ.get("DISPLAY") or None


def environment() -> dict[str, str]:
    """Return a copy of the environment, for programs that are started in it."""
    return dict(os.environ)


def default_home() -> Path:
    """Return FANLIGHT_HOME, or fanlight's place in the user's data directory."""
    if named := os.environ.get("FANLIGHT_HOME"):
        return Path(named)
    data = os.environ.get("XDG_DATA_HOME")
    return (Path(data) if data else Path.home() / ".local" / "share") / "fanlight"


def read_secret(path: Path) -> str:
    """Return the first line of a password or code file, without its line end."""
    try:
        with path.open("rb") as file:
            raw = file.read(_MAX_SECRET_FILE + 1)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    return first_line(raw, str(path))


def read_file(path: Path, most: int) -> bytes:
    """Return a file's bytes; UsageError when it cannot be read or holds more than `most`."""
    try:
        with path.open("rb") as file:
            raw = file.read(most + 1)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    if len(raw) > most:
        raise UsageError(f"{path} is too large: at most {most} bytes are read")
    return raw


def write_file(path: Path, content: bytes) -> None:
    """Put `content`, nothing secret, at `path`, in the place of what is there; whole or not at all."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        draft.write_bytes(content)
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise UsageError(f"cannot write {path}: {error.strerror}") from error


def first_line(raw: bytes, source: str) -> str:
    """Return the first line of `raw` as text; an empty one, or one that is not UTF-8, is a UsageError."""
    line = raw.split(b"\n", 1)[0].removesuffix(b"\r")
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"{source} does not hold UTF-8 text") from error
    if not text:
        raise UsageError(f"{source} is empty: it must hold the password in its first line")
    return text


def owner_names() -> tuple[str, ...]:
    """Return the names of the user that runs this and of the computer, as far as they have any."""
    with suppress(KeyError):
        return pwd.getpwuid(os.geteuid()).pw_name, platform.node() or "localhost"
    return (platform.node() or "localhost",)


def write_new_secret(path: Path, content: bytes) -> None:
    """Put a secret into a new file that only its owner can read; a file that is there stays, as a UsageError."""
    if not _create_exclusively(path, content):
        raise UsageError(f"{path} exists already: name a new file")


class Home:
    """One home directory: the identity, the pepper and the store in it."""

    def __init__(self, path: Path | str | None = None) -> None:
        self.path = Path(path) if path is not None else default_home()
        _make_private_directory(self.path)

    def identity(self) -> Identity:
        """Load this home's identity; it is made at the first call."""
        raw = self._secret(_IDENTITY_FILE, lambda: Identity.create(datetime.now(UTC)).to_pem())
        try:
            return Identity.from_pem(raw)
        except StateError as error:
            raise StateError(f"{self.path / _IDENTITY_FILE}: {error}") from error

    def store(self) -> Store:
        """Open this home's store; it is made at the first call."""
        path = self.path / _STORE_FILE
        if path.exists() or path.is_symlink():
            _check_private(path)
        return Store(path)

    def rules(self) -> Rules:
        """Open the access rules of this home."""
        store = self.store()
        return Rules(store, self.pepper(), self.audit(store))

    def audit(self, store: Store) -> Audit:
        """Open the audit log of this home, which is anchored in its store; it begins with its first entry."""
        for path in (*self.path.glob("audit*.jsonl"), *self.path.glob("audit.key*"), *self.path.glob("audit.lock")):
            _check_private(path)
        return Audit(self.path, store)

    def create_authority(self, authority: Authority) -> None:
        """Keep the key of a new namespace; UsageError when this home has one of that name."""
        path = self.path / _authority_file(authority.name)
        if path.exists() or path.is_symlink() or not _create_exclusively(path, authority.to_pem()):
            raise UsageError(f"the namespace {authority.name!r} exists already: {path} is its key")

    def authority(self, name: str) -> Authority:
        """Load the key of a namespace; UsageError when it is not run from this home."""
        path = self.path / _authority_file(name)
        if not path.exists() and not path.is_symlink():
            raise UsageError(
                f"the namespace {name!r} is not run from here: `fanlight namespace create {name}` makes it"
            )
        try:
            return Authority.from_pem(_read_private(path), datetime.now(UTC))
        except StateError as error:
            raise StateError(f"{path}: {error}") from error

    def pepper(self) -> bytes:
        """Load the key that seals the verifiers in the store; it is made at the first call."""
        pepper = self._secret(_PEPPER_FILE, lambda: secrets.token_bytes(_PEPPER_BYTES))
        if len(pepper) != _PEPPER_BYTES:
            raise StateError(
                f"{self.path / _PEPPER_FILE} is damaged: restore it, or remove it and set the passwords anew"
            )
        return pepper

    def _secret(self, name: str, make: Callable[[], bytes]) -> bytes:
        path = self.path / name
        if not path.exists() and not path.is_symlink():
            _create_exclusively(path, make())
        return _read_private(path)


def _authority_file(name: str) -> str:
    return f"namespace-{name}.pem"


def _read_private(path: Path) -> bytes:
    _check_private(path)
    try:
        return path.read_bytes()
    except OSError as error:
        raise StateError(f"cannot read {path}: {error.strerror}") from error


def _make_private_directory(path: Path) -> None:
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = path.lstat()
    except OSError as error:
        raise StateError(f"cannot use {path} as home: {error.strerror}") from error
    if not stat.S_ISDIR(status.st_mode):
        raise StateError(f"{path} is not a directory: choose another with --home")
    _check_owner_and_mode(path, status, "700")


def _check_private(path: Path) -> None:
    try:
        status = path.lstat()
    except OSError as error:
        raise StateError(f"cannot read {path}: {error.strerror}") from error
    if not stat.S_ISREG(status.st_mode):
        raise StateError(f"{path} is not a regular file: remove it, or choose another --home")
    _check_owner_and_mode(path, status, "600")


def _check_owner_and_mode(path: Path, status: os.stat_result, mode: str) -> None:
    if status.st_uid != os.geteuid():
        raise StateError(f"{path} belongs to another user: choose another --home")
    if status.st_mode & 0o077:
        raise StateError(f"{path} can be read or changed by other users: run chmod {mode} {path}")


def _create_exclusively(path: Path, content: bytes) -> bool:
    """Put `content` at `path` whole or not at all; False when a file is already there, which stays."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.link(draft, path)
        finally:
            draft.unlink(missing_ok=True)
    except FileExistsError:
        return False
    except OSError as error:
        raise StateError(f"cannot write {path}: {error.strerror}") from error
    return True


def local_displays() -> tuple[str, ...]:
    """Return the local X displays that have a socket; one whose server died may be among them."""
    try:
        names = sorted(entry.name for entry in Path("/tmp/.X11-unix").iterdir() if entry.is_socket())  # noqa: S108
    except OSError:
        return ()
    return tuple(f":{name[1:]}" for name in names if name[:1] == "X" and name[1:].isdigit())
