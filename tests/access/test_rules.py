from datetime import UTC, datetime

import pytest
from access_fixtures import (
    ANNA,
    MESSAGE,
    NOW,
    OWNER,
    PASSWORD,
    Log,
    open_rules,
    proof,
    try_password,
)

from fanlight.access import Identity, Store, rights, scram
from fanlight.errors import IdentityError, UsageError

AT = datetime(2030, 1, 1, tzinfo=UTC)


def test_unattended_access_is_off_at_first_and_a_password_does_not_switch_it_on(rules):
    assert rules.unattended is False
    assert rules.has_password is False
    assert rules.interactive == "always"
    rules.set_password(PASSWORD)
    assert rules.unattended is False
    assert rules.has_password is True
    assert try_password(rules).reason == "unattended access is off"
    rules.set_unattended(True)
    assert try_password(rules).right


def test_unattended_access_stays_as_it_was_set_after_a_restart(unattended, restarted):
    again = restarted()
    assert try_password(again).right
    again.set_unattended(False)
    assert try_password(again).reason == "unattended access is off"


def test_without_a_password_nothing_opens(rules):
    rules.set_unattended(True)
    for given in (proof(rules), b"", bytes(32)):
        tried = rules.password(OWNER, given, MESSAGE, NOW)
        assert (tried.reason, tried.profile, tried.rights) == ("no password is set", "", frozenset())


def test_a_right_password_gives_the_rights_of_its_profile(unattended):
    tried = try_password(unattended)
    assert (tried.method, tried.reason, tried.right) == ("password", "", True)
    assert (tried.profile, tried.rights) == (rights.UNATTENDED, rights.STANDARD)
    wrong = try_password(unattended, password="wrong horse")
    assert (wrong.reason, wrong.right, wrong.profile, wrong.rights) == ("wrong password", False, "", frozenset())


def test_the_host_s_answer_is_one_that_only_its_password_can_check(unattended):
    offer = unattended.offer()
    salted = scram.salt_password(PASSWORD, offer.salt, offer.iterations)
    tried = try_password(unattended)
    assert scram.host_proof_matches(salted, tried.server_signature, MESSAGE)
    other = unattended.password(OWNER, scram.client_proof(salted, MESSAGE), MESSAGE + b"x", NOW)
    assert other.reason == "wrong password"
    assert len(other.server_signature) == 32
    unattended.set_unattended(False)
    assert not scram.host_proof_matches(salted, try_password(unattended).server_signature, MESSAGE)


def test_the_offer_is_the_same_whatever_is_set(rules, path):
    before = rules.offer()
    rules.set_unattended(True)
    rules.set_password(PASSWORD)
    rules.totp.enrol("me")
    assert rules.offer() == before
    assert Store(path.with_name("new.db")).iterations == 600_000


def test_a_running_host_obeys_another_process_at_once(unattended, path):
    right = proof(unattended)
    command = open_rules(path)
    command.set_unattended(False)
    assert not unattended.password(OWNER, right, MESSAGE, NOW).right
    command.set_unattended(True)
    command.set_password("a new password")
    assert not unattended.password(OWNER, right, MESSAGE, NOW).right
    assert try_password(unattended, password="a new password").right


def test_a_disabled_profile_s_password_is_dead(unattended, restarted):
    unattended.profiles.enable(rights.UNATTENDED, False)
    reason = "the profile 'Unattended Access' is disabled"
    assert try_password(unattended).reason == reason
    again = restarted()
    assert try_password(again).reason == reason
    again.profiles.enable(rights.UNATTENDED, True)
    assert try_password(again).right


# -- the access list ---------------------------------------------------------------------------------------------------


def test_the_access_list_decides_before_anything_else(rules, path, restarted):
    log = Log()
    asked = open_rules(path, log)
    assert asked.may_ask(OWNER, NOW) is None
    rules.acl.switch(True)
    assert asked.may_ask(OWNER, NOW) == "not on the access list"
    rules.acl.add("*@acme")
    assert asked.may_ask(ANNA, NOW) is None
    assert log.reasons == [("refused", "not on the access list")]
    again = restarted()
    assert again.may_ask(OWNER, NOW) == "not on the access list"
    assert again.may_ask(ANNA, NOW) is None


# -- known hosts -------------------------------------------------------------------------------------------------------


def test_hosts_are_pinned_by_their_certificate(rules):
    one, other = Identity.create(AT), Identity.create(AT)
    rules.pin_host("host:7391", one.fingerprint, one.certificate_der, AT)
    assert rules.known_host("host:7391").certificate == one.certificate_der
    assert [known.first_seen for known in rules.known_hosts()] == [AT]
    with pytest.raises(IdentityError, match="pinned"):
        rules.pin_host("host:7391", other.fingerprint, other.certificate_der, AT)
    with pytest.raises(UsageError, match="not that of the certificate"):
        rules.pin_host("new:7391", one.fingerprint, other.certificate_der, AT)
    assert rules.forget_host("host:7391") is True
    rules.pin_host("host:7391", other.fingerprint, other.certificate_der, AT)
