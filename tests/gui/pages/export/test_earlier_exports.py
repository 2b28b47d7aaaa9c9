from meddistill_gui.bundle.export_log import Export, append
from meddistill_gui.gui.pages.export.page import ExportPage


def export(when: str, name: str) -> Export:
    return Export(
        when=when, path=name, drive="vfat", sha256="ab" * 32, size=48_000, title="t", verdict=""
    )


def test_newest_first_and_only_where_there_are_some(session, hospital, start_fake, qtbot):
    hospital.finished(hospital.run())
    page = ExportPage(session, start_fake)
    qtbot.addWidget(page)
    view = page._contents
    session.open_project(hospital.project.root)
    assert not view.isTabVisible(view.indexOf(view.earlier))
    log = hospital.project.exports
    append(log, export("2026-01-02T03:04:05+00:00", "first.zip"))
    append(log, export("not a date", "second.zip"))
    page.refresh()
    assert view.isTabVisible(view.indexOf(view.earlier))
    texts = [[view.earlier.item(row, column).text() for column in range(4)] for row in range(2)]
    assert texts[0] == ["not a date", "second.zip", "48.0 kB", "not audited"]
    assert texts[1][1] == "first.zip"
    assert "26" in texts[1][0]
    page._reading.close()
