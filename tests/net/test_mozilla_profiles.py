"""What sslyze, an independent scanner, finds at the two TLS profiles; `./dev test` installs it apart from fanlight."""

import asyncio
import re
from pathlib import Path

import pytest

from serving import serving

SSLYZE = Path(__file__).parents[2] / ".venv-sslyze/bin/sslyze"
# A scan is many connections at once, and some that say nothing.
SCAN_RATE = 1000
# An identity of one's own is vouched for by no public authority: clients pin it instead.
NO_PUBLIC_AUTHORITY = {"certificate_path_validation"}

pytestmark = pytest.mark.skipif(
    not SSLYZE.exists(), reason="there is no sslyze in .venv-sslyze/: ./dev test installs it"
)


async def findings(address: str, profile: str) -> set[str]:
    """Return the parts of Mozilla's profile that a host does not comply with, as sslyze sees it."""
    scan = await asyncio.create_subprocess_exec(
        SSLYZE, "--mozilla_config", profile, address, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said = (await scan.communicate())[0].decode()
    _, heading, verdict = said.partition("COMPLIANCE AGAINST TLS CONFIGURATION")
    assert heading, said
    assert f'"{profile}" configuration' in verdict
    assert re.search(rf"{re.escape(address)}: (FAILED|OK)", verdict), said
    return set(re.findall(r"^ +\* (\w+):", verdict, re.MULTILINE))


async def test_a_host_has_mozillas_intermediate_profile_by_default(tmp_path: Path) -> None:
    async with serving(tmp_path / "host", connection_rate=SCAN_RATE) as host:
        assert await findings(host.address, "intermediate") == NO_PUBLIC_AUTHORITY


async def test_with_tls_1_3_alone_a_host_has_the_modern_profile(tmp_path: Path) -> None:
    async with serving(tmp_path / "host", connection_rate=SCAN_RATE, tls="modern") as host:
        assert await findings(host.address, "modern") == NO_PUBLIC_AUTHORITY


async def test_the_scan_sees_what_is_not_modern(tmp_path: Path) -> None:
    async with serving(tmp_path / "host", connection_rate=SCAN_RATE) as host:
        assert await findings(host.address, "modern") == NO_PUBLIC_AUTHORITY | {"tls_versions", "ciphers"}
