"""A policy: who may come in, when, and with which rights, as one TOML file that can be read, tested and compared.

    [access]                        list = true: only who is allowed below may ask
    [[allow]]                       who = "*@acme", enabled = true
    [[deny]]                        who = "bob@acme", rights = ["files"]; without rights: may not come in
    [[window]]                      who, profile, days, from, to, zone
    [profile.NAME]                  enabled = true
    [profile.NAME.rights]           files = false; what is not named is as in Default
    [[path]], [[tunnel]]            who, profile, and either allow or deny
    [[assert]]                      who, profile, right, at, path or tunnel, expect = "allow" or "deny"

The first "no" is final: access list, denials, profile, windows, the right itself, limits.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from fanlight.access.acl import matches, parse_pattern
from fanlight.access.policy_content import Assertion, Content, Profile, parse_who, read_content
from fanlight.access.policy_lines import Path, line_of
from fanlight.access.policy_rules import Limit, limit_that_decides, window_allows
from fanlight.access.rights import BUILT_IN, DEFAULT
from fanlight.access.tries import Who
from fanlight.types import Permission


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether something is allowed, why, and the line that decides; None where the file says nothing of it."""

    allowed: bool
    reason: str
    line: int | None


@dataclass(frozen=True, slots=True)
class Question:
    """What a decision is asked about; a time in unix seconds, and a path or a tunnel where one is meant."""

    who: Who
    profile: str
    right: Permission
    now: float
    path: str | None = None
    tunnel: str | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """A checked policy and where each part of it stands."""

    content: Content
    lines: dict[Path, int] = field(default_factory=dict)

    @classmethod
    def from_toml(cls, raw: bytes) -> "Policy":
        """Read a policy; SettingRefused says what is wrong, with the line."""
        return cls(*read_content(raw))

    def line(self, *path: str | int) -> int | None:
        """Return the line of a part, or of the innermost one around it that has a line."""
        return line_of(self.lines, *path)

    def may_ask(self, who: Who) -> Decision:
        """Decide as the access list does."""
        for place, each in enumerate(self.content.allow):
            if each.enabled and matches(parse_pattern(each.who), who):
                return Decision(True, f"{each.who} is on the access list", self.line("allow", place, "who"))
        if not self.content.access.list:
            return Decision(True, "the access list is off", self.line("access", "list"))
        for place, each in enumerate(self.content.allow):
            if matches(parse_pattern(each.who), who):
                line = self.line("allow", place, "enabled")
                return Decision(False, f"the entry {each.who} of the access list is off", line)
        return Decision(False, "not on the access list", self.line("access", "list"))

    def may_come_in(self, who: Who, profile: str, now: float) -> Decision:
        """Decide whether a client may have a session with a profile now; it must know its password or be accepted."""
        asked = self.may_ask(who)
        if not asked.allowed:
            return asked
        for place, denial in enumerate(self.content.deny):
            if denial.rights is None and denial.means(who):
                return Decision(False, f"{denial.who} may not come in", self.line("deny", place, "who"))
        found = self.content.profile.get(profile)
        if found is None and profile not in BUILT_IN:
            return Decision(False, f"there is no profile {profile!r}", None)
        if found is not None and not found.enabled:
            return Decision(False, f"the profile {profile!r} is disabled", self.line("profile", profile, "enabled"))
        return self._windows(who, profile, now) or asked

    def decide(self, question: Question) -> Decision:
        """Decide whether a client has a right in a session with a profile."""
        who, profile, right = question.who, question.profile, question.right
        come_in = self.may_come_in(who, profile, question.now)
        if not come_in.allowed:
            return come_in
        for place, denial in enumerate(self.content.deny):
            if denial.rights is not None and right in denial.rights and denial.means(who):
                return Decision(False, f"{right} is denied to {denial.who}", self.line("deny", place, "rights"))
        granted = self._right(profile, right)
        if not granted.allowed:
            return granted
        return self._limit("path", question) or self._limit("tunnel", question) or granted

    def _windows(self, who: Who, profile: str, now: float) -> Decision | None:
        windows = self.content.window
        if window_allows(windows, profile, who, now):
            return None
        place = next(place for place, each in enumerate(windows) if each.is_about(who, profile))
        return Decision(False, "no time window that is about this client is open", self.line("window", place))

    def _right(self, profile: str, right: Permission) -> Decision:
        for name in dict.fromkeys((profile, DEFAULT)):
            said = self.content.profile.get(name, Profile()).rights.get(right)
            if said is not None:
                word = "grants" if said else "does not grant"
                return Decision(
                    said, f"the profile {name!r} {word} {right}", self.line("profile", name, "rights", right)
                )
            built_in = BUILT_IN.get(name, {}).get(right)
            if built_in is not None:
                word = "grants" if built_in else "does not grant"
                reason = f"the profile {name!r} {word} {right} as long as the file does not say otherwise"
                return Decision(built_in, reason, self.line("profile", name, "rights"))
        return Decision(False, f"nothing grants {right}", None)

    def _limit(self, kind: Literal["path", "tunnel"], question: Question) -> Decision | None:
        target = question.path if kind == "path" else question.tunnel
        if target is None:
            return None
        limits: tuple[Limit, ...] = self.content.path if kind == "path" else self.content.tunnel
        allowed, limit = limit_that_decides(limits, question.profile, question.who, [target])
        if limit is None:
            return None
        line = self.line(kind, limits.index(limit), "allow" if limit.allow else "deny")
        if allowed:
            return Decision(True, f"{limit.target} is allowed", line)
        reason = f"{limit.target} is denied" if limit.deny else f"only {limit.target} and what else is named is allowed"
        return Decision(False, reason, line)


@dataclass(frozen=True, slots=True)
class Failure:
    """An assertion that does not hold, where it stands, and what the policy says instead."""

    assertion: Assertion
    line: int | None
    decision: Decision


def failures(policy: Policy, now: float) -> list[Failure]:
    """Return the assertions in a policy that do not hold; those without a time are asked about `now`."""
    found = []
    for place, each in enumerate(policy.content.assertions):
        decision = policy.decide(_question(each, now))
        if decision.allowed != (each.expect == "allow"):
            found.append(Failure(each, policy.line("assert", place), decision))
    return found


def unix_time(at: datetime) -> float:
    """Return unix seconds; a time without a zone is UTC."""
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def _question(each: Assertion, now: float) -> Question:
    at = now if each.at is None else unix_time(each.at)
    return Question(parse_who(each.who), each.profile, each.right, at, each.path, each.tunnel)
