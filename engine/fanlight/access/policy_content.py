"""What stands in the file of a policy, checked: what nobody can have meant is refused, with its line."""

import re
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

from fanlight.access.acl import MOST_ENTRIES, parse_pattern
from fanlight.access.policy_lines import Path, line_of, read_toml
from fanlight.access.policy_rules import Deny, PathLimit, Rule, Text, TunnelLimit, Window
from fanlight.access.profiles import check_name
from fanlight.access.rights import BUILT_IN
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

    def profiles(self) -> tuple[str, ...]:
        """Return the names of all profiles: those that every host has, and those of the file."""
        return tuple(dict.fromkeys((*BUILT_IN, *self.profile)))


def read_content(raw: bytes) -> tuple[Content, dict[Path, int]]:
    """Read a policy's file: what it says, and on which lines; SettingRefused says what is wrong, with the line."""
    document, lines = read_toml(raw)
    try:
        content = msgspec.convert(document, Content)
    except msgspec.ValidationError as error:
        raise _explained(str(error), document, lines) from error
    _check(content, lines)
    return content, lines


def parse_who(text: str) -> Who:
    """Return the client that an alias or a fingerprint means; UsageError when it is neither."""
    pattern = parse_pattern(text)
    if "*" in pattern or "?" in pattern:
        raise UsageError(f"{text[:100]!r} means many: name one alias, or one whole fingerprint")
    # Of an alias the key is not known here: no entry for fingerprints is about it, but * is.
    return Who("", pattern, "") if "@" in pattern else Who(pattern, None, "")


def _check(content: Content, lines: dict[Path, int]) -> None:
    """Refuse what could not be meant: patterns, zones and targets that do not exist, and profiles nobody made."""
    for name in content.profile:
        try:
            check_name(name)
        except UsageError as error:
            raise _at(line_of(lines, "profile", name), str(error)) from error
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
            _check_rule(content, lines, rule, kind, place)
    seen: set[str] = set()
    for place, each in enumerate(content.allow):
        # A store keeps each only once, so one of the two would be lost.
        if (pattern := parse_pattern(each.who)) in seen:
            raise _at(line_of(lines, "allow", place), f"{pattern} stands in the access list twice")
        seen.add(pattern)


def _check_rule(content: Content, lines: dict[Path, int], rule: Rule, kind: str, place: int) -> None:
    try:
        rule.check()
        if isinstance(rule, Assertion):
            parse_who(rule.who)
    except (SettingRefused, UsageError) as error:
        raise _at(line_of(lines, kind, place), str(error)) from error
    profile = getattr(rule, "profile", None)
    if profile is not None and profile not in content.profiles():
        raise _at(line_of(lines, kind, place, "profile"), f"there is no profile {profile!r}")


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
    # A header as [a.b] makes `a` too, which has no line of its own: that of its first part, then.
    parts = (line for part, line in lines.items() if part[: len(path)] == path)
    return _at(line_of(lines, *path) or min(parts, default=None), words[:1].lower() + words[1:])


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
