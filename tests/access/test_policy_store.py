from zoneinfo import ZoneInfoNotFoundError

import pytest
from access_fixtures import ANNA, NOW, OTHER, OWNER, PASSWORD, let_in, try_password
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fanlight.access import Store, Who
from fanlight.access.policy import Policy, Question, failures
from fanlight.access.policy_store import apply_policy, store_policy, write_toml
from fanlight.access.rights import DEFAULT, UNATTENDED
from fanlight.errors import AuthenticationFailed, SettingRefused, StateError
from fanlight.types import Permission

# NOW is 2030-03-17, a Sunday, 17:46 UTC.
EVENING = '[[window]]\nwho = "*@acme"\nfrom = "17:00"\nto = "18:00"\n'
MORNING = '[[window]]\nwho = "*@acme"\nfrom = "07:00"\nto = "08:00"\n'


@pytest.fixture
def store(rules):
    return rules._store


def use(store, text):
    return apply_policy(store, Policy.from_toml(text.encode()))


def test_a_new_store_is_an_empty_policy(store):
    assert store_policy(store) == Policy.from_toml(b"").content
    assert Policy.from_toml(write_toml(store_policy(store)).encode()).content == store_policy(store)


def test_a_policy_is_in_the_store_s_own_tables_and_stays_after_a_restart(rules, store, restarted):
    use(store, '[access]\nlist = true\n[[allow]]\nwho = "*@acme"\n[profile.Support.rights]\nfiles = false\n')
    again = restarted()
    assert again.acl.on
    assert [entry.pattern for entry in again.acl.entries()] == ["*@acme"]
    assert "Support" in again.profiles_offered(OWNER, NOW)
    assert Permission.FILES not in again.profiles.rights("Support")
    assert again.may_ask(ANNA, NOW) is None
    assert again.may_ask(OTHER, NOW) == "not on the access list"


def test_a_policy_takes_the_place_of_all_that_was(rules, store):
    rules.acl.add("old@acme")
    rules.profiles.set(DEFAULT, {Permission.VIEW: False})
    rules.profiles.create("Mine")
    assert use(store, '[[allow]]\nwho = "new@acme"\nenabled = false\n') == ("Mine",)
    assert [(entry.pattern, entry.enabled) for entry in rules.acl.entries()] == [("new@acme", False)]
    assert Permission.VIEW in rules.profiles.rights(DEFAULT)
    assert rules.profiles.all()["Mine"] is False
    use(store, "[profile.Mine]\n")
    assert rules.profiles.all()["Mine"] is True


def test_a_policy_that_does_not_fit_changes_nothing(rules, store):
    rules.acl.add("old@acme")
    many = "\n".join(f"[profile.P{n}]" for n in range(40))
    with pytest.raises(SettingRefused, match="there cannot be more"):
        use(store, f'[[allow]]\nwho = "new@acme"\n{many}')
    assert [entry.pattern for entry in rules.acl.entries()] == ["old@acme"]
    assert "P0" not in rules.profiles.all()


def test_a_policy_comes_out_as_it_went_in(store):
    text = """
        [access]
        list = true
        [[allow]]
        who = "*@acme"
        [[allow]]
        who = "x@other"
        enabled = false
        [[deny]]
        who = "bob@acme"
        [[deny]]
        who = "eve@acme"
        rights = ["files", "tunnels"]
        [[window]]
        who = "*@acme"
        profile = "S \\"x\\" ü"
        days = ["mon"]
        from = "08:00"
        to = "18:00"
        zone = "Europe/Berlin"
        [[path]]
        allow = "/srv/share\\t\\u007f\U0001f642"
        [[tunnel]]
        profile = "Default"
        deny = "10.0.0.0/8:*"
        [profile.'S "x" ü'.rights]
        files = false
        tunnels = true
        [profile."Full Access"]
        enabled = false
    """
    use(store, text)
    content = store_policy(store)
    assert content == Policy.from_toml(text.encode()).content
    assert Policy.from_toml(write_toml(content).encode()).content == content


NO_FILES = '[[deny]]\nwho = "*@acme"\nrights = ["files"]\n'


def test_a_denied_right_is_in_no_try_of_that_client(unattended, store):
    use(store, NO_FILES)
    issued = let_in(unattended, ANNA, remember=True)
    tries = (
        try_password(unattended, ANNA),
        unattended.token(ANNA, issued.token, NOW),
        unattended.resume(ANNA, issued.resume, NOW),
    )
    assert all(tried.right and Permission.FILES not in tried.rights for tried in tries)
    assert Permission.FILES in try_password(unattended, OTHER).rights


def test_a_right_that_is_denied_since_is_not_resumed(unattended, store):
    secret = let_in(unattended, ANNA).resume
    use(store, NO_FILES)
    unattended.set_unattended(True)
    tried = unattended.resume(ANNA, secret, NOW)
    assert tried.right
    assert Permission.FILES not in tried.rights


def test_what_a_person_accepts_goes_on_without_the_rights_that_were_denied_then(rules, store):
    use(store, NO_FILES)
    secret = rules.opened(ANNA, rules.accepted(DEFAULT), NOW, remember=False, session="s").resume
    use(store, "")
    assert Permission.FILES not in rules.resume(ANNA, secret, NOW).rights


def test_a_damaged_rule_is_told_and_opens_nothing(rules, store):
    use(store, EVENING)
    with store.changing() as db:
        db.execute("UPDATE policy_rules SET body = '{'")
    with pytest.raises(StateError, match="apply the policy anew"):
        rules.profile_rights(DEFAULT, ANNA, NOW)


def test_a_zone_that_the_system_has_lost_opens_nothing(rules, store, monkeypatch):
    use(store, EVENING + 'zone = "Europe/Berlin"\n')
    monkeypatch.setattr("fanlight.access.policy_rules.ZoneInfo", lost)
    with pytest.raises(StateError, match="'Europe/Berlin' is not a time zone of this system"):
        rules.profile_rights(DEFAULT, ANNA, NOW)
    use(store, EVENING)
    assert rules.profile_rights(DEFAULT, ANNA, NOW)


def lost(name):
    raise ZoneInfoNotFoundError(name)


# -- the rules obey ---------------------------------------------------------------------------------------------------


@pytest.fixture
def opened(rules):
    """Rules under which a password opens a session."""
    rules.set_password(PASSWORD)
    rules.set_unattended(True)
    return rules


def now_and_after(rules, restarted):
    yield rules
    yield restarted()


def test_who_is_denied_may_not_ask(opened, store, restarted):
    use(store, '[[deny]]\nwho = "anna@acme"\n')
    for rules in now_and_after(opened, restarted):
        assert rules.may_ask(ANNA, NOW) == "denied by the policy"
        assert rules.may_ask(OWNER, NOW) is None
        assert rules.profile_rights(DEFAULT, ANNA, NOW) is None
        assert not try_password(rules, ANNA).right


def test_a_denial_of_a_right_is_final_in_every_profile(opened, store, restarted):
    use(store, '[[deny]]\nwho = "anna@acme"\nrights = ["files"]\n')
    for rules in now_and_after(opened, restarted):
        tried = try_password(rules, ANNA)
        assert tried.right
        assert Permission.FILES not in tried.rights
        assert Permission.FILES in try_password(rules, OWNER).rights
        for profile, rights in rules.profiles_offered(ANNA, NOW).items():
            assert Permission.FILES not in rights
            assert rights == rules.profile_rights(profile, ANNA, NOW)


def test_outside_of_its_windows_a_right_password_opens_nothing(opened, store, restarted):
    use(store, EVENING)
    assert try_password(opened, ANNA).right
    use(store, MORNING)
    for rules in now_and_after(opened, restarted):
        tried = try_password(rules, ANNA)
        assert (tried.right, tried.reason) == (False, "outside of its time windows")
        assert try_password(rules, OWNER).right
        assert rules.profiles_offered(ANNA, NOW) == {}, "nobody is offered what the policy bars this client from"
        assert DEFAULT in rules.profiles_offered(OWNER, NOW)


def test_a_live_session_ends_with_its_window(opened, store):
    use(store, EVENING)
    assert opened.profile_rights(UNATTENDED, ANNA, NOW)
    assert opened.profile_rights(UNATTENDED, ANNA, NOW + 3600) is None
    assert opened.profile_rights(UNATTENDED, OWNER, NOW + 3600)


def test_tokens_and_resume_secrets_open_nothing_outside_of_the_windows(opened, store):
    issued = let_in(opened, ANNA, remember=True)
    use(store, MORNING)
    assert opened.token(ANNA, issued.token, NOW).reason == "outside of its time windows"
    assert opened.resume(ANNA, issued.resume, NOW).reason == "outside of its time windows"


def test_a_person_cannot_let_somebody_in_against_the_policy(rules, store):
    use(store, MORNING)
    with pytest.raises(AuthenticationFailed, match="outside of its time windows"):
        rules.opened(ANNA, rules.accepted(DEFAULT), NOW, remember=False, session="s")


def test_paths_and_tunnels_are_asked_by_name(rules, store, restarted):
    use(store, '[[path]]\nallow = "/srv"\n[[tunnel]]\nwho = "*@acme"\ndeny = "10.0.0.0/8:*"\n')
    policy = restarted().policy
    assert policy.path_allowed(OWNER, DEFAULT, "/srv/a")
    assert not policy.path_allowed(OWNER, DEFAULT, "/etc")
    assert not policy.tunnel_allowed(ANNA, DEFAULT, ["db.lan:5432", "10.0.0.7:5432"])
    assert policy.tunnel_allowed(OWNER, DEFAULT, ["10.0.0.7:5432"])


# -- what is explained is what happens --------------------------------------------------------------------------------

WHO = st.sampled_from(["*", "*@acme", "anna@acme", "bert@acme", "*@other", "a*"])
RIGHTS = st.sampled_from([Permission.VIEW, Permission.FILES, Permission.TUNNELS])
PROFILES = st.sampled_from(["Default", "Full Access", "Unattended Access", "Support"])
CLIENTS = [
    Who("", "anna@acme", ""),
    Who("", "bert@acme", ""),
    Who("", "x@other", ""),
    Who("a" * 64, None, ""),
    Who("b" * 64, None, ""),
]


def table(name, **values):
    pairs = [
        f"{key} = {repr(value).lower() if isinstance(value, bool) else repr(value)}" for key, value in values.items()
    ]
    return "\n".join([f"[[{name}]]" if name in ("allow", "deny", "window") else f"[{name}]", *pairs]) + "\n"


@st.composite
def policies(draw):
    text = table("access", list=draw(st.booleans()))
    for who in draw(st.lists(WHO, max_size=3, unique=True)):
        text += table("allow", who=who, enabled=draw(st.booleans()))
    for who in draw(st.lists(WHO, max_size=2)):
        rights = draw(st.one_of(st.none(), st.lists(RIGHTS.map(str), min_size=1, max_size=2)))
        text += table("deny", who=who) if rights is None else table("deny", who=who, rights=rights)
    for who in draw(st.lists(WHO, max_size=2)):
        start = draw(st.sampled_from(["00:00", "12:00", "20:00"]))
        text += table("window", **{"who": who, "profile": draw(PROFILES), "from": start, "to": "19:00"})
    text += "[profile.Support]\n"
    for profile in draw(st.lists(PROFILES, max_size=3, unique=True)):
        rights = draw(st.dictionaries(RIGHTS.map(str), st.booleans(), max_size=3))
        text += table(f"profile.'{profile}'.rights", **rights)
    return text


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(policies(), st.sampled_from(CLIENTS), PROFILES, RIGHTS, st.sampled_from([0.0, 9 * 3600.0]))
def test_the_rules_decide_as_the_policy_explains(rules, text, who, profile, right, later):
    now = NOW + later
    policy = Policy.from_toml(text.encode())
    apply_policy(rules._store, policy)
    decided = policy.decide(Question(who, profile, right, now)).allowed
    rights = rules.profile_rights(profile, who, now)
    assert decided == (rules.may_ask(who, now) is None and rights is not None and right in rights)
    assert (
        Policy.from_toml(write_toml(store_policy(rules._store)).encode())
        .decide(Question(who, profile, right, now))
        .allowed
        == decided
    )


def test_assertions_are_not_kept_but_hold_for_what_is_kept(rules, store):
    text = MORNING + '[[assert]]\nwho = "a@acme"\nprofile = "Default"\nright = "view"\nexpect = "deny"\n'
    policy = Policy.from_toml(text.encode())
    assert failures(policy, NOW) == []
    apply_policy(store, policy)
    assert "assert" not in write_toml(store_policy(Store(store.path)))
