"""A policy in a store: loaded into the tables of the commands, read by the rules, and written out as a file again.

Access list and profiles are the very tables that `fanlight access` changes. What only a policy can say stands beside
them in `policy_rules`.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

import msgspec

from fanlight.access.acl import AccessList
from fanlight.access.policy import Policy
from fanlight.access.policy_content import Access, Allow, Content, Profile
from fanlight.access.policy_rules import (
    Deny,
    PathLimit,
    Rule,
    TunnelLimit,
    Window,
    limit_that_decides,
    window_allows,
)
from fanlight.access.profiles import Profiles
from fanlight.access.rights import BUILT_IN
from fanlight.access.store import Store
from fanlight.access.tries import Who
from fanlight.errors import StateError
from fanlight.types import Permission

T = TypeVar("T", bound=Rule)


class PolicyRules:
    """What a policy says beyond access list and profiles. Nothing is remembered between calls."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def refusal(self, who: Who, profile: str, now: float) -> str:
        """Return why this client may not have a session with this profile now, or ""."""
        denial = self.denial(who)
        if denial or window_allows(self.windows(), profile, who, now):
            return denial
        return "outside of its time windows"

    def denial(self, who: Who) -> str:
        """Return why this client may not come in at all, or ""."""
        denied = any(each.rights is None and each.means(who) for each in self._load("deny", Deny))
        return "denied by the policy" if denied else ""

    def denied_rights(self, who: Who) -> frozenset[Permission]:
        """Return the rights that this client can have from no profile."""
        found = [each.rights for each in self._load("deny", Deny) if each.rights is not None and each.means(who)]
        return frozenset(right for rights in found for right in rights)

    def windows(self) -> list[Window]:
        """Return all time windows."""
        return self._load("window", Window)

    def path_allowed(self, who: Who, profile: str, path: str) -> bool:
        """Tell whether a session may touch an absolute path, its links already followed."""
        return limit_that_decides(self._load("path", PathLimit), profile, who, [path])[0]

    def tunnel_allowed(self, who: Who, profile: str, names: Sequence[str]) -> bool:
        """Tell whether a session may open a tunnel to HOST:PORT; `names` has it by name and by address."""
        return limit_that_decides(self._load("tunnel", TunnelLimit), profile, who, names)[0]

    def replace(self, content: Content) -> None:
        """Take over a policy's rules in the place of all that were."""
        kinds: dict[str, tuple[Rule, ...]] = {
            "deny": content.deny,
            "window": content.window,
            "path": content.path,
            "tunnel": content.tunnel,
        }
        rows = [(kind, msgspec.json.encode(rule).decode()) for kind, rules in kinds.items() for rule in rules]
        with self._store.changing() as db:
            db.execute("DELETE FROM policy_rules")
            db.executemany("INSERT INTO policy_rules (kind, body) VALUES (?, ?)", rows)

    def content(self) -> Content:
        """Return the rules as the part of a policy that they are."""
        return Content(
            deny=tuple(self._load("deny", Deny)),
            window=tuple(self.windows()),
            path=tuple(self._load("path", PathLimit)),
            tunnel=tuple(self._load("tunnel", TunnelLimit)),
        )

    def _load(self, kind: str, form: type[T]) -> list[T]:
        rows = self._store.rows("SELECT body FROM policy_rules WHERE kind = ? ORDER BY place", kind)
        try:
            return [msgspec.json.decode(body, type=form) for (body,) in rows]
        except msgspec.MsgspecError as error:
            raise StateError(f"a rule of the policy is damaged ({error}): apply the policy anew") from error


def apply_policy(store: Store, policy: Policy) -> tuple[str, ...]:
    """Make a policy the settings of a store, all of it or nothing; return the profiles that were disabled.

    A profile that the policy does not name is disabled, not deleted, so that its password is not lost; one of those
    that every host has is as it was at first.
    """
    content, profiles, acl = policy.content, Profiles(store), AccessList(store)
    with store.changing() as db:
        before = profiles.all()
        gone = tuple(name for name, on in before.items() if on and name not in content.profiles())
        db.execute("DELETE FROM acl")
        for name in gone:
            profiles.enable(name, False)
        for name in content.profiles():
            if name not in before:
                profiles.create(name)
            db.execute("DELETE FROM profile_rights WHERE profile = ?", (name,))
            own = content.profile.get(name, Profile())
            profiles.enable(name, own.enabled)
            profiles.set(name, own.rights)
        for each in content.allow:
            kept = acl.add(each.who)
            acl.enable(kept, each.enabled)
        acl.switch(content.access.list)
        PolicyRules(store).replace(content)
    return gone


def store_policy(store: Store) -> Content:
    """Return a store's settings as a policy."""
    profiles, acl = Profiles(store), AccessList(store)
    rules = PolicyRules(store).content()
    named = {name: _profile(profiles, name, on) for name, on in sorted(profiles.all().items())}
    return msgspec.structs.replace(
        rules,
        access=Access(acl.on),
        allow=tuple(Allow(entry.pattern, entry.enabled) for entry in acl.entries()),
        profile={name: each for name, each in named.items() if each != Profile() or name not in BUILT_IN},
    )


def write_toml(content: Content) -> str:
    """Return a policy as a file, without assertions."""
    lines = ["[access]", f"list = {_toml(content.access.list)}"]
    kinds: dict[str, tuple[Rule, ...]] = {
        "allow": content.allow,
        "deny": content.deny,
        "window": content.window,
        "path": content.path,
        "tunnel": content.tunnel,
    }
    for kind, rules in kinds.items():
        for rule in rules:
            lines += ["", f"[[{kind}]]", *_pairs(msgspec.to_builtins(rule))]
    for name, profile in content.profile.items():
        lines += ["", f"[profile.{_toml(name)}]", f"enabled = {_toml(profile.enabled)}"]
        if profile.rights:
            rights = {right.value: said for right, said in sorted(profile.rights.items())}
            lines += ["", f"[profile.{_toml(name)}.rights]", *_pairs(rights)]
    return "\n".join(lines) + "\n"


def _profile(profiles: Profiles, name: str, on: bool) -> Profile:
    own, factory = profiles.says(name), BUILT_IN.get(name, {})
    return Profile(on, {right: said for right, said in own.items() if said is not None and said != factory.get(right)})


def _pairs(values: Mapping[str, object]) -> Iterable[str]:
    return [f"{name} = {_toml(value)}" for name, value in values.items() if value is not None]


def _toml(value: object) -> str:
    # JSON's texts and lists are TOML's, once nothing but controls is escaped.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
