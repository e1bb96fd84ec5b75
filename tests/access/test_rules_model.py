"""The rules beside a model of them in a few dictionaries: any order of changes, tries and restarts gives the same."""

import tempfile
from pathlib import Path

from access_fixtures import MESSAGE, NOW, OTHER, OWNER, open_rules, proof
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from fanlight.access import rights
from fanlight.errors import SettingRefused
from fanlight.types import Permission

CLIENTS = st.sampled_from([OWNER, OTHER])
PASSWORDS = st.sampled_from(["one horse 7 stones", "two horses 8 stones"])
PROFILES = st.sampled_from([rights.UNATTENDED, rights.SCREEN_SHARING])
SESSIONS = st.sampled_from(["first", "second"])
RIGHTS = st.sampled_from([Permission.VIEW, Permission.FILES])


class RulesBesideTheirModel(RuleBasedStateMachine):
    """Tokens are one for each client, resume secrets one for each session; each with whom and what it is for."""

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.now = NOW
        self.unattended, self.saving = False, True
        self.passwords, self.disabled, self.denied = {}, set(), set()
        self.tokens, self.resumes, self.void = {}, {}, []
        self.open()

    def teardown(self):
        self.rules.close()
        self.folder.cleanup()

    def open(self):
        self.rules = open_rules(Path(self.folder.name) / "fanlight.db")
        self.rules._store._db.execute("PRAGMA synchronous = OFF")

    def void_all(self):
        self.void += [("token", who, token) for who, (token, _) in self.tokens.items()]
        self.void += [("resume", who, secret) for secret, who, *_ in self.resumes.values()]
        self.tokens, self.resumes = {}, {}

    @initialize()
    def begin(self):
        self.switch(True)
        self.set_password(rights.UNATTENDED, "one horse 7 stones")

    @rule()
    def restart(self):
        self.rules.close()
        self.open()

    @rule(on=st.booleans())
    def switch(self, on):
        self.rules.set_unattended(on)
        self.unattended = on

    @rule(on=st.booleans())
    def allow_saving(self, on):
        self.rules.tokens.allow(on)
        self.saving = on

    @rule(profile=PROFILES, on=st.booleans())
    def enable(self, profile, on):
        self.rules.profiles.enable(profile, on)
        (self.disabled.discard if on else self.disabled.add)(profile)

    @rule(right=RIGHTS, on=st.booleans())
    def change_standard_permission(self, right, on):
        self.rules.profiles.set(rights.DEFAULT, {right: on})
        (self.denied.discard if on else self.denied.add)(right)

    @rule(profile=PROFILES, password=PASSWORDS)
    def set_password(self, profile, password):
        taken = any(known == password for other, known in self.passwords.items() if other != profile)
        try:
            self.rules.set_password(password, profile)
        except SettingRefused:
            assert taken
            return
        assert not taken
        self.passwords[profile] = password
        self.void_all()

    @rule(profile=PROFILES)
    def clear_password(self, profile):
        self.rules.passwords.clear(profile)
        self.passwords.pop(profile, None)
        self.void_all()

    @rule()
    def clear_tokens(self):
        self.rules.tokens.clear()
        self.void_all()

    @rule(seconds=st.sampled_from([1, 200, 601]))
    def wait(self, seconds):
        self.now += seconds

    @rule(session=SESSIONS)
    def keep(self, session):
        known = self.resumes.get(session)
        live = frozenset({Permission.VIEW, Permission.AUDIO})
        self.rules.lives(session, live, self.now)
        if known:
            self.resumes[session] = (*known[:3], live, self.now + 600)

    @rule(session=SESSIONS)
    def end(self, session):
        self.rules.ended(session)
        self.resumes.pop(session, None)

    @rule(who=CLIENTS, password=PASSWORDS, remember=st.booleans(), session=SESSIONS)
    def come_in_by_password(self, who, password, remember, session):
        profile = next((each for each, known in self.passwords.items() if known == password), None)
        tried = self.rules.password(who, proof(self.rules, password), MESSAGE, self.now)
        assert tried.right is (self.unattended and profile is not None and profile not in self.disabled)
        if tried.right:
            assert tried.profile == profile
            self.come_in(who, tried, remember, session)

    @rule(who=CLIENTS, session=SESSIONS)
    def come_in_by_token(self, who, session):
        token, profile = self.tokens.get(who, (b"none", None))
        tried = self.rules.token(who, token, self.now)
        assert tried.right is (self.unattended and profile is not None and profile not in self.disabled)
        if tried.right:
            self.come_in(who, tried, True, session)

    @rule(who=CLIENTS, session=SESSIONS)
    def go_on(self, who, session):
        secret, owner, profile, old, until = self.resumes.get(session, (b"none", None, None, frozenset(), 0))
        tried = self.rules.resume(who, secret, self.now)
        found = owner == who and self.now <= until
        assert tried.right is (found and self.unattended and profile not in self.disabled)
        if owner == who:
            del self.resumes[session]
        if tried.right:
            assert (tried.session, tried.profile) == (session, profile)
            assert tried.rights <= old
            self.come_in(who, tried, True, session)

    def come_in(self, who, tried, remember, session):
        if tried.profile == rights.UNATTENDED and tried.method != "resume":
            assert tried.rights == rights.STANDARD - self.denied
        issued = self.rules.opened(who, tried, self.now, remember=remember, session=session)
        assert (issued.token is not None) is (remember and tried.method == "password" and self.saving)
        if issued.token:
            if who in self.tokens:
                self.void.append(("token", who, self.tokens[who][0]))
            self.tokens[who] = issued.token, tried.profile
        self.resumes[session] = issued.resume, who, tried.profile, tried.rights, self.now + 600

    @invariant()
    def what_is_void_stays_void(self):
        self.rules.throttle.reset()
        for method, who, secret in self.void[-3:]:
            assert not getattr(self.rules, method)(who, secret, self.now).right
        self.rules.throttle.reset()
        assert self.rules.unattended is self.unattended
        assert self.rules.passwords.profiles() == set(self.passwords)


RulesBesideTheirModel.TestCase.settings = settings(max_examples=40, stateful_step_count=30)
TestRulesBesideTheirModel = RulesBesideTheirModel.TestCase
