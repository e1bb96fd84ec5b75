"""Which line of a policy's file says what, and how large and how deep such a file may be."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fanlight.access.policy import Policy
from fanlight.access.policy_lines import MAX_FILE, line_of, read_toml
from fanlight.errors import SettingRefused

LONG = "a = 1\n# " + "x" * 998


@pytest.mark.parametrize(
    ("largest", "said"),
    [
        ("# " + ("x" * 997 + "\n# ") * (MAX_FILE // 1000) + "x" * (MAX_FILE % 1000 - 2), "larger than 65536 bytes"),
        ("\n" * 4095, "has more than 4096 lines"),
        (LONG, "line 2 has more than 1000 characters"),
        ("\n" * 300 + "a = [" + "\n" * 199 + "]", "the value in line 301 has more than 200 lines"),
    ],
    ids=["bytes", "lines", "letters", "lines of a value"],
)
def test_a_file_as_large_as_may_be_is_read_and_a_larger_one_is_refused(largest, said):
    read_toml(largest.encode())
    larger = largest.replace("[", "[\n") if "value" in said else largest + ("\n" if "lines" in said else "x")
    with pytest.raises(SettingRefused) as refused:
        read_toml(larger.encode())
    assert str(refused.value) in (said, f"the policy is {said}", f"the policy {said}")


@pytest.mark.parametrize("depth", [200, 400, 490, 30_000])
def test_what_is_nested_without_end_is_refused(depth):
    for text in ("a = " + "[" * depth + "]" * depth, "a" + ".a" * depth + " = 1", "[a" + ".a" * depth + "]"):
        with pytest.raises(SettingRefused, match=r"^the policy is nested too deeply$|^line 1(:| has more)"):
            Policy.from_toml(text.encode())


def test_bytes_that_are_no_text_are_refused():
    with pytest.raises(SettingRefused, match=r"^the policy is not UTF-8 text$"):
        Policy.from_toml(b"\xff")


def test_text_that_is_no_toml_is_refused_in_the_parser_s_words():
    with pytest.raises(SettingRefused, match=r"^the policy is not TOML: .*line 2, column 3"):
        read_toml(b"a = 1\nb c\n")


def test_what_has_no_line_is_placed_where_it_would_stand():
    _, lines = read_toml(b"a = 1\n[b]\nc = 1\n")
    assert line_of(lines, "b", "c") == 3
    assert line_of(lines, "b", "d") == line_of(lines, "b", "d", "e") == line_of(lines, "b") == 2
    assert line_of(lines, "d") is None


def test_every_key_and_table_has_the_line_on_which_it_begins():
    text = b'''a = 1 # b = 2
"c.d" = """
e = 3
[f]
"""
[g]   # [h]
h.i = [
  1,
  { j = 2 },
]
[[k]]
l = 1
[k.m]
n = 1
[[k]]
[[k.o]]
p = 1
[[k.o]]
p = 2
[q."r.s".t]
u = { v = { w = 1 } }
'''
    _, lines = read_toml(text)
    assert lines == {
        ("a",): 1,
        ("c.d",): 2,
        ("g",): 6,
        ("g", "h"): 7,
        ("g", "h", "i"): 7,
        ("g", "h", "i", 0): 7,
        ("g", "h", "i", 1): 7,
        ("g", "h", "i", 1, "j"): 7,
        ("k", 0): 11,
        ("k", 0, "l"): 12,
        ("k", 0, "m"): 13,
        ("k", 0, "m", "n"): 14,
        ("k", 1): 15,
        ("k", 1, "o", 0): 16,
        ("k", 1, "o", 0, "p"): 17,
        ("k", 1, "o", 1): 18,
        ("k", 1, "o", 1, "p"): 19,
        ("q", "r.s", "t"): 20,
        ("q", "r.s", "t", "u"): 21,
        ("q", "r.s", "t", "u", "v"): 21,
        ("q", "r.s", "t", "u", "v", "w"): 21,
    }


def test_lines_may_end_as_on_windows():
    assert read_toml(b"a = 1\r\n[b]\r\nc = '''\r\n'''\r\nd = 1\r\n")[1] == {
        ("a",): 1,
        ("b",): 2,
        ("b", "c"): 3,
        ("b", "d"): 5,
    }


KEYS = st.sampled_from(["a", "b", '"c.d"', "'#'", '"[x]"'])
VALUES = st.sampled_from(
    [
        "1",
        '"x"',
        "'#'",
        '"""\n[a]\nb = 1\n"""',
        "'''\n'''",
        "[\n1, # ]\n2,\n]",
        "[[1], [\n2]]",
        "{a = 1}",
        "[{b = [\n]}]",
    ]
)


@settings(max_examples=300)
@given(st.lists(st.tuples(st.booleans(), KEYS, VALUES), max_size=12), st.data())
def test_the_line_of_each_statement_is_exact(parts, data):
    """Documents whose statements are known by their making: each array of tables and key has the line it was put on."""
    text, wanted, table, count, used = "", {}, (), 0, set()
    for is_table, key, value in parts:
        text += "\n" * data.draw(st.integers(0, 2)) + data.draw(st.sampled_from(["", "# x = [\n", "  "]))
        line = text.count("\n") + 1
        if is_table:
            text += f"[[t]] # {value.splitlines()[0]}\n"
            table = ("t", count)
            count += 1
            wanted[table] = line
        elif (table, key) not in used:
            used.add((table, key))
            text += f"{key} = {value}\n"
            wanted[(*table, key.strip("\"'"))] = line
    _, lines = read_toml(text.encode())
    assert {path: line for path, line in lines.items() if path in wanted} == wanted
