import pytest
from access_fixtures import NOW, OWNER, PASSWORD, let_in, try_password

from fanlight.access import rights
from fanlight.errors import SettingRefused, UsageError
from fanlight.types import Permission

EVERYTHING = frozenset(Permission)
STANDARD = EVERYTHING - {Permission.PRIVACY, Permission.TUNNELS}


def test_the_profiles_that_every_host_has(now_and_restarted):
    for profiles in (each.profiles for each in now_and_restarted()):
        assert profiles.all() == dict.fromkeys(("Default", "Full Access", "Screen Sharing", "Unattended Access"), True)
        assert profiles.rights(rights.FULL_ACCESS) == EVERYTHING
        assert profiles.rights(rights.SCREEN_SHARING) == {Permission.VIEW}
        assert profiles.rights(rights.DEFAULT) == profiles.rights(rights.UNATTENDED) == STANDARD


def test_the_profile_default_is_offered_first_and_the_others_by_name(rules):
    rules.profiles.create("Archive")
    assert rules.profiles.enabled()[:3] == (rights.DEFAULT, "Archive", "Full Access")


def test_a_profile_that_says_nothing_uses_the_standard_permissions(rules, now_and_restarted):
    rules.profiles.create("Guests")
    rules.profiles.set(rights.DEFAULT, {Permission.FILES: False, Permission.TUNNELS: True})
    changed = STANDARD - {Permission.FILES} | {Permission.TUNNELS}
    for profiles in (each.profiles for each in now_and_restarted()):
        assert profiles.rights(rights.DEFAULT) == changed
        assert profiles.rights(rights.UNATTENDED) == changed
        assert profiles.rights("Guests") == changed
        assert profiles.rights(rights.SCREEN_SHARING) == {Permission.VIEW}
        assert profiles.rights(rights.FULL_ACCESS) == EVERYTHING
    assert set(profiles.says("Guests").values()) == {None}
    assert None not in profiles.says(rights.DEFAULT).values()


def test_a_profile_overrides_single_rights_until_it_says_standard(rules, restarted):
    rules.profiles.create("Guests")
    rules.profiles.set("Guests", {Permission.FILES: False, Permission.PRIVACY: True})
    assert rules.profiles.rights("Guests") == STANDARD - {Permission.FILES} | {Permission.PRIVACY}
    again = restarted().profiles
    assert again.rights("Guests") == STANDARD - {Permission.FILES} | {Permission.PRIVACY}
    assert (again.says("Guests")[Permission.FILES], again.says("Guests")[Permission.PRIVACY]) == (False, True)
    again.set(rights.DEFAULT, {Permission.FILES: False})
    again.set("Guests", {Permission.PRIVACY: None})
    assert again.rights("Guests") == STANDARD - {Permission.FILES}
    again.set(rights.DEFAULT, {Permission.FILES: True})
    assert again.rights("Guests") == STANDARD - {Permission.FILES}
    again.set(rights.SCREEN_SHARING, {Permission.FILES: None})
    assert again.rights(rights.SCREEN_SHARING) == {Permission.VIEW, Permission.FILES}


def test_the_standard_permissions_themselves_cannot_be_standard(rules):
    with pytest.raises(SettingRefused, match="say yes or no"):
        rules.profiles.set(rights.DEFAULT, {Permission.FILES: False, Permission.VIEW: None})
    assert rules.profiles.rights(rights.DEFAULT) == STANDARD


def test_a_profile_can_be_left_with_nothing(rules):
    rules.profiles.set(rights.SCREEN_SHARING, {Permission.VIEW: False})
    assert rules.profiles.rights(rights.SCREEN_SHARING) == frozenset()


def test_a_disabled_profile_is_not_offered(rules, restarted):
    rules.profiles.enable(rights.DEFAULT, False)
    assert rules.profiles.enabled() == ("Full Access", "Screen Sharing", "Unattended Access")
    again = restarted().profiles
    assert again.enabled() == ("Full Access", "Screen Sharing", "Unattended Access")
    assert again.all()[rights.DEFAULT] is False
    assert again.rights(rights.UNATTENDED) == STANDARD
    again.enable(rights.DEFAULT, True)
    assert again.enabled()[0] == rights.DEFAULT


def test_a_made_profile_can_be_deleted_with_all_it_opens(rules, restarted):
    rules.set_unattended(True)
    rules.profiles.create("Guests")
    rules.profiles.set("Guests", {Permission.FILES: False})
    rules.set_password(PASSWORD, "Guests")
    rules.set_password("another horse", rights.DEFAULT)
    issued = let_in(rules, remember=True)
    right = try_password(rules)
    rules.profiles.delete("Guests")
    again = restarted()
    assert "Guests" not in again.profiles.all()
    assert again.passwords.profiles() == {rights.DEFAULT}
    assert not again.token(OWNER, issued.token, NOW).right
    assert not again.resume(OWNER, issued.resume, NOW).right
    with pytest.raises(Exception, match="disabled"):
        again.opened(OWNER, right, NOW, remember=True, session="late")
    again.profiles.create("Guests")
    assert again.profiles.rights("Guests") == STANDARD


@pytest.mark.parametrize("profile", list(rights.BUILT_IN))
def test_the_built_in_profiles_cannot_be_deleted(rules, profile):
    with pytest.raises(SettingRefused, match="cannot be deleted: disable it"):
        rules.profiles.delete(profile)
    assert profile in rules.profiles.all()


def test_what_is_no_profile_is_said_so(rules):
    for call in (
        lambda: rules.profiles.delete("guests"),
        lambda: rules.profiles.enable("guests", True),
        lambda: rules.profiles.set("guests", {}),
        lambda: rules.profiles.rights("guests"),
        lambda: rules.profiles.rights("default"),
    ):
        with pytest.raises(UsageError, match="there is no profile"):
            call()


@pytest.mark.parametrize("name", ["", " guests", "guests ", "x" * 65, "a\nb", "a\u202eb", "\x00"])
def test_a_name_that_cannot_be_shown_is_refused(rules, name):
    with pytest.raises(UsageError, match="1 to 64 characters"):
        rules.profiles.create(name)


def test_a_name_is_taken_once_whatever_its_case(rules):
    rules.profiles.create("x")
    rules.profiles.create("x" * 64)
    rules.profiles.create("Gäste")
    for name in ("Gäste", "GÄSTE", "default"):
        with pytest.raises(SettingRefused, match="already"):
            rules.profiles.create(name)


def test_there_are_at_most_as_many_profiles_as_passwords_are_checked(rules):
    for number in range(12):
        rules.profiles.create(f"profile {number}")
    with pytest.raises(SettingRefused, match="there are 16 profiles"):
        rules.profiles.create("one more")
    rules.profiles.delete("profile 0")
    rules.profiles.create("one more")
