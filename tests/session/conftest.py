import sqlite3
from contextlib import ExitStack, closing

import pytest
from session_pair import PASSWORD, Pair, salted_for

from fanlight.access import Rules, Store


@pytest.fixture(scope="session")
def open_rules(tmp_path_factory):
    """Rules with unattended access on and PASSWORD set; tests that change them change them back."""
    rules = Rules(Store(tmp_path_factory.mktemp("home") / "fanlight.db"), bytes(32))
    rules.set_password(PASSWORD, "Unattended Access")
    rules.set_unattended(True)
    return rules


@pytest.fixture(autouse=True)
def fresh_tries(open_rules):
    """Let no test find the tries of another counted."""
    open_rules.throttle.reset()


@pytest.fixture(scope="session")
def salted(open_rules):
    return salted_for(open_rules)


@pytest.fixture
def pair(open_rules, salted):
    """Make a Pair that knows the right password; keywords as of Pair."""
    return lambda **options: Pair(open_rules, options.pop("salted", salted), **options)


@pytest.fixture
def opened(pair):
    """A Pair whose session is open."""
    made = pair().run()
    assert not made.host.ended
    assert not made.client.ended
    made.host_events.clear()
    made.client_events.clear()
    return made


@pytest.fixture
def copies(open_rules, tmp_path):
    """Make copies of open_rules to change at will; PASSWORD's salt is the same."""
    with ExitStack() as stack:

        def copy():
            path = tmp_path / f"{len(list(tmp_path.glob('*.db')))}.db"
            with closing(sqlite3.connect(open_rules._store.path)) as source, closing(sqlite3.connect(path)) as target:
                source.backup(target)
            path.chmod(0o600)
            return stack.enter_context(closing(Rules(Store(path), bytes(32))))

        yield copy


@pytest.fixture
def rules(copies):
    """A copy of open_rules to change at will."""
    return copies()
