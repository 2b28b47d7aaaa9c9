import logging

import pytest


@pytest.fixture(autouse=True)
def own_log():
    """The command line logs into a file; after each test that file is closed."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    for handler in set(root.handlers) - set(handlers):
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)
    logging.captureWarnings(capture=False)
