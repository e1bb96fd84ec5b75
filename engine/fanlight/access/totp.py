"""Codes from an authenticator app: TOTP with SHA-1, six digits and 30 s, which all apps know; and recovery codes.

    off ──enrol──▶ pending ──confirm (a right code)──▶ on ──switch_off──▶ off

Each step of 30 s is accepted once, the one before and the one after now too: the last accepted step is kept, and none
up to it is accepted again, also after a restart and when the clock goes back. A recovery code is removed when used.
"""

import hmac
import secrets
from dataclasses import dataclass

import pyotp

from fanlight.access.seal import Seal
from fanlight.access.store import Store
from fanlight.errors import SettingRefused, StateError

STEP_SECONDS = 30
RECOVERY_CODES = 10
_TOLERANCE = 1
# A code of another step within ten minutes tells that the clocks differ.
_HINT_STEPS = 20
_LABEL, _RECOVERY_LABEL = b"fanlight totp v1\0", b"fanlight recovery v1\0"
_ISSUER = "fanlight"
_RECOVERY_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_RECOVERY_LENGTH = 12
_MOST_INPUT = 64


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What the app needs: the secret in base32, and the same as a URI for a QR code. Both secret."""

    secret: str
    uri: str


class Totp:
    """The second factor of a store: one for the host."""

    def __init__(self, store: Store, seal: Seal) -> None:
        self._store = store
        self._seal = seal

    @property
    def state(self) -> str:
        """One of "off", "pending" (no code was confirmed yet) and "on"."""
        return self._store.setting("totp", str)

    @property
    def on(self) -> bool:
        """Whether codes are asked for."""
        return self.state == "on"

    @property
    def asks_tokens(self) -> bool:
        """Whether a code is asked for after a token too."""
        return bool(self._store.setting("totp_tokens", int))

    @property
    def asks_resume(self) -> bool:
        """Whether a code is asked for after a resume secret too."""
        return bool(self._store.setting("totp_resume", int))

    @property
    def recovery_left(self) -> int:
        """How many recovery codes are not used yet."""
        count: int = self._store.rows("SELECT count(*) FROM recovery_codes")[0][0]
        return count

    def ask(self, *, tokens: bool | None = None, resume: bool | None = None) -> None:
        """Choose whether a code is asked for after a token, and after a resume secret; None leaves it as it is."""
        with self._store.changing():
            if tokens is not None:
                self._store.put_setting("totp_tokens", int(tokens))
            if resume is not None:
                self._store.put_setting("totp_resume", int(resume))

    def enrol(self, account: str) -> Enrolment:
        """Make a secret for an app; `account` is what the app calls it. Nothing is asked for until it is confirmed."""
        secret = pyotp.random_base32()
        with self._store.changing():
            if self.on:
                raise SettingRefused("two-factor codes are on already: switch them off first to enrol another app")
            self._store.put_setting("totp_secret", self._seal.close(_LABEL, secret.encode()))
            self._store.put_setting("totp", "pending")
        return Enrolment(secret, pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=_ISSUER))

    def confirm(self, code: str, now: float) -> tuple[str, ...]:
        """Switch codes on by a right one; return the recovery codes, which are never shown again.

        SettingRefused when the code is wrong, with a hint when it is right for another time.
        """
        codes = tuple(_recovery_code() for _ in range(RECOVERY_CODES))
        with self._store.changing() as db:
            if self.state != "pending":
                raise SettingRefused("there is nothing to confirm: `fanlight access totp enrol` comes first")
            step, reason = self._match(_plain(code), now, after=-1)
            if step is None:
                raise SettingRefused(reason)
            marks = [(self._seal.mark(_RECOVERY_LABEL, _plain(each).encode()),) for each in codes]
            db.executemany("INSERT INTO recovery_codes VALUES (?)", marks)
            self._store.put_setting("totp_step", step)
            self._store.put_setting("totp", "on")
        return codes

    def switch_off(self) -> None:
        """Ask for no codes any more; forget the secret and the recovery codes."""
        with self._store.changing() as db:
            self._store.put_setting("totp", "off")
            self._store.put_setting("totp_secret", b"")
            db.execute("DELETE FROM recovery_codes")

    def check(self, code: str, now: float, *, use: bool) -> str:
        """Return why a code is not right, or "". One that is right is used up, if `use`."""
        plain = _plain(code)
        with self._store.changing() as db:
            if not self.on:
                return "two-factor codes were switched off meanwhile"
            step, reason = self._match(plain, now, after=self._store.setting("totp_step", int))
            mark = self._seal.mark(_RECOVERY_LABEL, plain.encode())
            known = db.execute("SELECT count(*) FROM recovery_codes WHERE hash = ?", (mark,)).fetchone()[0]
            if use and step is not None:
                self._store.put_setting("totp_step", step)
            if use and known:
                db.execute("DELETE FROM recovery_codes WHERE hash = ?", (mark,))
        return "" if known or step is not None else reason

    def _match(self, code: str, now: float, *, after: int) -> tuple[int | None, str]:
        """Return the step that a code is right for, or None and the reason; all steps are computed every time."""
        secret = pyotp.TOTP(self._secret())
        current = int(now) // STEP_SECONDS
        steps = range(max(0, current - _HINT_STEPS), current + _HINT_STEPS + 1)
        found = [step for step in steps if hmac.compare_digest(secret.generate_otp(step).encode(), code.encode())]
        near = [step for step in found if abs(step - current) <= _TOLERANCE]
        fresh = [step for step in near if step > after]
        if fresh:
            return fresh[0], ""
        if near:
            return None, "the code was used already: wait for the next one"
        if found:
            minutes = abs(found[0] - current) * STEP_SECONDS / 60
            return None, f"the code is right for another time: the clocks differ by about {minutes:.0f} min, set them"
        return None, "wrong code"

    def _secret(self) -> str:
        opened = self._seal.open(_LABEL, self._store.setting("totp_secret", bytes))
        if opened is None:
            raise StateError("the secret of the codes cannot be read with this pepper: restore it, or switch codes off")
        return opened.decode()


def _plain(code: str) -> str:
    """Return a code without what people put between its digits; one that cannot be right is ""."""
    plain = "".join(letter for letter in code[:_MOST_INPUT].lower() if letter not in " -\t")
    return plain if plain.isascii() else ""


def _recovery_code() -> str:
    letters = "".join(secrets.choice(_RECOVERY_LETTERS) for _ in range(_RECOVERY_LENGTH))
    return "-".join(letters[at : at + 4] for at in range(0, _RECOVERY_LENGTH, 4))
