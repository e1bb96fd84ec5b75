"""One salted password for all tests here: stretching takes a good part of a second each time."""

from fanlight.access import scram

PASSWORD = "correct horse"
PEPPER = bytes(range(32))
MESSAGE = b"label" + bytes(64)


def proof(rules, password=PASSWORD, message=MESSAGE):
    offer = rules.methods()
    return scram.client_proof(scram.salt_password(password, offer.salt, offer.iterations), message)
