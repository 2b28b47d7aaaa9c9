import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meddistill_gui.bundle import passphrases
from meddistill_gui.core import errors
from meddistill_gui.core.config import with_values
from meddistill_gui.core.configs.bundle import VerifyConfig
from meddistill_gui.core.configs.distill import DistillConfig
from meddistill_gui.core.errors import ConfigError
from meddistill_gui.core.events import Metric, Warned
from meddistill_gui.jobs import protocol


def test_a_request_keeps_every_value_and_the_method_s_own_options():
    config = with_values(
        DistillConfig(project=Path("p ö")),
        {"method": "distribution", "images.size": 64, "options.batch": 7},
    )
    line = protocol.request_line("distill", config)
    assert line.count(b"\n") == 1
    assert protocol.read_request(line) == ("distill", config)


def test_passphrases_travel_with_the_request_and_nowhere_else():
    passphrases.hold({"MEDDISTILL_BUNDLE_PASSPHRASE": "typed in the window"})
    line = protocol.request_line("verify", VerifyConfig(bundle=Path("b")))
    passphrases.hold({})
    assert b"typed" not in protocol.request_line("verify", VerifyConfig(bundle=Path("b")))
    _, config = protocol.read_request(line)
    assert "typed" not in str(config)
    assert passphrases.given(passphrases.Passphrase.BUNDLE) == "typed in the window"
    passphrases.hold({})


@pytest.mark.parametrize("line", [b"", b"{", b"[]", b'{"operation": "format-disk", "config": {}}'])
def test_what_is_no_request_is_refused(line):
    with pytest.raises(ValueError, match=r"request|Expecting"):
        protocol.read_request(line)


def test_a_request_with_a_wrong_value_is_refused():
    line = protocol.request_line("distill", DistillConfig(project=Path("p"), iterations=0))
    with pytest.raises(ConfigError, match="iterations"):
        protocol.read_request(line)


@given(st.binary(max_size=40))
def test_noise_is_no_wish(line):
    assert protocol.read_wish(line) == ""


@pytest.mark.parametrize("wish", protocol.WISHES)
def test_wishes_return(wish):
    assert protocol.read_wish(protocol.wish_line(wish)) == wish


@given(st.text(), st.text())
def test_texts_with_line_breaks_stay_one_line(message, remedy):
    event = Warned(code="x", message=message, remedy=remedy)
    line = protocol.event_line(event)
    assert line.count(b"\n") == 1
    assert protocol.read_report(line) == event


def test_nan_returns():
    report = protocol.read_report(
        protocol.event_line(Metric(name="loss", step=1, value=float("nan")))
    )
    assert isinstance(report, Metric)
    assert math.isnan(report.value)


@pytest.mark.parametrize("name", sorted(errors.BY_NAME))
def test_every_error_of_the_tree_returns(name):
    cls = errors.BY_NAME[name]
    error = cls(["What."], "Do.") if cls is ConfigError else cls("What.", "Do.")
    again = protocol.read_report(protocol.error_line(error))
    assert type(again) is cls
    assert (again.message, again.remedy) == ("What.", "Do.")
