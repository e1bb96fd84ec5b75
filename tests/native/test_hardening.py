"""What the compiler and the linker were told about the built extension, read from its ELF file."""

import platform
import subprocess
from pathlib import Path

import pytest

import fanlight._native

EXTENSION = Path(fanlight._native.__file__)


def lines_of(program, *options):
    """Split into fields what a program of binutils shows of the extension."""
    command = [program, "--wide", *options, EXTENSION]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [line.split() for line in shown.splitlines()]


def segments(kind):
    """List the flags of the program headers of a kind, as in "RW"."""
    headers = [line for line in lines_of("readelf", "--program-headers") if line[:1] == [kind]]
    assert headers, f"no program header {kind}"
    return ["".join(header[6:-1]) for header in headers]


def imports():
    """Return the names of the functions that the extension takes from libraries, without versions."""
    symbols = lines_of("readelf", "--dyn-syms")
    return {line[7].partition("@")[0] for line in symbols if len(line) > 7 and line[6] == "UND"}


def test_no_stack_can_be_executed():
    assert segments("GNU_STACK") == ["RW"]


def test_no_memory_is_both_writable_and_executable():
    assert all(not {"W", "E"} <= set(flags) for flags in segments("LOAD"))


def test_imports_are_bound_at_load_and_read_only_then():
    assert segments("GNU_RELRO") == ["R"]
    assert any("BIND_NOW" in line for line in lines_of("readelf", "--dynamic"))


def test_stacks_are_guarded():
    assert "__stack_chk_fail" in imports()


def test_library_calls_check_their_buffers():
    assert any(name.endswith("_chk") for name in imports())


def test_nothing_but_the_module_is_exported():
    symbols = [line for line in lines_of("readelf", "--dyn-syms") if len(line) == 8]
    assert [line[7] for line in symbols if line[3] in ("FUNC", "OBJECT") and line[6] != "UND"] == ["PyInit__native"]


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="only x86 marks where a jump may land")
def test_an_indirect_jump_lands_only_where_it_may():
    code = lines_of("objdump", "--disassemble=PyInit__native")
    entry = next(i for i, line in enumerate(code) if line[-1:] == ["<PyInit__native>:"])
    assert code[entry + 1][-1] == "endbr64"
