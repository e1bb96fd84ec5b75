"""Why a client is sent away: each function prepares one cause and returns the Comer that meets it.

A client must not be able to tell the causes of one list from each other.
"""

from datetime import timedelta

from comers import OTHER, Comer, enrolled, resume, token
from session_pair import CLIENT, PASSWORD, TODAY, WALL

from fanlight.access import Who
from fanlight.access.authority import Authority
from fanlight.access.trust import read_namespace_file
from fanlight.session.front_desk import EmptyDesk

EMPTY = EmptyDesk()

# -- a credential that does not count --------------------------------------------------------------------------------


def count_out(rules, *kinds):
    """Use up every try that a stranger and this client have."""
    who = Who(CLIENT.fingerprint, None, "elsewhere")
    for kind in kinds:
        while rules.throttle.count(kind, who, WALL):
            pass


def off(rules, salted):
    rules.set_unattended(False)
    return Comer(rules, salted)


def no_password(rules, salted):
    rules.passwords.clear("Unattended Access")
    return Comer(rules, salted)


def wrong(rules, salted):
    return Comer(rules, bytes(32))


def throttled(rules, salted):
    count_out(rules, "guess")
    return Comer(rules, salted)


def profile_disabled(rules, salted):
    rules.profiles.enable("Unattended Access", False)
    return Comer(rules, salted)


def dead_token(rules, salted):
    secret = token(rules, salted)
    rules.tokens.clear()
    return Comer(rules, salted, way=("token", secret))


def foreign_token(rules, salted):
    return Comer(rules, salted, way=("token", token(rules, salted, client=OTHER)))


def token_while_off(rules, salted):
    secret = token(rules, salted)
    return off(rules, salted) and Comer(rules, salted, way=("token", secret))


def throttled_token(rules, salted):
    secret = token(rules, salted)
    count_out(rules, "token")
    return Comer(rules, salted, way=("token", secret))


def used_resume(rules, salted):
    secret, _ = resume(rules, salted)
    Comer(rules, salted, way=("resume", secret)).run()
    return Comer(rules, salted, way=("resume", secret))


def foreign_resume(rules, salted):
    return Comer(rules, salted, way=("resume", resume(rules, salted, client=OTHER)[0]))


def old_resume(rules, salted):
    secret, _ = resume(rules, salted)
    made = Comer(rules, salted, way=("resume", secret))
    made.host._wall_ahead += 700
    return made


def voided_resume(rules, salted):
    secret, _ = resume(rules, salted)
    rules.set_password(PASSWORD, "Unattended Access")
    return Comer(rules, salted, way=("resume", secret))


FAILURES = [
    *(off, no_password, wrong, throttled, profile_disabled),
    *(dead_token, foreign_token, token_while_off, throttled_token),
    *(used_resume, foreign_resume, old_resume, voided_resume),
]

# -- a code that does not count, after a password --------------------------------------------------------------------


def of_the_app(cause):
    """Return a cause where codes are on, and the client gives the right one of now."""

    def with_code(rules, salted):
        app, _ = enrolled(rules)
        made = cause(rules, salted)
        made.code = app.at(WALL)
        return made

    with_code.__name__ = f"{cause.__name__}_with_a_right_code"
    return with_code


def wrong_code(rules, salted):
    enrolled(rules)
    return Comer(rules, salted, code="000000")


def wrong_password_and_code(rules, salted):
    enrolled(rules)
    return Comer(rules, bytes(32), code="000000")


def replayed_code(rules, salted):
    app, _ = enrolled(rules)
    assert Comer(rules, salted, code=app.at(WALL)).run().opened
    return Comer(rules, salted, code=app.at(WALL))


def used_recovery_code(rules, salted):
    _, codes = enrolled(rules)
    assert Comer(rules, salted, code=codes[0]).run().opened
    return Comer(rules, salted, code=codes[0])


def throttled_code(rules, salted):
    app, _ = enrolled(rules)
    count_out(rules, "code")
    return Comer(rules, salted, code=app.at(WALL))


CODE_FAILURES = [
    *map(of_the_app, [off, no_password, wrong, throttled, profile_disabled]),
    *(wrong_code, wrong_password_and_code, replayed_code, used_recovery_code, throttled_code),
]


# -- a client that may not ask ---------------------------------------------------------------------------------------


class Full:
    is_full, console_is_open, prompts = True, False, 0


ACME = Authority.create("acme", TODAY - timedelta(days=1))
STRANGE = Authority.create("acme", TODAY - timedelta(days=1))


def certificate(authority=ACME, key=CLIENT, at=TODAY, days=7):
    return authority.issue("ann@acme", key.public_key, at, days)


def trusting(rules, revoked=(), number=1):
    """Let a host trust the namespace acme, with the serial numbers that are revoked."""
    listed = ACME.revocation_list([(serial, TODAY) for serial in revoked], number, TODAY)
    rules.namespaces.trust(read_namespace_file(ACME.certificate_pem + listed, TODAY))


def not_on_the_list(rules, salted):
    rules.acl.add("somebody@else")
    rules.acl.switch(True)
    return Comer(rules, salted)


def untrusted(rules, salted):
    return Comer(rules, salted, certificate=certificate().certificate)


def of_another_authority(rules, salted):
    trusting(rules)
    return Comer(rules, salted, certificate=certificate(STRANGE).certificate)


def of_another_key(rules, salted):
    trusting(rules)
    return Comer(rules, salted, certificate=certificate(key=OTHER).certificate)


def expired(rules, salted):
    trusting(rules)
    made = Comer(rules, salted, certificate=certificate().certificate)
    made.host._wall_ahead += 8 * 86_400
    return made


def revoked(rules, salted):
    given = certificate()
    trusting(rules, revoked=[given.serial])
    return Comer(rules, salted, certificate=given.certificate)


def garbled(rules, salted):
    trusting(rules)
    return Comer(rules, salted, certificate=b"\x30\x82")


def full(rules, salted):
    return Comer(rules, salted, desk=Full())


def bad_signature(rules, salted):
    made = Comer(rules, salted, client=CLIENT)
    made.client._identity = OTHER
    return made


REFUSALS = [
    *(not_on_the_list, untrusted, of_another_authority, of_another_key, expired, revoked, garbled, full, bad_signature)
]

# -- a request that is not shown -------------------------------------------------------------------------------------


class Busy:
    is_full, console_is_open, prompts = False, False, 1


def asking(rules, salted, desk=EMPTY):
    made = Comer(rules, salted, way="request", desk=desk)
    made.host._wall_ahead += 60
    return made


def never_shown(rules, salted):
    rules.prompts.set_mode("never")
    return asking(rules, salted)


def console_closed(rules, salted):
    rules.prompts.set_mode("window")
    return asking(rules, salted)


def another_prompt(rules, salted):
    return asking(rules, salted, Busy())


def too_often(rules, salted):
    for _ in range(3):
        Comer(rules, salted, way="request").requested()
    return asking(rules, salted)


NOT_SHOWN = [never_shown, console_closed, another_prompt, too_often]
