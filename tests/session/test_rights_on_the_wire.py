"""Each message that needs a right: taken with it, denied without it, from the message on that withdraws it."""

import pytest
from comers import Comer
from message_examples import example

from fanlight.errors import LocalProtocolError
from fanlight.protocol import Role
from fanlight.protocol import messages as m
from fanlight.protocol.framing import pack_header
from fanlight.protocol.table import KINDS, TABLE
from fanlight.session import events
from fanlight.types import Permission

ALL = frozenset(Permission)
NEEDING = [spec.message for spec in TABLE.values() if spec.needs is not None]
BY_CLIENT = [each for each in NEEDING if Role.CLIENT in TABLE[KINDS[each]].senders]
BY_HOST = [each for each in NEEDING if Role.HOST in TABLE[KINDS[each]].senders]


def frame(kind):
    body = b"".join(example(kind).encode())
    return pack_header(KINDS[kind], len(body)) + body


def denied(made_events):
    return [event.kind for event in made_events if isinstance(event, events.Denied)]


@pytest.fixture
def made(rules, salted):
    made = Comer(rules, salted).run()
    made.host.send_screen((64, 64), "tiles", 1)
    return made.run()


@pytest.mark.parametrize("kind", BY_CLIENT)
def test_what_a_viewer_sends_counts_only_with_the_right(made, kind):
    right, name = TABLE[KINDS[kind]].needs, kind.__name__
    assert denied(made.host.receive_data(frame(kind), made.now)) == []
    made.host.set_rights(ALL - {right}, made.now)
    # The viewer does not know it yet: what is on its way is denied all the same.
    assert denied(made.host.receive_data(frame(kind), made.now)) == [name]
    made.run()
    assert right not in made.client.granted
    with pytest.raises(LocalProtocolError, match="needs the right"):
        made.client._connection.send(example(kind))
    made.host.set_rights(ALL, made.now)
    made.run()
    assert right in made.client.granted
    if kind is not m.Watch:
        assert denied(made.host.receive_data(frame(kind), made.now)) == []
        assert not made.host.ended


@pytest.mark.parametrize("kind", BY_CLIENT)
def test_what_a_viewer_waived_is_denied_as_if_it_never_had_it(made, kind):
    right = TABLE[KINDS[kind]].needs
    made.client.waive(frozenset({right}))
    made.run()
    assert denied(made.host.receive_data(frame(kind), made.now)) == [kind.__name__]


@pytest.mark.parametrize("kind", BY_HOST)
def test_what_a_host_sends_counts_only_with_the_right(made, kind):
    right, name = TABLE[KINDS[kind]].needs, kind.__name__
    assert denied(made.client.receive_data(frame(kind), made.now)) == []
    made.host.set_rights(ALL - {right}, made.now)
    with pytest.raises(LocalProtocolError, match="needs the right"):
        made.host._connection.send(example(kind))
    made.run()
    assert denied(made.client.receive_data(frame(kind), made.now)) == [name]


# A picture before any screen is over its limit, which is looked at first.
@pytest.mark.parametrize("kind", [kind for kind in NEEDING if kind is not m.Picture])
def test_a_profile_without_the_right_never_grants_it(rules, salted, kind):
    right = TABLE[KINDS[kind]].needs
    rules.profiles.set("Unattended Access", {right: False})
    made = Comer(rules, salted).run()
    assert right not in made.client.granted | made.host.granted
    made.host.set_rights(ALL, made.now)
    made.client.waive(frozenset())
    made.run()
    assert right not in made.client.granted | made.host.granted
    receiver = made.host if kind in BY_CLIENT else made.client
    assert denied(receiver.receive_data(frame(kind), made.now)) == [kind.__name__]
