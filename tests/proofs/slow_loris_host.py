"""The host of slow_loris.py, a process of its own: prints its address and fingerprint, and serves until it is ended."""

import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from serving import serving


async def main() -> None:
    async with serving(Path(sys.argv[1])) as host:
        sys.stdout.write(f"{host.address} {host.fingerprint}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
