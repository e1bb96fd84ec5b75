import time

import pytest
from access_fixtures import PASSWORD, App, open_rules

from fanlight.access import Store
from fanlight.access.audit import Audit


@pytest.fixture
def path(tmp_path):
    return tmp_path / "fanlight.db"


@pytest.fixture
def store(path):
    return Store(path)


@pytest.fixture
def audit(tmp_path, store):
    """An audit log that is anchored in the store."""
    return Audit(tmp_path, store)


@pytest.fixture
def rules(path):
    return open_rules(path)


@pytest.fixture
def restarted(path, rules):
    """Open the rules again, as after a restart."""

    def restart():
        rules.close()
        return open_rules(path)

    return restart


@pytest.fixture
def unattended(rules):
    """Rules that let PASSWORD in."""
    rules.set_password(PASSWORD)
    rules.set_unattended(True)
    return rules


@pytest.fixture
def far_from_utc(monkeypatch):
    """Let the computer's zone be five hours behind UTC."""
    monkeypatch.setenv("TZ", "FAR5")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def code():
    return App()


@pytest.fixture
def now_and_restarted(rules, restarted):
    """Yield the rules as they are, then as they are after a restart."""

    def both():
        yield rules
        yield restarted()

    return both
