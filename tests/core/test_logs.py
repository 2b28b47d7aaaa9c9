import logging
import warnings

import pytest

from meddistill_gui.core.logs import start_logging


@pytest.fixture
def root_logger():
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    logging.captureWarnings(capture=False)  # whoever logged before has left it on
    with warnings.catch_warnings():
        yield root
    for handler in set(root.handlers) - set(handlers):
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)
    logging.captureWarnings(capture=False)


@pytest.mark.usefixtures("root_logger")
def test_logs_and_warnings_go_to_one_file(tmp_path):
    path = start_logging(tmp_path / "logs")
    logging.getLogger("x").info("größe")
    warnings.warn("an old call", DeprecationWarning, stacklevel=1)
    said = path.read_text(encoding="utf-8")
    assert "INFO x: größe" in said
    assert "an old call" in said
    assert "DEBUG" not in said
