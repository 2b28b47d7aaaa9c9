"""The page of the dataset browser in a window of its own, and how to wait for it."""

from meddistill_gui.gui.pages.dataset_browser.page import DatasetBrowserPage
from meddistill_gui.gui.session import Session


def make_page(qtbot, start):
    session = Session(start)
    page = DatasetBrowserPage(session, start)
    qtbot.addWidget(page)
    page.resize(1000, 700)
    page.show()
    return page, session


def settle(qtbot, page):
    """Until nothing runs and everything that was asked of the catalogue is shown."""
    qtbot.waitUntil(lambda: not page.working and not page.reading, timeout=20_000)


def names(page):
    model = page.browser.model
    return [model.row_at(place).path.name for place in range(len(model.ids))]
