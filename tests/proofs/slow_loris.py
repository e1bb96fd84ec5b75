"""Hold many sockets open against a host, say as little as possible, and time how long a known client takes to come in.

`python tests/proofs/slow_loris.py --sockets 1000`; half of the sockets come from the client's own address, the others
from one each of 127.0.0.0/8. Each sends a byte of a TLS hello now and then. Exits 1 over a second.
"""

import argparse
import asyncio
import resource
import socket
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import fanlight
from serving import PASSWORD

HELLO = bytes.fromhex("1603010200010001fc0303")


async def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sockets", type=int, default=1000)
    parser.add_argument("--logins", type=int, default=5)
    given = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (given.sockets + 200, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    with tempfile.TemporaryDirectory() as place:
        home = Path(place)
        command = sys.executable, str(Path(__file__).with_name("slow_loris_host.py")), str(home / "host")
        host = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        assert host.stdout
        address, fingerprint = (await host.stdout.readline()).decode().split()
        known = {"home": home / "viewer", "password": PASSWORD, "trust": fingerprint}
        async with fanlight.connect(address, **known, remember=True):
            pass
        crowd = [stand(address, number) for number in range(given.sockets)]
        drip = asyncio.create_task(drip_bytes(crowd))
        known["password"] = None
        slowest = max([await login(address, known) for _ in range(given.logins)])
        drip.cancel()
        host.terminate()
        await host.wait()
    sys.stdout.write(f"{given.sockets} sockets; the slowest of {given.logins} logins took {slowest * 1000:.0f} ms\n")
    return slowest > 1


def stand(address: str, number: int) -> socket.socket:
    """Connect and say nothing yet; every second one from an address of its own."""
    host, _, port = address.rpartition(":")
    sock = socket.socket()
    if number % 2:
        sock.bind((f"127.{1 + number // 62_500}.{number // 250 % 250}.{number % 250 + 1}", 0))
    sock.connect((host, int(port)))
    sock.setblocking(False)
    return sock


async def drip_bytes(crowd: list[socket.socket]) -> None:
    for byte in HELLO * 100:
        for sock in crowd:
            try:
                sock.send(bytes([byte]))
            except OSError:
                continue  # The host hung up on it.
        await asyncio.sleep(0.5)


async def login(address: str, known: dict[str, object]) -> float:
    began = time.monotonic()
    async with fanlight.connect(address, **known):  # type: ignore[arg-type]
        return time.monotonic() - began


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
