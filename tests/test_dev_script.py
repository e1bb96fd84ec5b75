"""./dev on a machine made of stand-ins: what it installs, what it says, and what it does not do twice."""

import os
import re
import shutil
import subprocess
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = Path(__file__).parents[1]
NOBODY = 65534

DPKG_QUERY = """
for name; do
  case $name in -*) continue;; esac
  grep -qx "$name" "$ROOT/missing" || echo "$name installed"
done
"""
APT_GET = """
echo "apt-get $*" >>"$ROOT/calls"
case " $* " in
  *" update "*) touch "$ROOT/updated" ;;
  *) [ ! -e "$ROOT/stale" ] || [ -e "$ROOT/updated" ] || { echo "E: Unable to locate package"; exit 100; } ;;
esac
[ ! -e "$ROOT/broken" ] || { echo "E: no space left"; exit 100; }
"""
SUDO = """
[ "$1" = -n ] && shift
exec "$@"
"""
PYTHON = """
[ "$1" = -V ] && { echo "Python 3.11.9"; exit; }
echo "python $*" >>"$ROOT/calls"
[ ! -e "$ROOT/offline" ] || { echo "no network"; exit 1; }
"""


class Machine:
    """A copy of ./dev in a folder of its own, with stand-ins for the programs that change a system."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.project = root / "project"
        (root / "bin").mkdir()
        (self.project / "native").mkdir(parents=True)
        (self.project / "bindings").mkdir()
        (self.project / "native/core.c").write_text("int one;\n")
        for name in ("constraints.txt", "pyproject.toml"):
            shutil.copy(PROJECT / name, self.project)
        script = (PROJECT / "dev").read_text()
        assert "/etc/os-release" in script
        (self.project / "dev").write_text(script.replace("/etc/os-release", str(root / "os-release")))
        (self.project / "dev").chmod(0o755)
        self.miss()
        self.be("ID=debian\n")
        self.put("bin/dpkg-query", DPKG_QUERY)
        self.put("bin/apt-get", APT_GET)
        self.put("bin/sudo", SUDO)
        self.make_environment()

    def put(self, path: str, body: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("#!/bin/sh\n" + body)
        file.chmod(0o755)

    def be(self, os_release: str) -> None:
        (self.root / "os-release").write_text(os_release)

    def miss(self, *names: str) -> None:
        (self.root / "missing").write_text("".join(f"{name}\n" for name in names))

    def mark(self, name: str) -> None:
        (self.root / name).touch()

    def make_environment(self) -> None:
        self.put("project/.venv/bin/python", PYTHON)
        (self.project / ".venv/lib/python3.11/site-packages/pip").mkdir(parents=True)
        (self.project / ".venv/pyvenv.cfg").write_text(f"command = python3 -m venv {self.project}/.venv\n")

    def run(self, *arguments: str, packages: str = "") -> subprocess.CompletedProcess[str]:
        root_only = os.geteuid() == 0
        if root_only:
            subprocess.run(["chown", "-R", str(NOBODY), self.root], check=True)
        path = f"{self.root}/bin:/usr/bin:/bin"
        environment = {"PATH": path, "ROOT": str(self.root), "FANLIGHT_PACKAGES": packages, "TMPDIR": str(self.root)}
        return subprocess.run(
            [self.project / "dev", *arguments],
            env=environment,
            cwd="/",
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            user=NOBODY if root_only else None,
            check=False,
        )

    def calls(self) -> list[str]:
        """Take the calls since the last time."""
        file = self.root / "calls"
        lines = file.read_text().splitlines() if file.exists() else []
        file.unlink(missing_ok=True)
        return lines


@pytest.fixture
def machine() -> Iterator[Machine]:
    # Not tmp_path: ./dev runs as another user here, who cannot enter pytest's folders.
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Machine(Path(name))


def test_help_is_the_default_and_lists_every_command(machine: Machine) -> None:
    shown = machine.run()
    assert shown.returncode == 0
    for command in ("run", "test", "build", "check", "bench", "fuzz", "prove", "mutate", "help"):
        assert re.search(rf"^  {command} +\w", shown.stdout, re.MULTILINE)
    assert machine.run("help").stdout == shown.stdout
    assert machine.calls() == []


def test_an_unknown_command_is_refused(machine: Machine) -> None:
    answer = machine.run("biuld")
    assert answer.returncode == 2
    assert "no command 'biuld'" in answer.stderr


def test_only_what_is_missing_is_installed_and_said(machine: Machine) -> None:
    machine.miss("gcc", "libxcb-shm0-dev", "xvfb")
    answer = machine.run("build")
    assert answer.returncode == 0, answer.stderr
    assert "installing 2 system packages that ./dev build needs: gcc libxcb-shm0-dev" in answer.stderr
    install = [call for call in machine.calls() if " install " in call and call.startswith("apt-get")]
    assert install
    assert all(call.endswith("install --no-install-recommends gcc libxcb-shm0-dev") for call in install)


def test_a_display_is_installed_only_by_the_commands_that_need_one(machine: Machine) -> None:
    machine.miss("xvfb", "xdotool", "shellcheck")
    assert "xvfb" not in machine.run("build").stderr
    assert "needs: xvfb xdotool" in machine.run("test").stderr
    assert "needs: shellcheck" in machine.run("check").stderr


def test_package_lists_that_are_too_old_are_fetched(machine: Machine) -> None:
    machine.miss("gcc")
    machine.mark("stale")
    assert machine.run("build").returncode == 0
    apt = [call for call in machine.calls() if call.startswith("apt-get")]
    assert apt[-2].endswith(" update")
    assert " install " in apt[-1]


def test_an_installation_that_fails_shows_why(machine: Machine) -> None:
    machine.miss("gcc")
    machine.mark("broken")
    answer = machine.run("build")
    assert answer.returncode == 1
    assert "no space left" in answer.stderr
    assert not any(call.startswith("python") for call in machine.calls())


@pytest.mark.parametrize("release", ["ID=fedora\n", 'ID=opensuse-leap\nID_LIKE="suse opensuse"\n'])
def test_another_system_gets_the_names_and_a_way_on(machine: Machine, release: str) -> None:
    machine.be(release)
    answer = machine.run("run")
    assert answer.returncode == 1
    assert "not a Debian" in answer.stderr
    assert "libxcb-damage0-dev" in answer.stderr
    assert "xvfb" in answer.stderr
    assert machine.calls() == []
    assert machine.run("build", packages="present").returncode == 0


def test_a_debian_by_another_name_is_one(machine: Machine) -> None:
    machine.be("ID=linuxmint\nID_LIKE='ubuntu debian'\n")
    assert machine.run("build").returncode == 0


def test_without_root_and_sudo_the_names_are_given(machine: Machine) -> None:
    machine.miss("gcc")
    machine.put("bin/sudo", "exit 1\n")
    answer = machine.run("build")
    assert answer.returncode == 1
    assert "apt-get install --no-install-recommends gcc" in answer.stderr
    assert machine.calls() == []


def test_the_second_build_does_nothing(machine: Machine) -> None:
    first = machine.run("build")
    assert first.returncode == 0, first.stderr
    assert [re.search(r"-r \S+|--editable", call).group() for call in machine.calls()] == [  # type: ignore[union-attr]
        "-r constraints.txt",
        "--editable",
    ]
    second = machine.run("build")
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    assert machine.calls() == []


@pytest.mark.parametrize("path", ["native/core.c", "native/added.c", "bindings/CMakeLists.txt", "pyproject.toml"])
def test_a_changed_native_source_rebuilds_only_the_extension(machine: Machine, path: str) -> None:
    machine.run("build")
    machine.calls()
    with (machine.project / path).open("a") as file:
        file.write("\n")
    machine.run("build")
    (call,) = machine.calls()
    assert "--editable" in call


def test_a_changed_pin_is_installed(machine: Machine) -> None:
    machine.run("build")
    machine.calls()
    (machine.project / "constraints.txt").write_text("numpy==2.2.0\n")
    machine.run("build")
    assert any("-r constraints.txt" in call for call in machine.calls())


def test_a_set_up_that_failed_is_done_again(machine: Machine) -> None:
    machine.mark("offline")
    answer = machine.run("build")
    assert answer.returncode == 1
    assert "no network" in answer.stderr
    (machine.root / "offline").unlink()
    machine.calls()
    assert machine.run("build").returncode == 0
    assert len(machine.calls()) == 2


def test_arguments_reach_the_program(machine: Machine) -> None:
    machine.run("test", "tests/codec", "-k", "two words")
    assert machine.calls()[-1] == "python -m pytest tests/codec -k two words"


def test_bench_installs_the_tools_to_compare_with(machine: Machine) -> None:
    machine.miss("x11vnc", "tigervnc-viewer")
    answer = machine.run("bench")
    assert "measured beside: tigervnc-viewer x11vnc" in answer.stderr
    assert "pixelflux" in answer.stderr
    assert any(call.endswith("install --no-install-recommends tigervnc-viewer x11vnc") for call in machine.calls())


def test_bench_goes_on_without_a_tool_that_is_not_to_be_had(machine: Machine) -> None:
    machine.miss("x11vnc")
    machine.mark("broken")
    answer = machine.run("bench")
    lines = [line for line in answer.stderr.splitlines() if "going on without it" in line]
    assert [line.split()[1].partition("=")[0] for line in lines] == ["x11vnc", "pixelflux"]
    assert any(call.startswith("python -m pytest bench ") for call in machine.calls())


def test_the_tests_go_on_without_the_scanner_where_it_is_not_to_be_had(machine: Machine) -> None:
    answer = machine.run("test")
    assert "sslyze==" in answer.stderr
    assert "going on without it" in answer.stderr
    assert answer.returncode == 0
    assert machine.calls()[-1] == "python -m pytest"


def test_a_tool_of_its_own_is_installed_once(machine: Machine) -> None:
    tool = 'mkdir -p "$4/bin" && ln -s "$PWD/$0" "$4/bin/python"\n'
    machine.put("project/.venv/bin/python", PYTHON + f'[ "$2" != venv ] || {{ {tool} }}\n')
    assert "installing sslyze==" in machine.run("test").stderr
    assert any("pip install" in call and "sslyze==" in call for call in machine.calls())
    assert "sslyze" not in machine.run("test").stderr


def test_mutate_needs_its_tool(machine: Machine) -> None:
    answer = machine.run("mutate", "totp")
    assert answer.returncode == 1
    assert "./dev mutate needs mutmut==" in answer.stderr


def test_prove_stops_at_what_does_not_hold(machine: Machine) -> None:
    machine.put("project/.venv/bin/python", PYTHON + "case $1 in *fuzz_counting.py) exit 1;; esac\n")
    answer = machine.run("prove")
    assert answer.returncode == 1
    proofs = [call for call in machine.calls() if call.startswith("python tests/")]
    assert proofs == [
        "python tests/fuzz/fuzz_handshake.py --sequences 20000",
        "python tests/fuzz/fuzz_counting.py --kills 1000",
    ]


def test_bench_with_arguments_is_the_command(machine: Machine) -> None:
    machine.put("project/.venv/bin/fanlight", 'echo "fanlight $*"\n')
    answer = machine.run("bench", "screen", "--quick")
    assert answer.stdout == "fanlight bench screen --quick\n"


def pinned() -> dict[str, str]:
    lines = (PROJECT / "constraints.txt").read_text().splitlines()
    pins = (line.split("==") for line in lines if line and not line.startswith("#"))
    return {canonicalize_name(name): version for name, version in pins}


def test_every_requirement_is_pinned_within_its_range() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    wanted = [
        *project["build-system"]["requires"],
        *project["project"]["dependencies"],
        *(line for extra in project["project"]["optional-dependencies"].values() for line in extra),
        *project["dependency-groups"]["dev"],
    ]
    pins = pinned()
    for requirement in map(Requirement, wanted):
        version = pins[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version), f"{requirement} is pinned at {version}"
