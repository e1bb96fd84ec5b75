"""A policy: who may come in, when, and with which rights, as one TOML file that can be read, tested and compared.

    [access]                        list = true: only who is allowed below may ask
    [[allow]]                       who = "*@acme", enabled = true
    [[deny]]                        who = "bob@acme", rights = ["files"]; without rights: may not come in
    [[window]]                      who, profile, days, from, to, zone
    [profile.NAME]                  enabled = true
    [profile.NAME.rights]           files = false; what is not named is as in Default
    [[path]], [[tunnel]]            who, profile, and either allow or deny
    [[assert]]                      who, profile, right, at, path or tunnel, expect = "allow" or "deny"

A decision asks in the order of this list, and the first "no" is final.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import msgspec

from fanlight.access.acl import MOST_ENTRIES, matches, parse_pattern
from fanlight.access.policy_lines import Path, read_toml
from fanlight.access.policy_rules import (
    Deny,
    Limit,
    PathLimit,
    Rule,
    Text,
    TunnelLimit,
    Window,
    limit_that_decides,
    window_allows,
)
from fanlight.access.profiles import check_name
from fanlight.access.rights import BUILT_IN, DEFAULT
from fanlight.access.tries import Who
from fanlight.errors import SettingRefused, UsageError
from fanlight.types import Permission

MOST_RULES = 500


class Access(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether the access list decides."""

    list: bool = False


class Allow(Rule, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """An entry of the access list."""

    enabled: bool = True


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a profile says itself."""

    enabled: bool = True
    rights: dict[Permission, bool] = {}


class Assertion(Rule, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the author of a policy expects of it."""

    profile: Text
    right: Permission
    expect: Literal["allow", "deny"]
    at: datetime | None = None
    path: Text | None = None
    tunnel: Text | None = None


class Content(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole content of a policy."""

    access: Access = Access()
    allow: Annotated[tuple[Allow, ...], msgspec.Meta(max_length=MOST_ENTRIES)] = ()
    deny: Annotated[tuple[Deny, ...], msgspec.Meta(max_length=MOST_RULES)] = ()
    window: Annotated[tuple[Window, ...], msgspec.Meta(max_length=MOST_RULES)] = ()
    profile: dict[str, Profile] = {}
    path: Annotated[tuple[PathLimit, ...], msgspec.Meta(max_length=MOST_RULES)] = ()
    tunnel: Annotated[tuple[TunnelLimit, ...], msgspec.Meta(max_length=MOST_RULES)] = ()
    assertions: Annotated[tuple[Assertion, ...], msgspec.Meta(max_length=MOST_RULES)] = msgspec.field(
        name="assert", default=()
    )


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
        document, lines = read_toml(raw)
        try:
            content = msgspec.convert(document, Content)
        except msgspec.ValidationError as error:
            raise _explained(str(error), document, lines) from error
        policy = cls(content, lines)
        _check(policy)
        return policy

    def line(self, *path: str | int) -> int | None:
        """Return the line of a part, or of the innermost one around it that has a line."""
        while path:
            if path in self.lines:
                return self.lines[path]
            path = path[:-1]
        return None

    def profiles(self) -> tuple[str, ...]:
        """Return the names of all profiles: those that every host has, and those of the file."""
        return tuple(dict.fromkeys((*BUILT_IN, *self.content.profile)))

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


def parse_who(text: str) -> Who:
    """Return the client that an alias or a fingerprint means; UsageError when it is neither."""
    pattern = parse_pattern(text)
    if "*" in pattern or "?" in pattern:
        raise UsageError(f"{text[:100]!r} means many: name one alias, or one whole fingerprint")
    # Of an alias the key is not known here: no entry for fingerprints is about it, but * is.
    return Who("", pattern, "") if "@" in pattern else Who(pattern, None, "")


def unix_time(at: datetime) -> float:
    """Return unix seconds; a time without a zone is UTC."""
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def _question(each: Assertion, now: float) -> Question:
    at = now if each.at is None else unix_time(each.at)
    return Question(parse_who(each.who), each.profile, each.right, at, each.path, each.tunnel)


def _check(policy: Policy) -> None:
    """Refuse what could not be meant: patterns, zones and targets that do not exist, and profiles nobody made."""
    content = policy.content
    for name in content.profile:
        try:
            check_name(name)
        except UsageError as error:
            raise _at(policy.line("profile", name), str(error)) from error
    kinds: dict[str, tuple[Rule, ...]] = {
        "allow": content.allow,
        "deny": content.deny,
        "window": content.window,
        "path": content.path,
        "tunnel": content.tunnel,
        "assert": content.assertions,
    }
    for kind, rules in kinds.items():
        for place, rule in enumerate(rules):
            _check_rule(policy, rule, kind, place)
    seen: set[str] = set()
    for place, each in enumerate(content.allow):
        # A store keeps each only once, so one of the two would be lost.
        if (pattern := parse_pattern(each.who)) in seen:
            raise _at(policy.line("allow", place), f"{pattern} stands in the access list twice")
        seen.add(pattern)


def _check_rule(policy: Policy, rule: Rule, kind: str, place: int) -> None:
    try:
        rule.check()
        if isinstance(rule, Assertion):
            parse_who(rule.who)
    except (SettingRefused, UsageError) as error:
        raise _at(policy.line(kind, place), str(error)) from error
    profile = getattr(rule, "profile", None)
    if profile is not None and profile not in policy.profiles():
        raise _at(policy.line(kind, place, "profile"), f"there is no profile {profile!r}")


def _explained(text: str, document: dict[str, Any], lines: dict[Path, int]) -> SettingRefused:
    """Turn a decoder's words, which end with a place such as `$.window[0].to`, into ours with a line."""
    words, _, place = text.partition(" - at ")
    path: Path = ()
    for name, index in re.findall(r"\.([^.\[\]`]+)|\[(\d+|\.\.\.)\]", place):
        if index == "...":
            path = (*path, *_faulty_profile(document))
            break
        path = (*path, name or int(index))
    # The name of an unknown key is in the words, not in the place.
    if unknown := re.search(r"unknown field `([^`]+)`", words):
        path = (*path, unknown[1])
    while path and path not in lines:
        path = path[:-1]
    return _at(lines.get(path), words[:1].lower() + words[1:])


def _faulty_profile(document: dict[str, Any]) -> Path:
    """Return name and key of the first profile that does not decode: a decoder's words do not tell it."""
    for name, value in document.get("profile", {}).items():
        try:
            msgspec.convert(value, Profile)
        except msgspec.ValidationError:
            rights = value.get("rights", {}) if isinstance(value, dict) else {}
            known = {each.value for each in Permission}
            wrong = [right for right, said in rights.items() if right not in known or type(said) is not bool]
            return (name, "rights", wrong[0]) if wrong else (name,)
    return ()


def _at(line: int | None, text: str) -> SettingRefused:
    return SettingRefused(f"line {line}: {text}" if line is not None else text)
