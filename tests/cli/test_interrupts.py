import signal

import pytest

from meddistill_gui.cli.interrupts import stopping


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_asks_the_second_interrupts(number):
    asked = []
    before = signal.getsignal(number)
    with stopping(lambda: asked.append(1)):
        signal.raise_signal(number)
        assert asked == [1]
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
    assert asked == [1]
    assert signal.getsignal(number) is before


def test_no_signal_no_question():
    with stopping(lambda: pytest.fail("nobody pressed anything")):
        pass
