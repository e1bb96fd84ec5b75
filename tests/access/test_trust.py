import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from namespace_fixtures import ACME, ANNA, AT, BERT, DAY, OTHER

from fanlight.access import Store
from fanlight.access.authority import Authority
from fanlight.access.issuing import MOST_UNEXPIRED, Issuing
from fanlight.access.trust import MAX_BUNDLE, Trust, parse_alias_or_namespace, read_namespace_file
from fanlight.errors import IdentityError, StateError, UsageError


@pytest.fixture
def path(tmp_path):
    return tmp_path / "fanlight.db"


@pytest.fixture
def trust(path):
    return Trust(Store(path))


@pytest.fixture
def issuing(tmp_path):
    """The records in the home of the namespace, which is not the host's."""
    return Issuing(Store(tmp_path / "authority.db"))


def exported(issuing, authority=ACME, at=AT):
    issuing.add(authority.name, authority.fingerprint)
    number, revoked = issuing.next_list(authority.name, at)
    return authority.certificate_pem + authority.revocation_list(revoked, number, at)


def issue(issuing, alias="anna@acme", identity=ANNA, authority=ACME, at=AT, days=7):
    made = authority.issue(alias, identity.public_key, at, days)
    issuing.record(made, at)
    return made


def take(trust, raw, at=AT):
    trust.trust(read_namespace_file(raw, at))


# -- a host -----------------------------------------------------------------------------------------------------------


def test_an_alias_of_a_trusted_namespace_is_believed_also_after_a_restart(path, trust, issuing):
    made = issue(issuing)
    take(trust, exported(issuing))
    assert trust.alias(made.certificate, ANNA.public_key, AT) == "anna@acme"
    assert Trust(Store(path)).alias(made.certificate, ANNA.public_key, AT) == "anna@acme"


def test_nobody_is_believed_at_first_and_when_trust_ends(trust, issuing):
    made = issue(issuing)
    with pytest.raises(IdentityError, match="not trusted here"):
        trust.alias(made.certificate, ANNA.public_key, AT)
    take(trust, exported(issuing))
    trust.distrust("acme")
    with pytest.raises(IdentityError, match="not trusted here"):
        trust.alias(made.certificate, ANNA.public_key, AT)
    with pytest.raises(IdentityError, match="'acme' is not trusted here"):
        trust.distrust("acme")


def test_a_revoked_alias_is_refused_from_the_next_list_on(path, trust, issuing):
    made = issue(issuing)
    take(trust, exported(issuing))
    assert issuing.revoke("anna@acme", AT) == 1
    take(trust, exported(issuing))
    for each in (trust, Trust(Store(path))):
        with pytest.raises(IdentityError, match="revoked"):
            each.alias(made.certificate, ANNA.public_key, AT)
    again = issue(issuing, identity=BERT)
    assert trust.alias(again.certificate, BERT.public_key, AT) == "anna@acme"


def test_an_older_list_does_not_bring_an_alias_back(trust, issuing):
    made = issue(issuing)
    before = exported(issuing)
    issuing.revoke("anna@acme", AT)
    take(trust, exported(issuing))
    with pytest.raises(IdentityError, match="older than the one that is known"):
        take(trust, before)
    take(trust, ACME.certificate_pem)
    with pytest.raises(IdentityError, match="revoked"):
        trust.alias(made.certificate, ANNA.public_key, AT)


def test_without_a_list_or_with_an_old_one_everybody_is_refused(trust, issuing):
    made = issue(issuing)
    take(trust, ACME.certificate_pem)
    with pytest.raises(IdentityError, match="revocation list of 'acme' ended"):
        trust.alias(made.certificate, ANNA.public_key, AT)
    take(trust, exported(issuing))
    assert trust.alias(made.certificate, ANNA.public_key, AT) == "anna@acme"
    with pytest.raises(IdentityError, match="revocation list of 'acme' ended"):
        trust.alias(made.certificate, ANNA.public_key, AT + DAY)


def test_a_namespace_of_the_same_home_needs_no_list(path, trust):
    own = Issuing(Store(path))
    made = issue(own)
    own.add("acme", ACME.fingerprint)
    take(trust, ACME.certificate_pem)
    assert trust.alias(made.certificate, ANNA.public_key, AT + DAY) == "anna@acme"
    own.revoke("anna@acme", AT)
    with pytest.raises(IdentityError, match="revoked"):
        trust.alias(made.certificate, ANNA.public_key, AT)


def test_a_list_that_is_known_already_is_taken_again(trust, issuing):
    made, raw = issue(issuing), exported(issuing)
    take(trust, raw)
    take(trust, raw)
    assert trust.alias(made.certificate, ANNA.public_key, AT) == "anna@acme"


def test_another_authority_of_a_trusted_name_is_refused(trust, issuing):
    take(trust, exported(issuing))
    with pytest.raises(IdentityError, match=f"trusted here with another authority, {ACME.fingerprint}"):
        take(trust, Authority.create("acme", AT).certificate_pem)
    assert trust.trusted()["acme"].fingerprint == ACME.fingerprint


def test_namespaces_are_kept_apart(trust, issuing):
    made = issue(issuing)
    take(trust, exported(issuing))
    take(trust, exported(issuing, OTHER))
    assert set(trust.trusted()) == {"acme", "other"}
    trust.distrust("other")
    assert trust.alias(made.certificate, ANNA.public_key, AT) == "anna@acme"


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "no certificate"),
        (ANNA.certificate_der, "not the certificate of a namespace"),
        (ACME.certificate_pem + OTHER.revocation_list([], 1, AT), "from another namespace"),
        (ACME.certificate_pem + b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n", "does not decode"),
        (bytes(MAX_BUNDLE + 1), "larger than"),
    ],
    ids=["empty", "identity", "foreign list", "damaged list", "large"],
)
def test_a_file_that_is_no_namespace_is_refused(raw, why):
    with pytest.raises(IdentityError, match=why):
        read_namespace_file(raw, AT)


def test_a_namespace_is_named_without_an_alias():
    assert parse_alias_or_namespace("ACME") == "acme"
    for text, told in (("anna@acme", "anna@acme"), ("anna@" + "a" * 200, "anna@" + "a" * 95)):
        with pytest.raises(UsageError) as refused:
            parse_alias_or_namespace(text)
        assert str(refused.value) == f"{told!r} is an alias: give the namespace alone, what stands after the @"


# -- a client ---------------------------------------------------------------------------------------------------------


def test_a_home_shows_the_certificate_that_it_was_given_last(path, trust):
    assert trust.own_certificate() is None
    for days in (1, 2):
        made = ACME.issue("anna@acme", ANNA.public_key, AT, days)
        trust.keep_own_certificate(made.pem, ANNA.public_key)
        kept = Trust(Store(path)).own_certificate()
        assert (kept.alias, kept.certificate, kept.expires) == ("anna@acme", made.certificate, made.expires)
    trust.forget_own_certificate()
    assert Trust(Store(path)).own_certificate() is None
    with pytest.raises(IdentityError, match="has no certificate"):
        trust.forget_own_certificate()


def test_a_certificate_that_is_over_is_not_shown_to_hosts(trust):
    assert trust.valid_certificate(AT) is None
    made = ACME.issue("anna@acme", ANNA.public_key, AT, 1)
    trust.keep_own_certificate(made.pem, ANNA.public_key)
    assert trust.valid_certificate(made.expires).alias == "anna@acme"
    with pytest.raises(UsageError, match="the certificate of anna@acme ended 2030-01-03"):
        trust.valid_certificate(AT + DAY)


def test_a_certificate_for_another_key_is_not_kept(trust):
    made = ACME.issue("anna@acme", BERT.public_key, AT, 1)
    with pytest.raises(IdentityError, match="anna@acme belongs to another key"):
        trust.keep_own_certificate(made.certificate, ANNA.public_key)
    with pytest.raises(IdentityError, match="no certificate"):
        trust.keep_own_certificate(b"hello", ANNA.public_key)
    assert trust.own_certificate() is None


# -- the records of a namespace ---------------------------------------------------------------------------------------


def test_what_was_issued_is_listed_until_it_is_over(issuing):
    first, second = issue(issuing, days=1), issue(issuing, "bert@acme", BERT)
    assert [each.serial for each in issuing.issued("acme", AT)] == [first.serial, second.serial]
    assert [each.alias for each in issuing.issued("acme", AT + DAY)] == ["bert@acme"]
    assert issuing.issued("other", AT) == []


def test_all_certificates_of_an_alias_are_revoked_and_listed_until_they_are_over(issuing):
    short, long = issue(issuing, days=1), issue(issuing)
    issue(issuing, "bert@acme", BERT)
    assert issuing.revoke("anna@acme", AT) == 2
    issuing.add("acme", ACME.fingerprint)
    assert {serial for serial, _ in issuing.next_list("acme", AT)[1]} == {short.serial, long.serial}
    assert [serial for serial, _ in issuing.next_list("acme", AT + DAY)[1]] == [long.serial]
    for alias in ("anna@acme", "nobody@acme"):
        with pytest.raises(UsageError, match=f"{alias} has no certificate that is valid"):
            issuing.revoke(alias, AT)


def test_lists_are_numbered_also_after_a_restart(tmp_path, issuing):
    issuing.add("acme", ACME.fingerprint)
    assert issuing.next_list("acme", AT)[0] == 1
    assert Issuing(Store(tmp_path / "authority.db")).next_list("acme", AT)[0] == 2
    with pytest.raises(StateError, match="no record"):
        issuing.next_list("other", AT)


def test_records_are_bounded_and_those_that_are_over_go(tmp_path, issuing):
    rows = [(f"{n:x}", "acme", "a@acme", "f", int((AT + DAY).timestamp()), None) for n in range(MOST_UNEXPIRED)]
    with Store(tmp_path / "authority.db").changing() as db:
        db.executemany("INSERT INTO issued VALUES (?, ?, ?, ?, ?, ?)", rows)
    with pytest.raises(StateError, match="wait until some are"):
        issue(issuing)
    issue(issuing, at=AT + 2 * DAY)
    assert len(issuing.issued("acme", AT)) == 1


def test_a_list_of_the_largest_size_is_taken(trust):
    raw = ACME.certificate_pem + ACME.revocation_list([(2**150 + n, AT) for n in range(MOST_UNEXPIRED)], 1, AT)
    take(trust, raw)
    assert len(trust.trusted()["acme"].revoked) == MOST_UNEXPIRED
    assert len(x509.load_pem_x509_crl(raw).public_bytes(Encoding.DER)) < MAX_BUNDLE
