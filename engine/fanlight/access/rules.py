"""The rules of a home: who may come in, how, and with which rights; which hosts are known.

Nothing is remembered between calls: every answer is read from the store, so that a running host obeys a command
given beside it at once. Each family of rules has a module of its own; here they meet in the order of the handshake:

    may_ask        the access list, before anything else
    offer          what a client needs to prove a password
    password, token, resume (or may_prompt, then accepted)       one try; counted on disk before it is looked at
    code           where the try `needs_code`
    opened         the session opens: what is issued for it; lives, ended: what becomes of its resume secret

`now` is in unix seconds, because it is kept. A wrong try is an answer and never an exception; StateError means that the
store cannot be used, and then nobody comes in.
"""

import secrets
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from fanlight.access.acl import AccessList
from fanlight.access.admin import AdminSecret
from fanlight.access.identity import certificate_fingerprint
from fanlight.access.passwords import Passwords
from fanlight.access.policy_store import PolicyRules
from fanlight.access.profiles import Profiles
from fanlight.access.prompts import Prompts
from fanlight.access.resume import RESUME_SECONDS, Resumes
from fanlight.access.rights import UNATTENDED
from fanlight.access.scram import KEY_BYTES
from fanlight.access.seal import Seal
from fanlight.access.store import KnownHost, Store
from fanlight.access.throttle import Throttle
from fanlight.access.tokens import Tokens
from fanlight.access.totp import Totp
from fanlight.access.tries import Issued, Journal, Method, Offer, Tried, Who
from fanlight.access.trust import Trust
from fanlight.access.voiding import voids
from fanlight.errors import AuthenticationFailed, LocalProtocolError, UsageError
from fanlight.types import Permission

UNATTENDED_OFF = "unattended access is off"
THROTTLED = "too many wrong tries: not looked at"


class Rules:
    """Answers of a host about who may come in, and of a client about whom it knows. One thread only.

    What each family may be set to, and how, is its own: `profiles`, `passwords`, `acl`, `totp`, `tokens`, `prompts`,
    `throttle`, `admin`. `audit` gets every decision that is made here, with its true reason.
    """

    def __init__(self, store: Store, pepper: bytes, audit: Journal | None = None) -> None:
        seal = Seal(pepper)
        self._store = store
        self.audit = audit
        self.profiles = Profiles(store)
        self.acl = AccessList(store)
        self.totp = Totp(store, seal)
        self.passwords = Passwords(store, seal)
        self.tokens = Tokens(store)
        self.prompts = Prompts(store)
        self.throttle = Throttle(store)
        self.admin = AdminSecret(store, self.throttle)
        self.policy = PolicyRules(store)
        self._resumes = Resumes(store)
        self.namespaces = Trust(store)

    def close(self) -> None:
        """Close the store."""
        self._store.close()

    @property
    def path(self) -> Path:
        """The store's file."""
        return self._store.path

    # -- settings --------------------------------------------------------------------------------------------------

    @property
    def unattended(self) -> bool:
        """Whether a password, token or resume secret opens a session; off until it is switched on."""
        return bool(self._store.setting("unattended", int))

    def set_unattended(self, on: bool) -> None:
        """Switch unattended access on or off."""
        self._store.put_setting("unattended", int(on))

    @property
    def interactive(self) -> str:
        """Whether requests are shown to the person at the host: "always", "window" or "never"."""
        return self.prompts.mode

    @property
    def has_password(self) -> bool:
        """Whether any profile has a password."""
        return bool(self.passwords.profiles())

    def set_password(self, password: str, profile: str = UNATTENDED, names: tuple[str, ...] = ()) -> str:
        """Set the password that selects `profile`; every token and resume secret is void. It switches nothing on.

        `names` are words that a guess would begin with. Return a warning, or "". SettingRefused says why a password is
        refused, UsageError that there is no such profile.
        """
        self.profiles.check(profile)
        known = *names, *self.acl.names(), *self.namespaces.trusted()
        return self.passwords.set(password, profile, known, two_factor=self.totp.on)

    def note_setting(self, setting: str, value: str, now: float) -> None:
        """Write into the audit that a setting was changed, for whoever changed it."""
        if self.audit is not None:
            self.audit.append("setting", now, setting=setting, value=value)

    # -- before a try ----------------------------------------------------------------------------------------------

    def may_ask(self, who: Who, now: float) -> str | None:
        """Return why the access list or a denial keeps this client out, or None: it may go on."""
        reason = self.acl.refusal(who) or self.policy.denial(who) or None
        if reason:
            self.note_refusal(who, reason, now)
        return reason

    def note_refusal(self, who: Who, reason: str, now: float) -> None:
        """Write into the audit why a client was sent away before it could try; of very many only some, and how many."""
        self._note_bounded("refused", now, who, reason=reason)

    def offer(self) -> Offer:
        """Return the salt and iterations of METHODS: the same whatever is switched on."""
        return Offer(self._store.salt, self._store.iterations)

    # -- a try -----------------------------------------------------------------------------------------------------

    def password(self, who: Who, proof: bytes, auth_message: bytes, now: float) -> Tried:
        """Try a password by its proof. Every try does the same work, whatever is set and whatever comes of it."""
        before, counted = voids(self._store), self.throttle.count("guess", who, now)
        found = self.passwords.check(proof if counted else b"", auth_message)
        reason = self._refusal(
            found.profile, who, now, counted, "wrong password" if self.has_password else "no password is set"
        )
        self._note_try("password", now, who, counted, reason=reason, profile=found.profile)
        tried = self._tried("password", reason, found.profile, who, before, needs_code=self.totp.on)
        return tried if reason else replace(tried, server_signature=found.server_signature)

    def token(self, who: Who, token: bytes, now: float) -> Tried:
        """Try a token."""
        before, counted = voids(self._store), self.throttle.count("token", who, now)
        profile = self.tokens.check(who, token) if counted else ""
        reason = self._refusal(profile, who, now, counted, "a token that is not valid, or not this client's")
        self._note_try("token", now, who, counted, reason=reason, profile=profile)
        return self._tried("token", reason, profile, who, before, needs_code=self.totp.on and self.totp.asks_tokens)

    def resume(self, who: Who, secret: bytes, now: float) -> Tried:
        """Try to go on with an earlier session. The secret is used up, and the rights are the old ones AND today's."""
        before, counted = voids(self._store), self.throttle.count("resume", who, now)
        old = self._resumes.take(who, secret, now) if counted else None
        profile = old.profile if old else ""
        if old and not old.unattended:
            reason = self._refusal_of_interactive(profile, who, now)
        else:
            reason = self._refusal(profile, who, now, counted, "a resume secret that is used, old or not this client's")
        self._note_try("resume", now, who, counted, reason=reason, profile=profile)
        tried = self._tried("resume", reason, profile, who, before, needs_code=self.totp.on and self.totp.asks_resume)
        if not old:
            return tried
        return replace(tried, rights=tried.rights & old.rights, session=old.session, unattended=old.unattended)

    def code(self, who: Who, tried: Tried, code: str, now: float) -> Tried:
        """Try the code for an earlier try: the result is right only if both were. A wrong try uses no code up.

        LocalProtocolError when that try needs none.
        """
        if not tried.needs_code:
            raise LocalProtocolError("a code for a try that needs none")
        counted = self.throttle.count("code", who, now)
        wrong = self.totp.check(code, now, use=counted and not tried.reason)
        reason = tried.reason or (THROTTLED if not counted else wrong) or self._no_longer(tried, who, now)
        self._note_try("code", now, who, counted, reason=reason, method=tried.method, profile=tried.profile)
        return replace(tried, reason=reason, needs_code=False)

    # -- a request to the person at the host -----------------------------------------------------------------------

    def may_prompt(self, who: Who, now: float, *, window_open: bool, live_prompts: int) -> str | None:
        """Return why a request is not shown, or None: it is, and is counted. `live_prompts`: how many are shown now."""
        reason = self.prompts.count(who, now, window_open=window_open, live_prompts=live_prompts)
        self._note_try("request", now, who, reason is None, reason=reason or "")
        return reason

    def profiles_offered(self, who: Who, now: float) -> dict[str, frozenset[Permission]]:
        """Return the profiles that the person at the host may let this client in with, and the rights of each.

        Neither those that are disabled nor those that the policy bars this client from now.
        """
        return {name: self._rights(name, who) for name in self.profiles.enabled() if not self._barred(name, who, now)}

    def accepted(self, profile: str, without: frozenset[Permission] = frozenset()) -> Tried:
        """Return the try that a person's "yes" is: a profile, less the rights switched off for this session.

        UsageError when the profile is not offered.
        """
        if profile not in self.profiles.enabled():
            raise UsageError(f"the profile {profile!r} is not offered: choose {', '.join(self.profiles.enabled())}")
        tried = self._tried("request", "", profile, None, voids(self._store), needs_code=False)
        return replace(tried, rights=tried.rights - without, unattended=False)

    # -- a session -------------------------------------------------------------------------------------------------

    def profile_rights(self, profile: str, who: Who, now: float) -> frozenset[Permission] | None:
        """Return what a profile grants this client now; None when nothing, which ends its sessions.

        That is when the profile is disabled or gone, or the policy does not let this client in at this time.
        """
        return None if self._barred(profile, who, now) else self._rights(profile, who)

    def opened(self, who: Who, tried: Tried, now: float, *, remember: bool, session: str) -> Issued:
        """Issue what goes with a session that opens; all of it is on disk when this returns.

        The token only if saving is allowed, the client asks (`remember`) and a password was typed. `session` is its
        name; one that goes on keeps the name. AuthenticationFailed when what was right has become wrong meanwhile.
        """
        if not tried.right:
            raise LocalProtocolError("a session opened by a try that was not right")
        with self._store.changing():
            if reason := self._no_longer(tried, who, now):
                raise AuthenticationFailed(reason)
            # A person who accepts does not see the policy.
            tried = replace(tried, rights=tried.rights - self.policy.denied_rights(who))
            if tried.unattended:
                self.throttle.succeeded(who, now)
            if tried.method == "token":
                self.tokens.note_use(who, now)
            issuing = remember and tried.method == "password" and self.tokens.allowed
            token = self.tokens.issue(who, tried.profile, now) if issuing else None
            resume = self._resumes.issue(who, tried, session, now)
        if token:
            self._note("token issued", now, who, profile=tried.profile, session=session)
        return Issued(token, resume, RESUME_SECONDS)

    def lives(self, session: str, rights: frozenset[Permission], now: float) -> None:
        """Note that a session is alive, and its rights now: its resume secret is good for ten minutes from here.

        For every change of its rights, once a minute, and when its connection is lost.
        """
        self._resumes.keep(session, rights, now)

    def ended(self, session: str) -> None:
        """Forget the resume secret of a session that somebody ended on purpose."""
        self._resumes.forget(session)

    # -- known hosts -----------------------------------------------------------------------------------------------

    def known_hosts(self) -> list[KnownHost]:
        """Return all pinned hosts, by address."""
        return self._store.known_hosts()

    def known_host(self, address: str) -> KnownHost | None:
        """Return the identity that is pinned for an address."""
        return self._store.known_host(address)

    def pin_host(self, address: str, fingerprint: str, certificate: bytes, at: datetime) -> None:
        """Pin the identity of a host at first contact. IdentityError when the address is pinned to another one."""
        if certificate_fingerprint(certificate) != fingerprint:
            raise UsageError("the fingerprint to pin is not that of the certificate")
        self._store.pin_host(KnownHost(address, fingerprint, certificate, at))

    def forget_host(self, address: str) -> bool:
        """Remove a pin; False when there was none."""
        return self._store.forget_host(address)

    # -- reasons ---------------------------------------------------------------------------------------------------

    def _refusal(self, profile: str, who: Who, now: float, counted: bool, wrong: str) -> str:
        """Return why an unattended try for `profile` ("": nothing was found) is not right, the first cause first."""
        if not self.unattended:
            return UNATTENDED_OFF
        if not counted:
            return THROTTLED
        return self._barred(profile, who, now) if profile else wrong

    def _refusal_of_interactive(self, profile: str, who: Who, now: float) -> str:
        if self.prompts.mode == "never":
            return "requests are not shown any more"
        return self._barred(profile, who, now)

    def _barred(self, profile: str, who: Who, now: float) -> str:
        if profile not in self.profiles.enabled():
            return f"the profile {profile!r} is disabled"
        return self.policy.refusal(who, profile, now)

    def _no_longer(self, tried: Tried, who: Who, now: float) -> str:
        """Return why a try that was right has become wrong since, by a setting that was changed."""
        if tried.voids != voids(self._store):
            return "a password was changed meanwhile"
        if tried.unattended and not self.unattended:
            return UNATTENDED_OFF
        return self._barred(tried.profile, who, now)

    def _rights(self, profile: str, who: Who | None) -> frozenset[Permission]:
        denied = self.policy.denied_rights(who) if who is not None else frozenset()
        return self.profiles.rights(profile) - denied

    def _tried(
        self, method: Method, reason: str, profile: str, who: Who | None, before: int, *, needs_code: bool
    ) -> Tried:
        rights = frozenset() if reason else self._rights(profile, who)
        noise = secrets.token_bytes(KEY_BYTES)
        return Tried(method, reason, profile, rights, noise, needs_code, session="", voids=before, unattended=True)

    def _note_try(self, event: str, now: float, who: Who, counted: bool, **fields: str) -> None:
        """Write down a try. Those that were counted are few by that."""
        note = self._note if counted else self._note_bounded
        note(event, now, who, **fields)

    def _note_bounded(self, event: str, now: float, who: Who, **fields: str) -> None:
        left_out = self.throttle.worth_noting(who, now)
        if left_out is not None:
            self._note(event, now, who, **fields, **({"left_out": left_out} if left_out else {}))

    def _note(self, event: str, now: float, who: Who, **fields: str | int) -> None:
        if self.audit is not None:
            alias = {"alias": who.alias} if who.alias is not None else {}
            self.audit.append(event, now, client=who.fingerprint, **alias, address=who.address, **fields)
