import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meddistill_gui.core import events

TEXT = st.text(max_size=30)
NUMBER = st.floats(allow_nan=False)
SUMMARY = st.dictionaries(
    TEXT, st.none() | st.booleans() | TEXT | NUMBER | st.lists(TEXT), max_size=4
)
EVENTS = st.one_of(
    st.builds(events.Started, operation=TEXT, phases=st.lists(TEXT, max_size=3).map(tuple)),
    st.builds(
        events.Progress,
        phase=TEXT,
        done=st.integers(0),
        total=st.none() | st.integers(0),
        unit=TEXT,
    ),
    st.builds(events.Metric, name=TEXT, step=st.integers(), value=NUMBER),
    st.builds(events.Frame, step=st.integers(), path=TEXT),
    st.builds(events.Warned, code=TEXT, message=TEXT, remedy=TEXT),
    st.builds(events.Finished, summary=SUMMARY),
)


@given(EVENTS)
def test_every_event_returns_from_its_line(event):
    line = events.to_json(event)
    assert "\n" not in line
    assert events.from_json(line) == event


@given(EVENTS)
def test_what_a_newer_version_adds_is_ignored(event):
    record = json.loads(events.to_json(event)) | {"colour": "new"}
    assert events.from_json(json.dumps(record)) == event


@given(EVENTS, st.integers(1))
def test_half_a_line_is_no_event(event, cut):
    line = events.to_json(event)
    with pytest.raises(ValueError, match=r"."):
        events.from_json(line[: -(cut % len(line)) or -1])


@pytest.mark.parametrize(
    "line", ["", "3", "null", "{}", '{"event": "exploded"}', '{"event": "metric"}']
)
def test_what_is_no_event_is_refused(line):
    with pytest.raises(ValueError, match=r"event|Expecting"):
        events.from_json(line)
