"""What `./dev mutate` makes of its mutants; mutmut and the trial itself are not needed here."""

import os
import time
from pathlib import Path

import pytest
from forks import Forks
from mutants import Mutant
from report import Change, change
from results import Results


def run(limit, *children, seconds=60):
    """Let children run; return what came of each."""
    said = {}
    forks = Forks(limit)
    for number, child in enumerate(children):
        forks.start(child, seconds, lambda what, number=number: said.update({number: what}))
    forks.finish()
    return [said[number] for number in range(len(children))]


def test_a_child_says_what_it_found_and_has_a_folder_of_its_own():
    def child(place):
        (place / "file").write_text("x")
        return os.getpid(), str(place), "x" * 200_000

    (one, here, long), (other, there, _) = run(2, child, child)
    assert len({one, other, os.getpid()}) == len({here, there}) + 1 == 3
    assert long == "x" * 200_000
    assert not Path(here).exists()


def test_of_a_child_that_dies_or_waits_for_ever_nothing_is_said():
    assert run(1, lambda _: os._exit(3), lambda _: 1 / 0, lambda _: "") == [None, None, ""]
    assert run(1, lambda _: time.sleep(3600), seconds=0) == [None]


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ('raise Bad("why")', 'raise Bad("XXwhyXX")', "words"),
        ('raise Bad("why") from error', "raise Bad(None) from error", "words"),
        ('raise Bad(f"{what} is bad")', 'raise Bad(f"XX{what} is badXX")', "words"),
        ('raise Bad(f"line {n + 1}")', 'raise Bad(f"line {n - 1}")', ""),
        ('raise Bad(f"{what}")', "raise Bad(None)", ""),
        ('return "why"', 'return "XXwhyXX"', ""),
        ('db.execute("DELETE FROM a")', 'db.execute("delete from a")', "same"),
        ('db.execute("DELETE FROM a")', 'db.execute("XXDELETE FROM aXX")', ""),
        ('text.encode("utf-8")', 'text.encode("UTF-8")', "same"),
        ('report.fault("why")', 'report.fault("WHY")', ""),
    ],
)
def test_which_changes_are_none_or_of_words(before, after, kind):
    one = Change("module.function", before, after)
    assert (one.is_none, one.is_wording) == (kind == "same", kind == "words")


def test_a_change_names_its_function_and_its_lines():
    mutant = Mutant("fanlight.access.acl.xǁAccessListǁadd__mutmut_3", "    a = 1\n    b = 2", "    a = 1\n    b = 3")
    assert change(mutant) == Change("acl.AccessList.add", "b = 2", "b = 3")
    assert change(mutant._replace(name="fanlight.access.acl.x__one__mutmut_12")).function == "acl._one"


@pytest.fixture
def results(tmp_path, monkeypatch):
    monkeypatch.setattr("results.KEPT", tmp_path / "results")
    files = {name: tmp_path / name for name in ("test_a.py", "test_b.py", "fixtures.py")}
    monkeypatch.setattr("results.ROOT", tmp_path)
    monkeypatch.setattr("results._TEXTS", dict.fromkeys(files.values(), "text"))
    return lambda: Results("acl")


MUTANT = Mutant("fanlight.access.acl.x_add__mutmut_1", "return 1", "return 2")
A, B = "test_a.py::test_one", "test_b.py::test_two"


def test_results_are_kept(results):
    first = results()
    assert first[MUTANT].state == "untried"
    first.keep(MUTANT, "killed", [A, B], A)
    first.save()
    again = results()
    assert again[MUTANT].state == "killed"
    assert again.is_known(MUTANT, [A, B])


@pytest.mark.parametrize(
    ("state", "by", "changed", "stands"),
    [
        ("killed", A, "test_b.py", True),
        ("killed", A, "test_a.py", False),
        ("killed", A, "fixtures.py", False),
        ("killed", "", "test_b.py", False),
        ("survived", "", "test_b.py", False),
        ("survived", "", "", True),
    ],
)
def test_a_result_stands_while_what_gave_it_does(results, tmp_path, monkeypatch, state, by, changed, stands):
    kept = results()
    kept.keep(MUTANT, state, [A, B], by)
    assert kept.is_known(MUTANT, [A, B])
    assert not kept.is_known(MUTANT._replace(original="return 0"), [A, B])
    monkeypatch.setitem(__import__("results")._TEXTS, tmp_path / changed, "other" if changed else "")
    assert kept.is_known(MUTANT, [A, B]) is stands


def test_a_killed_mutant_is_tried_again_where_its_killer_is_gone(results):
    kept = results()
    kept.keep(MUTANT, "killed", [A, B], A)
    assert not kept.is_known(MUTANT, [B])
