"""Decides what the anonymity preview shows: nothing to audit yet, no audit yet, or the findings."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QSplitter, QStackedWidget, QTabWidget, QVBoxLayout, QWidget

from meddistill_gui.core import distilled
from meddistill_gui.core.configs.audit import AuditConfig
from meddistill_gui.core.configs.rework import ReworkConfig
from meddistill_gui.core.errors import MedDistillError
from meddistill_gui.core.events import Event, Progress, Warned
from meddistill_gui.core.run_folder import RunFolder, open_run
from meddistill_gui.gui.pages.anonymity_preview.audit_reading import (
    AuditReport,
    ImageFinding,
    outdated,
    read_audit,
)
from meddistill_gui.gui.pages.anonymity_preview.findings_list import FindingsList
from meddistill_gui.gui.pages.anonymity_preview.image_view import ImageView
from meddistill_gui.gui.pages.anonymity_preview.real_pictures import RealPictures
from meddistill_gui.gui.pages.anonymity_preview.reports_button import ReportsButton
from meddistill_gui.gui.pages.anonymity_preview.reviews import decisions
from meddistill_gui.gui.pages.anonymity_preview.tables import (
    checks_table,
    planted_table,
    show_checks,
    show_planted,
)
from meddistill_gui.gui.run_thread import RunThread
from meddistill_gui.gui.session import Session
from meddistill_gui.gui.widgets.empty_state import EmptyState
from meddistill_gui.gui.widgets.fitting import fitted, large_text
from meddistill_gui.gui.widgets.labels import label
from meddistill_gui.gui.widgets.page_frame import PageFrame
from meddistill_gui.gui.widgets.verdict_banner import VerdictBanner
from meddistill_gui.jobs.job import StartJob
from meddistill_gui.operations.review import decide


class AnonymityPreviewPage(QWidget):
    """Starts an audit and shows what it found.

    Signals:
        go_to: Name of another page to show.
    """

    go_to = Signal(str)
    title = "Anonymity preview"
    icon_name = "anonymity"

    def __init__(
        self, session: Session, start_job: StartJob, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._work = RunThread(start_job, self)
        self._pictures = RealPictures(parent=self)
        self._report: AuditReport | None = None
        self._finding: ImageFinding | None = None
        self._images: npt.NDArray[np.uint8] = np.empty((0, 1, 1), np.uint8)
        self._build()
        self._image.review.decided.connect(self._decide)
        self._image.review.reworked.connect(self._rework)
        self._findings.itemSelectionChanged.connect(self._offer)
        self._findings.chosen.connect(self._show_finding)
        self._work.reported.connect(self._take_event)
        self._work.finished.connect(self._end)
        self._work.failed.connect(self._fail)
        self._frame.progress.cancelled.connect(self._work.stop)
        session.run_changed.connect(self.refresh)
        session.work.finished.connect(self.refresh)
        self.refresh()

    @property
    def report(self) -> AuditReport | None:
        """The audit that is shown."""
        return self._report

    def refresh(self) -> None:
        """Read the run's result and audit again."""
        self._frame.notice.hide()
        run = self._session.run
        self._report = None
        if run is None or not run.result.is_file():
            self._show_only(self._no_result)
            return
        try:
            self._images = distilled.displayed(distilled.load(run.result).images)
            self._report = read_audit(run)
        except MedDistillError as error:
            self._frame.show_error(error)
        if self._report is None:
            self._show_only(self._no_audit)
            return
        self._show_report(run, self._report)

    def audit(self, *, membership: bool = False) -> None:
        """Look for real patients in the run's result; also ask students of the set, where that is wanted."""
        run = self._session.run
        if run is None or self._work.running:
            return
        self._frame.notice.hide()
        self._frame.progress.begin(self.tr("Starting"))
        self._work.start("audit", AuditConfig(run=run.root, membership=membership))
        self._offer()

    def audit_with_membership(self) -> None:
        """Audit the chosen run and ask students of its set who was among the patients."""
        self.audit(membership=True)

    def _show_report(self, run: RunFolder, report: AuditReport) -> None:
        try:
            _, config = open_run(run.root)
        except MedDistillError as error:
            self._frame.show_error(error)
            return
        self._pictures.begin(run.project / "catalogue.sqlite", config.images)
        self._banner.show_verdict(report.verdict, report.reasons, report.formal)
        show_planted(self._planted, report.planted)
        show_checks(self._checks, report.checks)
        self._context.setText("\n\n".join(report.context))
        self._tabs.setTabVisible(self._tabs.indexOf(self._context_tab), bool(report.context))
        self._reports.show_run(run)
        self._findings.show_findings(report.images, self._images)
        self._show_only(self._body)
        flagged = sum(one.flagged for one in report.images)
        self._frame.set_status(
            self.tr("{flagged} of {count} synthetic images are flagged.").format(
                flagged=flagged, count=len(report.images)
            )
        )
        if outdated(run):
            self._frame.notice.show_message(
                "warning",
                self.tr("The images were distilled further after this audit."),
                self.tr("Run the audit again."),
            )

    def _show_finding(self, finding: ImageFinding) -> None:
        if self._report is not None and finding.index < len(self._images):
            self._image.show_finding(self._report, finding, self._images[finding.index])
            self._finding = finding
            self._show_review()

    def _show_review(self) -> None:
        """Show what was decided about the chosen image."""
        run = self._session.run
        if run is None or self._finding is None:
            return
        try:
            decided = decisions(run)
        except MedDistillError as error:
            self._frame.show_error(error)
            decided = {}
        self._image.review.show_review(decided.get(self._finding.index))
        self._findings.show_decisions({index: one.decision for index, one in decided.items()})

    def _decide(self, decision: str, reviewer: str, reason: str) -> None:
        run = self._session.run
        if run is None or self._finding is None:
            return
        try:
            decide(run, self._finding.index, decision, reviewer, reason)
        except MedDistillError as error:
            self._frame.show_error(error)
        self._show_review()

    def _rework(self, action: str, reviewer: str, reason: str) -> None:
        """Make a new run in which the chosen images begin again, or are left out."""
        run, chosen = self._session.run, self._findings.selected()
        if run is None or not chosen or self._work.running:
            return
        self._frame.notice.hide()
        self._frame.progress.begin(self.tr("Starting"))
        config = ReworkConfig(
            run=run.root,
            images=tuple(str(one.index + 1) for one in chosen),
            action=action,
            reviewer=reviewer,
            reason=reason,
        )
        self._work.start("rework", config)
        self._offer()

    def _show_only(self, widget: QWidget) -> None:
        self._stack.setCurrentWidget(widget)
        if widget is not self._body:
            self._frame.set_status("")
        self._offer()

    def _offer(self) -> None:
        busy, shown = self._work.running, self._stack.currentWidget() is self._body
        self._again.setVisible(shown and not busy)
        offered = shown or self._stack.currentWidget() is self._no_audit
        self._membership.setVisible(offered and not busy)
        self._reports.setVisible(shown)
        self._frame.primary.setVisible(shown and not busy)
        self._no_audit.action.setEnabled(not busy)
        chosen = self._findings.selected()
        self._image.review.show_choice(
            ", ".join(str(one.index + 1) for one in chosen),
            several=len(chosen) > 1,
            traceable=any(one.traceable for one in chosen),
            busy=busy,
        )

    def _take_event(self, event: Event) -> None:
        if isinstance(event, Progress):
            self._frame.progress.show_progress(event)
        elif isinstance(event, Warned):
            tone = "info" if event.code == "reach" else "warning"
            self._frame.notice.show_message(tone, event.message, event.remedy)

    def _end(self, summary: dict[str, object]) -> None:
        self._frame.progress.finish()
        if "action" in summary:
            self._show_new_run(summary)
        else:
            self.refresh()

    def _show_new_run(self, summary: dict[str, object]) -> None:
        """Go to the run that a rework made; what is on the screen is its set, not audited yet."""
        try:
            self._session.choose_run(Path(str(summary["run"])))
        except MedDistillError as error:
            self._frame.show_error(error)
            return
        self._frame.notice.show_message("info", str(summary["text"]), "")

    def _fail(self, error: MedDistillError) -> None:
        self._frame.progress.finish()
        self._frame.show_error(error)
        self._offer()

    def _ask_for_run(self) -> None:
        self.go_to.emit("live_view")

    def _ask_for_export(self) -> None:
        self.go_to.emit("export")

    def _build(self) -> None:
        self._frame = PageFrame(
            self.tr("Anonymity preview"),
            self.tr("What tests found of real patients in the synthetic images."),
        )
        self._frame.set_primary_action(self.tr("Export …"), self._ask_for_export)
        self._again = self._frame.add_action(self.tr("Audit again"), self.audit, icon="refresh")
        self._membership = self._frame.add_action(
            self.tr("With membership test"), self.audit_with_membership
        )
        self._membership.setToolTip(
            self.tr(
                "Audits and trains networks on the set to ask who was among the patients. "
                "About two minutes for small images on a processor, much longer for large ones."
            )
        )
        self._reports = ReportsButton()
        self._frame.add_widget(self._reports)
        self._no_result = EmptyState(
            "anonymity",
            self.tr("Nothing to audit yet"),
            self.tr("Choose a run that has finished, or let one finish first."),
            self.tr("Go to the live view"),
        )
        self._no_result.action.clicked.connect(self._ask_for_run)
        self._no_audit = EmptyState(
            "anonymity",
            self.tr("Not audited yet"),
            self.tr(
                "The audit compares every synthetic image with every training and hold-out patient, "
                "and must find the copies that it plants itself. Nothing leaves this computer."
            ),
            self.tr("Run the audit"),
        )
        self._no_audit.action.clicked.connect(self.audit)
        self._build_body()
        self._stack = QStackedWidget()
        for widget in (self._no_result, self._no_audit, self._body):
            self._stack.addWidget(widget)
        self._frame.set_body(self._stack)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._frame)

    def _build_body(self) -> None:
        self._banner = VerdictBanner()
        self._findings = FindingsList()
        self._image = ImageView(self._pictures)
        self._planted = planted_table()
        self._checks = checks_table()
        self._context = label()
        self._context_tab = QWidget()
        beside = QVBoxLayout(self._context_tab)
        beside.setContentsMargins(0, 16, 0, 0)
        beside.setSpacing(16)
        beside.addWidget(
            label(
                self.tr(
                    "The closeness index and the three-sample test decide nothing. The others can find a leak; each "
                    "has blind spots of its own."
                ),
                "muted",
            )
        )
        beside.addWidget(self._context)
        beside.addStretch()
        tabs = self._tabs = QTabWidget()
        tabs.setDocumentMode(True)
        tabs.addTab(self._image, self.tr("Image by image"))
        tabs.addTab(self._planted, self.tr("Planted copies"))
        tabs.addTab(self._checks, self.tr("Preconditions"))
        tabs.addTab(self._context_tab, self.tr("Beside the verdict"))
        split = QSplitter(
            Qt.Orientation.Vertical if large_text(self) else Qt.Orientation.Horizontal
        )
        split.setHandleWidth(16)
        split.setChildrenCollapsible(False)
        split.addWidget(self._findings)
        split.addWidget(tabs)
        split.setStretchFactor(1, 1)
        split.setSizes([300, 740])
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(16)
        column.addWidget(self._banner)
        column.addWidget(split, 1)
        self._body = fitted(content)
