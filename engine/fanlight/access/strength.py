"""Whether a password is good enough: its length, and what a clever guesser would need, by zxcvbn."""

import unicodedata
from typing import Any

from zxcvbn import zxcvbn

from fanlight.errors import SettingRefused

MIN_PASSWORD, MAX_PASSWORD = 8, 1024
MIN_NIST = 15
COMFORTABLE = 12
_LEAST_SCORE = 2
# zxcvbn looks at no more; what follows only makes a password harder.
_MOST_SCORED = 72
_PRODUCT = ("fanlight",)


def check_strength(password: str, names: tuple[str, ...], least: int = MIN_PASSWORD, what: str = "password") -> str:
    """Return a warning, or "". SettingRefused says why a password will not do.

    `names` are words that a guesser would try first: of the host, its user, and who may come in.
    """
    text = unicodedata.normalize("NFKC", password)
    if len(text) < least:
        raise SettingRefused(f"the {what} is too short: it needs at least {least} characters")
    if len(text) > MAX_PASSWORD:
        raise SettingRefused(f"the {what} is too long: it may have {MAX_PASSWORD} characters")
    if any(unicodedata.category(c) == "Cc" for c in text):
        raise SettingRefused(f"the {what} holds control characters, which cannot be typed everywhere: choose another")
    judged: dict[str, Any] = zxcvbn(text[:_MOST_SCORED], user_inputs=[*_PRODUCT, *names])  # type: ignore[no-untyped-call]
    if judged["score"] < _LEAST_SCORE:
        said = judged["feedback"]
        hints = " ".join(hint.rstrip(".") + "." for hint in (said["warning"], *said["suggestions"]) if hint)
        raise SettingRefused(f"the {what} is too easy to guess: choose another. {hints}".rstrip())
    if len(text) < COMFORTABLE:
        return f"the {what} is short: {COMFORTABLE} characters or more are harder to guess"
    return ""
