"""Tables of units: what is read, what is guessed, what is refused and where."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testfleet.errors import UsageError
from testfleet.planning.simulation.durations import read_durations

HEADER = "unit,duration_s\n"


def read(text, **more):
    return read_durations(io.StringIO(text, newline=""), "durations.csv", **more)


def test_the_least_table_is_two_columns():
    found = read("unit,duration_s\ntests/test_a.py,1.5\ntests/test_b.py,2e-1\n")
    assert [(unit.id, unit.duration_s) for unit in found.units] == [
        ("tests/test_a.py", 1.5),
        ("tests/test_b.py", 0.2),
    ]


def test_columns_come_in_any_order_with_spaces_capitals_and_a_byte_order_mark():
    (unit,) = read("\ufeffDuration_s, Unit\r\n1.5, a \r\n").units
    assert (unit.id, unit.duration_s) == ("a", 1.5)


def test_every_column_reaches_its_field():
    text = (
        "unit,duration_s,memory_mb,requires,depends_on,priority,together,owner,kind,deadline_s\n"
        "a,1,,,,,,,,\n"
        "b c,1,,,,,,,,\n"
        "d,2,512,docker mem>=1GB,a; b c,3,group,web,unit,60\n"
    )
    unit = read(text).units[2]
    assert unit.memory_mb == 512
    assert unit.requires == {"docker", "memory>=1024"}
    assert unit.depends_on == ("a", "b c")
    assert (unit.priority, unit.together, unit.owner, unit.kind) == (3, "group", "web", "unit")
    assert unit.deadline_s == 60


def test_names_are_separated_by_spaces_or_by_semicolons():
    text = "unit,duration_s,depends_on\na,1,\nb,1,\nc,1,a b\nd,1,a;b;a\n"
    units = read(text).units
    assert units[2].depends_on == units[3].depends_on == ("a", "b")


def test_a_missing_duration_is_the_median_of_the_others():
    found = read(f"{HEADER}a,1\nb,\nc,10\nd,3\n")
    assert found.units[1].duration_s == 3
    assert not found.units[1].known
    assert found.guessed == 1


def test_a_duration_of_zero_is_the_shortest_that_is_measured():
    found = read(f"{HEADER}a,0\nb,5\n")
    assert (found.units[0].duration_s, found.too_short) == (0.001, 1)
    assert found.units[0].known


def test_a_table_without_any_duration_is_read_too():
    assert all(unit.duration_s > 0 for unit in read(f"{HEADER}a,\nb,\n").units)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"no header in the first line"),
        ("\n\n", r"no header in the first line"),
        ("unit;duration_s\na;1\n", r"line 1, column unit;duration_s: unknown column"),
        ("duration_s\n1\n", r"line 1, column unit: the header lacks this column"),
        (HEADER, r"no units"),
        ("unit\na\n", r"line 1, column duration_s: the header lacks"),
        ("unit,duration_s,color\na,1,red\n", r"line 1, column color: unknown column"),
        ("unit,unit,duration_s\na,b,1\n", r"line 1, column unit: .*twice"),
        (f"{HEADER}a,1\na,2\n", r"line 3, column unit: 'a' stands in line 2, too"),
        (f"{HEADER},1\n", r"line 2, column unit: empty"),
        (f"{HEADER}a,nan\n", r"line 2, column duration_s: 'nan'"),
        (f"{HEADER}a,inf\n", r"line 2, column duration_s: 'inf'"),
        (f"{HEADER}a,-1\n", r"line 2, column duration_s: '-1'"),
        (f"{HEADER}a,2592001\n", r"line 2, column duration_s: '2592001'"),
        (f"{HEADER}a,fast\n", r"line 2, column duration_s: 'fast'"),
        (f"{HEADER}a,1_0\n", r"line 2, column duration_s: '1_0'"),
        (f'{HEADER}a,"1,5"\n', r"line 2, column duration_s: '1,5'"),
        (f"{HEADER}a\n", r"line 2: 1 fields, but the header has 2"),
        (f"{HEADER}a,1,2\n", r"line 2: 3 fields, but the header has 2"),
        (f'{HEADER}"a,1\n', r"line 2: not CSV"),
        (f"{HEADER}a,1\n{'b' * 200_000},1\n", r"line 3: not CSV: field larger"),
        (f'{HEADER}"a\nb",1\nc,x\n', r"line 4, column duration_s: 'x'"),
        ("unit,duration_s,memory_mb\na,1,-5\n", r"line 2, column memory_mb: '-5'"),
        ("unit,duration_s,priority\na,1,nan\n", r"line 2, column priority: 'nan'"),
        ("unit,duration_s,deadline_s\na,1,0\n", r"line 2, column deadline_s: '0'"),
        ("unit,duration_s,requires\na,1,dokker\n", r"line 2, column requires: .*dokker"),
        ("unit,duration_s,depends_on\na,1,\nb,1,x\n", r"line 3, column depends_on: no unit 'x'"),
        ("unit,duration_s,depends_on\na,1,a\n", r"line 2, column depends_on: .*a -> a"),
        ("unit,duration_s,depends_on\na,1,b\nb,1,a\n", r"line 2, column depends_on: .*a -> b -> a"),
    ],
)
def test_what_is_wrong_is_named_with_its_line_and_column(text, message):
    with pytest.raises(UsageError, match=rf"^durations\.csv: .*{message}"):
        read(text)


@pytest.mark.parametrize("duration", ["", "0"])
def test_strict_refuses_what_would_be_guessed(duration):
    with pytest.raises(UsageError, match="line 3, column duration_s"):
        read(f"{HEADER}a,1\nb,{duration}\n", strict=True)


def test_bytes_that_are_no_text_are_refused():
    lines = io.TextIOWrapper(io.BytesIO(b"unit,duration_s\n\xff\xfe,1\n"), encoding="utf-8")
    with pytest.raises(UsageError, match="not text in UTF-8"):
        read_durations(lines, "durations.csv")


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_in_words(text):
    try:
        found = read(text)
    except UsageError as error:
        assert str(error).startswith("durations.csv: ")
    else:
        assert all(unit.duration_s > 0 for unit in found.units)
