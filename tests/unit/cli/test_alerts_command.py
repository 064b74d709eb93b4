"""`tigctl alerts test` where no Grafana runs. What it does with one is in
tests/integration/test_grafana_alerts.py.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tigctl.cli.main import main


@pytest.mark.parametrize("rule", [[], ["cpu-high"], ["no-such-rule"]])
def test_a_test_on_one_machine_says_that_there_is_no_grafana(
    rule: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["init"]) == 0
    capsys.readouterr()
    assert main(["alerts", "test", "acme", *rule]) == 2
    said = capsys.readouterr().err
    assert "where there is no Grafana" in said
    assert "tigctl alerts check acme" in said
