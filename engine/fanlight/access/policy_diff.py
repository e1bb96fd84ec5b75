"""What changes for whom between two policies.

Both are asked the same questions: for everybody whom one of them names, each profile, each right and each quarter of an
hour of one week. A pattern stands for one client that only this pattern means, as far as the policies tell.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from fanlight.access.acl import parse_pattern
from fanlight.access.policy import Policy, Question
from fanlight.access.policy_content import parse_who
from fanlight.access.policy_rules import EVERYBODY
from fanlight.access.tries import Who
from fanlight.types import Permission

_QUARTER = 15 * 60
_WEEK = 7 * 24 * 4
# The longest name and namespace, and every fingerprint.
_LONGEST = 64
_FILLER_LETTERS, _FILLER_DIGITS = "fanlight-anybody", "5" * _LONGEST


@dataclass(frozen=True, slots=True)
class Change:
    """What one client gains and loses with one profile; times are unix seconds of quarters of an hour."""

    who: str
    profile: str
    gains: tuple[Permission, ...]
    loses: tuple[Permission, ...]
    times_gained: tuple[float, ...]
    times_lost: tuple[float, ...]
    limits_changed: bool


def changes(old: Policy, new: Policy, now: float) -> list[Change]:
    """Return what is different for whom, in the week (UTC) that holds `now`; line numbers do not matter."""
    profiles = tuple(dict.fromkeys((*old.content.profiles(), *new.content.profiles())))
    times = _week(now)
    found = []
    for name, who in _clients(old, new):
        for profile in profiles:
            change = _change(name, who, profile, (old, new), times)
            if change is not None:
                found.append(change)
    return found


def _change(name: str, who: Who, profile: str, policies: tuple[Policy, Policy], times: list[float]) -> Change | None:
    before, after = (_open_times(policy, who, profile, times) for policy in policies)
    had, has = (
        _rights(policy, who, profile, open_times) for policy, open_times in zip(policies, (before, after), strict=True)
    )
    # Where nobody comes in before or after, limits are of no account.
    limits = bool(before or after) and _limits(policies[0], who, profile) != _limits(policies[1], who, profile)
    kept = bool(before and after)
    gained = tuple(sorted(after - before)) if kept else ()
    lost = tuple(sorted(before - after)) if kept else ()
    if had == has and not gained and not lost and not limits:
        return None
    gains, loses = (tuple(each for each in Permission if each in rights) for rights in (has - had, had - has))
    return Change(name, profile, gains, loses, gained, lost, limits)


def _open_times(policy: Policy, who: Who, profile: str, times: list[float]) -> frozenset[float]:
    if not policy.content.window:
        return frozenset(times if policy.may_come_in(who, profile, times[0]).allowed else ())
    return frozenset(now for now in times if policy.may_come_in(who, profile, now).allowed)


def _rights(policy: Policy, who: Who, profile: str, open_times: frozenset[float]) -> frozenset[Permission]:
    if not open_times:
        return frozenset()
    now = min(open_times)
    return frozenset(each for each in Permission if policy.decide(Question(who, profile, each, now)).allowed)


def _limits(policy: Policy, who: Who, profile: str) -> tuple[frozenset[tuple[str | None, str | None]], ...]:
    kinds = policy.content.path, policy.content.tunnel
    return tuple(
        frozenset((each.allow, each.deny) for each in limits if each.is_about(who, profile)) for limits in kinds
    )


def _clients(old: Policy, new: Policy) -> Iterator[tuple[str, Who]]:
    """Yield everybody whom one of the policies names, and a stranger."""
    patterns = {EVERYBODY}
    for content in (old.content, new.content):
        rules = (*content.allow, *content.deny, *content.window, *content.path, *content.tunnel, *content.assertions)
        patterns |= {parse_pattern(rule.who) for rule in rules}
    for pattern in sorted(patterns):
        yield ("anybody else" if pattern == EVERYBODY else pattern), _example(pattern)


def _example(pattern: str) -> Who:
    """Return a client whom a pattern means, unlikely to be meant by others."""
    if "@" in pattern:
        return parse_who("@".join(_filled(half, _FILLER_LETTERS) for half in pattern.split("@")))
    return Who(_filled(pattern, _FILLER_DIGITS), None, "")


def _filled(pattern: str, filler: str) -> str:
    """Return a text that a pattern means, with as much of the filler as there is room for in place of its wildcards."""
    head, star, tail = pattern.replace("?", "0").partition("*")
    tail = tail.replace("*", "")
    return head + (filler[: _LONGEST - len(head) - len(tail)] if star else "") + tail


def _week(now: float) -> list[float]:
    today = datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    monday = today.timestamp() - today.weekday() * 24 * 3600
    return [monday + quarter * _QUARTER for quarter in range(_WEEK)]
