"""The rules that only a policy can give: denials, time windows, and limits of paths and tunnels.

Deny is final: what one rule forbids no other can allow. All are pure functions of rules, a client and a time.
"""

import ipaddress
import posixpath
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, tzinfo
from fnmatch import fnmatchcase
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from fanlight.access.acl import matches, parse_pattern
from fanlight.access.tries import Who
from fanlight.errors import SettingRefused, StateError, UsageError
from fanlight.types import Permission

EVERYBODY = "*"
_DAYS: tuple["Day", ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TUNNEL = re.compile(r"(?P<host>\[[^\]]+\]|[^\[\]:]+):(?P<ports>\*|[0-9]{1,5}(?:-[0-9]{1,5})?)", re.ASCII)

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Minute = Annotated[str, msgspec.Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$")]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=4096)]


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What all rules have in common: whom they mean."""

    who: Text = EVERYBODY

    def means(self, who: Who) -> bool:
        """Tell whether the rule is about this client."""
        return matches(parse_pattern(self.who), who)

    def check(self) -> None:
        """Raise SettingRefused when the rule says nothing that could be meant."""
        try:
            parse_pattern(self.who)
        except UsageError as error:
            raise SettingRefused(str(error)) from error


class Deny(Rule, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Forbids some rights, or (None) to come in at all."""

    rights: Annotated[tuple[Permission, ...], msgspec.Meta(min_length=1)] | None = None


class Window(Rule, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A time of the week, in a time zone. Whom windows are about may come in only within one of them.

    A window whose end is not after its start goes over midnight; its days are those on which it starts.
    """

    profile: Text | None = None
    days: tuple[Day, ...] = _DAYS
    start: Minute = msgspec.field(name="from", default="00:00")
    end: Minute = msgspec.field(name="to", default="24:00")
    zone: Text = "UTC"

    def check(self) -> None:
        """Raise SettingRefused for a zone that does not exist, and for a window that is never open."""
        super().check()
        try:
            _zone(self.zone)
        except StateError as error:
            raise SettingRefused(str(error)) from error
        if not self.days or self.start == self.end or self.start == "24:00":
            raise SettingRefused("the window is never open: it needs days, and a start before its end")

    def is_about(self, who: Who, profile: str) -> bool:
        """Tell whether the window limits this client with this profile."""
        return self.profile in (None, profile) and self.means(who)

    def is_open(self, now: float) -> bool:
        """Tell whether `now` (unix seconds) is within the window; StateError when its zone is not known any more."""
        local = datetime.fromtimestamp(now, _zone(self.zone))
        minute, today = local.hour * 60 + local.minute, local.weekday()
        start, end = _minutes(self.start), _minutes(self.end)
        if start < end:
            return _DAYS[today] in self.days and start <= minute < end
        return (_DAYS[today] in self.days and minute >= start) or (_DAYS[today - 1] in self.days and minute < end)


class Limit(Rule, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A path or a tunnel's target that is allowed or denied; exactly one of both."""

    profile: Text | None = None
    allow: Text | None = None
    deny: Text | None = None

    @property
    def target(self) -> str:
        """What is allowed or denied."""
        return self.allow or self.deny or ""

    def check(self) -> None:
        """Raise SettingRefused unless the limit says one thing."""
        super().check()
        if (self.allow is None) == (self.deny is None):
            raise SettingRefused("a limit says either `allow` or `deny`")

    def is_about(self, who: Who, profile: str) -> bool:
        """Tell whether the limit is about this client with this profile."""
        return self.profile in (None, profile) and self.means(who)

    def covers(self, target: str) -> bool:
        """Tell whether a path or target is what this limit names."""
        raise NotImplementedError


class PathLimit(Limit, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A directory with all that is in it, or one file."""

    def check(self) -> None:
        """Raise SettingRefused unless the path is absolute and without detours."""
        super().check()
        if not self.target.startswith("/") or _plain(self.target) != self.target:
            raise SettingRefused(f"{self.target[:100]!r} is not an absolute path without . and .. in it")

    def covers(self, target: str) -> bool:
        """Tell whether an absolute path, its links already followed, is in the directory."""
        path = _plain(target)
        return path == self.target or path.startswith(self.target.rstrip("/") + "/")


class TunnelLimit(Limit, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A target as HOST:PORTS. HOST is a name with wildcards, an address or a network; PORTS a number, range or *."""

    def check(self) -> None:
        """Raise SettingRefused unless the target can be read."""
        super().check()
        found = _TUNNEL.fullmatch(self.target)
        low, high = _ports(found["ports"]) if found else (1, 0)
        if found is None or not 0 < low <= high < 65_536:
            raise SettingRefused(
                f"{self.target[:100]!r} is not a target: write HOST:PORT, 10.0.0.0/8:22 or *.lan:1-1024"
            )

    def covers(self, target: str) -> bool:
        """Tell whether HOST:PORT is in the target."""
        own, asked = _TUNNEL.fullmatch(self.target), _TUNNEL.fullmatch(target)
        if own is None or asked is None or "-" in asked["ports"] or asked["ports"] == "*":
            return False
        low, high = _ports(own["ports"])
        return low <= int(asked["ports"]) <= high and _host_covers(own["host"], asked["host"])


def window_allows(windows: Iterable[Window], profile: str, who: Who, now: float) -> bool:
    """Tell whether this client may come in with this profile now, as far as windows say."""
    about = [each for each in windows if each.is_about(who, profile)]
    return not about or any(each.is_open(now) for each in about)


def limit_that_decides(
    limits: Iterable[Limit], profile: str, who: Who, names: Sequence[str]
) -> tuple[bool, Limit | None]:
    """Tell whether limits allow a path or a tunnel, and which of them decides; None when none is about this client.

    `names` are all names of the one thing: a host's name and the address it has. A denial of any of them is final;
    where something is allowed, all else is not.
    """
    about = [each for each in limits if each.is_about(who, profile)]
    for each in about:
        if each.deny is not None and any(map(each.covers, names)):
            return False, each
    allowing = [each for each in about if each.allow is not None]
    if not allowing:
        return True, None
    fitting = next((each for each in allowing if any(map(each.covers, names))), None)
    return fitting is not None, fitting or allowing[0]


def _zone(name: str) -> tzinfo:
    # Python takes even UTC from the system's time zones, which a small system lacks.
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise StateError(
            f"{name!r} is not a time zone of this system: write one such as Europe/Berlin, or UTC"
        ) from error


def _minutes(text: str) -> int:
    return int(text[:2]) * 60 + int(text[3:])


def _plain(path: str) -> str:
    # POSIX lets two slashes at the start mean something else; here they do not.
    return "/" + posixpath.normpath(path).lstrip("/")


def _ports(text: str) -> tuple[int, int]:
    if text == "*":
        return 1, 65_535
    low, _, high = text.partition("-")
    return int(low), int(high or low)


def _host_covers(own: str, asked: str) -> bool:
    own, asked = own.strip("[]").casefold().rstrip("."), asked.strip("[]").casefold().rstrip(".")
    try:
        network = ipaddress.ip_network(own, strict=False)
    except ValueError:
        return fnmatchcase(asked, own)
    try:
        return ipaddress.ip_address(asked) in network
    except ValueError:
        return False
