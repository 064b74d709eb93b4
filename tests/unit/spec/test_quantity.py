"""Covers durations, sizes and processor shares: values, hints, round trips.

Leaves out the limits of single keys: test_model.py has these.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tigctl.spec import quantity


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("5m", 300),
        ("6h", 21_600),
        ("30d", 2_592_000),
        ("52w", 31_449_600),
        ("2y", 63_072_000),
        ("0s", 0),
        ("007m", 420),
    ],
)
def test_durations_of_the_contract(text: str, seconds: int) -> None:
    assert quantity.duration(text) == seconds


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("30 days", "'30 days' is not a duration; write 30d or 720h"),
        ("2 weeks", "'2 weeks' is not a duration; write 2w or 14d"),
        ("10 sec", "'10 sec' is not a duration; write 10s"),
        ("5M", "'5M' is not a duration; write 5m or 300s"),
        ("60", "'60' is not a duration; it has no unit: write 60s for seconds or 60m for minutes"),
        (60, "60 has no unit; write 60s for seconds or 60m for minutes"),
        (1.5, "1.5 has no unit; write 1.5s for seconds or 1.5m for minutes"),
        ("1h30m", "'1h30m' is not a duration; only one unit is understood: write 90m"),
        ("500ms", "'500ms' is not a duration; the smallest unit is the second: write 1s"),
        ("6 months", "'6 months' is not a duration; a month has no fixed length: write 180d"),
        ("200y", "'200y' is too long; write at most 100y"),
        ("1:30", "'1:30' is not a duration; write a number with a unit, such as"),
        ("-5m", "'-5m' is not a duration; write a number with a unit"),
        (" 5m", "' 5m' is not a duration; write 5m or 300s"),
        ("٣d", "is not a duration"),
        (True, "is not a duration; write a number with a unit"),
        (None, "is not a duration"),
        ([], "is not a duration"),
    ],
)
def test_a_duration_is_refused_with_what_to_write(value: object, message: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the text is compared below
        quantity.duration(value)
    assert message in str(caught.value)


@given(st.integers(0, quantity.LONGEST))
def test_a_duration_reads_as_it_was_written(seconds: int) -> None:
    assert quantity.duration(quantity.format_duration(seconds)) == seconds


@given(st.one_of(st.text(), st.integers(), st.floats(), st.none(), st.booleans()))
def test_whatever_is_no_duration_is_a_value_error(value: object) -> None:
    for read in (quantity.duration, quantity.size, quantity.cpu):
        try:
            result = read(value)
        except ValueError:
            continue
        assert isinstance(result, int)
        assert result >= 0


@pytest.mark.parametrize(
    ("text", "count"), [("20Gi", 20 * 2**30), ("512Mi", 2**29), ("1Ki", 1024), ("2Ti", 2**41)]
)
def test_sizes_of_the_contract(text: str, count: int) -> None:
    assert quantity.size(text) == count


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("20G", "'20G' is not a size; write 20Gi"),
        ("20 GB", "'20 GB' is not a size; write 20Gi"),
        ("1.5Gi", "'1.5Gi' is not a size; write whole numbers: 1536Mi"),
        ("20", "'20' is not a size; it has no unit: write 20Gi or 20Mi"),
        (20, "20 has no unit; write 20Gi or 20Mi"),
        ("9000Pi", "'9000Pi' is too large; write at most 8Pi"),
        ("big", "'big' is not a size; write a number with a unit"),
        (None, "is not a size"),
    ],
)
def test_a_size_is_refused_with_what_to_write(value: object, message: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the text is compared below
        quantity.size(value)
    assert message in str(caught.value)


@given(st.integers(0, quantity.LARGEST // 1024).map(lambda count: count * 1024))
def test_a_size_reads_as_it_was_written(count: int) -> None:
    assert quantity.size(quantity.format_size(count)) == count


@pytest.mark.parametrize(
    ("value", "thousandths"), [("500m", 500), ("2", 2000), (2, 2000), (0.5, 500), ("1.25", 1250)]
)
def test_processor_shares(value: object, thousandths: int) -> None:
    assert quantity.cpu(value) == thousandths


@pytest.mark.parametrize("value", ["2 cores", "-1", "1.2345", -1, None, True, "1e3"])
def test_a_processor_share_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="is not a share of processors"):
        quantity.cpu(value)
