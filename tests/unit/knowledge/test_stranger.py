"""Devices whose sysObjectID does not say what they are: their kind by the objects they answer.

Left out: how it is found out below which enterprises a device answers (tests/unit/probe).
"""

from __future__ import annotations

import pytest

from collectors.knowledge.load import load_library
from collectors.knowledge.match import match, questions
from collectors.knowledge.model import Library
from tests.unit.knowledge.library import Folder
from tests.unit.knowledge.test_match import ACME, CPU, FAN, LOAD, facts, kind, metrics, scalar

NET_SNMP = "1.3.6.1.4.1.8072.3.2.10"
GLOBEX = "1.3.6.1.4.1.88888"


@pytest.fixture
def library(profiles: Folder) -> Library:
    return profiles.write(
        host=kind("1.3.6.1.4.1.8072.3.2.*"),
        picky=kind(NET_SNMP, sysdescr="^Picky"),
        acme=kind(f"{ACME}.*")
        + metrics(scalar(f"{ACME}.2.1", CPU), scalar(f"{ACME}.2.2", FAN, name="y")),
        old=kind(f"{ACME}.7.*", answers=f"[{ACME}.3.1]") + metrics(scalar(f"{ACME}.3.1", LOAD)),
        named=kind(f"{GLOBEX}.*", sysdescr="^Globex") + metrics(scalar(f"{GLOBEX}.2.1", CPU)),
    ).load()


def kind_of(library: Library, *answers: str, at: str = NET_SNMP, descr: str = "Linux") -> str:
    found = match(library, facts(at, descr, answers=answers, enterprises=("88888", "99999")))
    return found.profile.name if found.profile else ""


@pytest.mark.parametrize("at", [NET_SNMP, "1.3.6.1.4.1.2021.250.10", "", "1.3.6.1.4.1"])
def test_who_names_nobody_is_known_by_what_answers(library: Library, at: str) -> None:
    assert questions(library, at, "").stranger
    asked = questions(library, at, "", ("88888", "99999")).columns
    assert {f"{ACME}.2.1", f"{ACME}.3.1"} <= {*asked}
    assert f"{GLOBEX}.2.1" not in asked, "its description does not fit"

    assert kind_of(library, f"{ACME}.2.1", at=at) == "acme"
    assert kind_of(library, f"{ACME}.3.1", at=at) == "old"
    assert kind_of(library, f"{GLOBEX}.2.1", at=at, descr="Globex One") == "named"


def test_of_several_it_is_the_one_of_which_most_answers(library: Library) -> None:
    assert kind_of(library, f"{ACME}.2.1", f"{ACME}.2.2", f"{ACME}.3.1") == "acme"
    assert kind_of(library, f"{ACME}.2.1", f"{ACME}.3.1") == "acme", "then the first by name"


def test_who_answers_nothing_of_theirs_stays_what_it_was(library: Library) -> None:
    assert kind_of(library) == "host"
    assert kind_of(library, at="") == ""
    # Of another enterprise than those below which the device answers, as the probe found.
    gone = facts(NET_SNMP, answers=[f"{ACME}.2.1"], enterprises=("88888",))
    found = match(library, gone)
    assert found.profile
    assert found.profile.name == "host"


def test_what_a_device_says_of_itself_comes_first(library: Library) -> None:
    assert kind_of(library, f"{ACME}.2.1", descr="Picky box") == "picky"
    assert kind_of(library, f"{ACME}.2.1", at=f"{GLOBEX}.1", descr="Globex One") == "named"
    assert not questions(library, f"{GLOBEX}.1", "Globex One").stranger
    # Initech's boxes with Acme's chips: no profile knows them, but they are not Acme's.
    assert kind_of(library, f"{ACME}.2.1", at="1.3.6.1.4.1.77777.1") == ""
    assert not questions(library, "1.3.6.1.4.1.77777.1", "").stranger


def test_it_is_said_why(library: Library) -> None:
    one = facts(NET_SNMP, answers=[f"{ACME}.2.1"], enterprises=("99999",))
    assert match(library, one).because == (
        f"sysObjectID {NET_SNMP} does not say what it is, and objects of this kind answer below"
        f" {ACME}"
    )


def test_a_host_with_agents_of_others_is_no_device_of_theirs() -> None:
    """Shipped profiles: what a server's maker adds to any system makes it none of its boxes."""
    library = load_library()
    roots = tuple(f"1.3.6.1.4.1.{number}." for number in ("232", "674.10892", "3582"))
    said = [one for one in questions(library, NET_SNMP, "").columns if one.startswith(roots)]
    assert all(any(one.startswith(root) for one in said) for root in roots)
    host = facts(NET_SNMP, "Linux", answers=said, enterprises=("232", "674", "3582"))
    found = match(library, host)
    assert found.profile
    assert found.profile.name == "net-snmp"
