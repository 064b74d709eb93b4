"""Every procedure of docs/operations.md is run by a test; this one says by which.

Covers: that the list is whole, and that the tests are there. Running them is their business; those
that take the commands from the page itself are marked so.
"""

from __future__ import annotations

import re

import pytest

from tests.docs.pages import ROOT, blocks, commands, heading_of, prose

PAGE = "docs/operations.md"
_KUBERNETES = "tests/integration/kubernetes"
# Heading -> the tests that run what stands there.
RUN_BY = {
    "After a reboot": (
        "tests/integration/test_local.py::"
        "test_it_comes_back_after_a_reboot_without_secrets_in_the_environment"
    ),
    "Backup": "tests/integration/test_cli.py::test_backup_and_restore_as_the_page_shows_them",
    "Restore": "tests/integration/test_cli.py::test_backup_and_restore_as_the_page_shows_them",
    "Grafana's password is lost": f"{_KUBERNETES}/test_operations.py::"
    "test_grafanas_password_is_handed_over_as_the_page_shows_it",
    "What the cluster has to have": f"{_KUBERNETES}/test_doctor.py::",
    "Who may do it": f"{_KUBERNETES}/test_operations.py::"
    "test_the_least_rights_are_given_as_the_page_shows_it",
    "Where to look first": f"{_KUBERNETES}/test_journey.py::test_from_nothing_to_nothing",
    "A token may be known to others, or is due": f"{_KUBERNETES}/test_target.py::"
    "test_new_tokens_on_demand_leave_no_gap",
    "The operator's token is lost": "tests/node/test_demo.py::"
    "test_a_lost_operators_token_is_made_anew_by_one_command",
    "A node is lost": f"{_KUBERNETES}/test_lost_node.py::test_what_a_lost_node_does_to_a_tenant",
}


def test_every_procedure_is_run_by_a_test() -> None:
    shown = {heading_of(block) for block in blocks(PAGE) if block.language == "sh"}
    assert shown == RUN_BY.keys()


@pytest.mark.parametrize("test", sorted(set(RUN_BY.values())))
def test_the_tests_are_there(test: str) -> None:
    file, _, name = test.partition("::")
    text = (ROOT / file).read_text(encoding="utf-8")
    assert re.search(rf"^def {name or 'test_'}", text, re.MULTILINE), f"{file} has no {name}"


def test_nothing_is_left_to_be_filled_in() -> None:
    lines = [line for block in blocks(PAGE) if block.language == "sh" for line in [block.text]]
    assert not [line for line in lines if "…" in line], "a command that nobody can type"
    assert "kubectl debug" not in prose(PAGE)


def test_commands_are_joined_where_they_go_on() -> None:
    (one,) = commands(PAGE, "Grafana's password is lost")
    assert one.startswith("kubectl ")
    assert one.endswith("--password-from-stdin")
    assert "\\" not in one
