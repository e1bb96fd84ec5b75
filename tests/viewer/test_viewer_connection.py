"""What a viewer tells of how it is connected."""

from dataclasses import replace

from remote_fake import FakeScreen, noise

from fanlight.viewer.connection import connection_facts, connection_line, connection_lines


def screen() -> FakeScreen:
    return FakeScreen(noise((64, 64)))


def test_programs_get_all_of_it() -> None:
    assert connection_facts(screen()) == {
        "tls": "TLSv1.3",
        "cipher": "AES",
        "direct": True,
        "method": "password",
        "verified": "namespace",
        "alias": "anna@acme",
        "client": "c" * 64,
        "host": "d" * 64,
        "profile": "Default",
        "rights": ["control", "view"],
        "denied": ["audio"],
        "unavailable": ["files"],
    }


def test_people_get_all_of_it_too() -> None:
    text = connection_lines(screen())
    for said in ("TLSv1.3 AES", "direct", "anna@acme", "password", "Default: control, view", "c" * 64, "d" * 64):
        assert said in text
    assert "verified by its namespace" in text


def test_who_is_known_by_the_key_alone_and_relayed_is_told_so() -> None:
    session = screen()
    session.connection = replace(session.connection, alias=None, direct=False)
    session.rights = frozenset()
    who = f"by the key {'c' * 16}"
    assert connection_line(session) == f"connected {who} (password), TLSv1.3 AES, relayed; Default: none"
    assert "verified by its key" in connection_lines(session)
