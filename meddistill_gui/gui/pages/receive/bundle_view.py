"""A checked bundle to look at: images, origin, recipe, audit, what students learned at the sender's."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QSplitter, QTabWidget, QVBoxLayout, QWidget

from meddistill_gui.bundle.verifier import VerifiedBundle
from meddistill_gui.core.distilled import displayed
from meddistill_gui.core.words import NOT_FOR_CLINICAL_USE, Verdict
from meddistill_gui.gui.pages.receive.known_senders import known_name
from meddistill_gui.gui.pages.receive.recipe_words import recipe_in_words
from meddistill_gui.gui.plots.mosaic import Mosaic
from meddistill_gui.gui.widgets.evaluation_table import EvaluationTable
from meddistill_gui.gui.widgets.fitting import fitted, large_text
from meddistill_gui.gui.widgets.labels import in_groups, label
from meddistill_gui.gui.widgets.verdict_banner import VerdictBanner


class BundleView(QSplitter):
    """Mosaic at the left, papers at the right."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setOrientation(
            Qt.Orientation.Vertical if large_text(self) else Qt.Orientation.Horizontal
        )
        self.setHandleWidth(16)
        self.setChildrenCollapsible(False)
        self.mosaic = Mosaic()
        self.evaluation = EvaluationTable()
        self.banner = VerdictBanner()
        self._facts = {
            name: label()
            for name in (
                "title",
                "contact",
                "licence",
                "signer",
                "file",
                "size",
                "sha256",
                "script",
            )
        }
        self._recipe = label()
        self._no_audit = label(self.tr("The sender sent no audit report."), "muted")
        self._no_figures = label(self.tr("The sender sent no test figures."), "muted")
        self.papers = QTabWidget()
        self.papers.setDocumentMode(True)
        self._arrange()

    def show_bundle(self, bundle: VerifiedBundle) -> None:
        """Show a bundle that passed every check."""
        distilled = bundle.distilled
        labels = [int(row.argmax()) for row in distilled.labels]
        self.mosaic.show_images(displayed(distilled.images), labels, distilled.recipe.class_names)
        self._show_facts(bundle)
        rates = [float(rate) for rate in distilled.learning_rates]
        sentences = recipe_in_words(distilled.recipe, len(distilled.images), rates)
        self._recipe.setText("\n\n".join(sentences))
        self._show_audit(bundle)
        self.evaluation.setVisible(bundle.evaluation is not None)
        self._no_figures.setVisible(bundle.evaluation is None)
        if bundle.evaluation is not None:
            self.evaluation.show_figures(bundle.evaluation)

    def _show_facts(self, bundle: VerifiedBundle) -> None:
        known = (
            self.tr("the one that this program ships")
            if bundle.known_script
            else self.tr("another one than this program ships: read it before you run it")
        )
        texts = {
            "title": bundle.title,
            "contact": bundle.contact or self.tr("not given"),
            "licence": bundle.licence or self.tr("not given: ask the sender"),
            "signer": self._signer(bundle),
            "file": str(bundle.path),
            "size": self.tr("{bytes} bytes in {count} files").format(
                bytes=f"{bundle.size:,}", count=len(bundle.members)
            ),
            "sha256": in_groups(bundle.sha256),
            "script": known,
        }
        for name, text in texts.items():
            self._facts[name].setText(text)

    def _signer(self, bundle: VerifiedBundle) -> str:
        key = bundle.signer
        if key is None:
            return self.tr("not signed: anyone may have made this bundle")
        name = known_name(key)
        if name:
            return self.tr("by {name}, whose key you know").format(name=name)
        return self.tr(
            "by a key that you do not know yet. Ask the sender on the telephone to read out: {words}\n{fingerprint}"
        ).format(words=key.words, fingerprint=key.fingerprint)

    def _show_audit(self, bundle: VerifiedBundle) -> None:
        audit = bundle.audit
        self.banner.setVisible(audit is not None)
        self._no_audit.setVisible(audit is None)
        if audit is not None:
            self.banner.show_verdict(
                Verdict(audit["verdict"]), tuple(audit["reasons"]), audit["formal"]
            )

    def _arrange(self) -> None:
        card = QFrame()
        card.setProperty("kind", "card")
        inside = QVBoxLayout(card)
        inside.setContentsMargins(16, 12, 16, 12)
        inside.addWidget(self.mosaic)
        self.addWidget(card)
        self.addWidget(self.papers)
        self.papers.addTab(self._origin(), self.tr("Origin"))
        self.papers.addTab(_column(self._recipe), self.tr("Recipe"))
        self.papers.addTab(_column(self.banner, self._no_audit), self.tr("Audit"))
        self.papers.addTab(
            _column(self.evaluation, self._no_figures), self.tr("What students learn")
        )
        self.setSizes([420, 620])

    def _origin(self) -> QWidget:
        titles = {
            "title": self.tr("Title"),
            "contact": self.tr("Contact"),
            "licence": self.tr("Terms of use"),
            "signer": self.tr("Signature"),
            "file": self.tr("File"),
            "size": self.tr("Size"),
            "sha256": self.tr("SHA-256"),
            "script": self.tr("Training script"),
        }
        holder = QWidget()
        grid = QGridLayout(holder)
        grid.setContentsMargins(0, 16, 0, 0)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(8)
        for row, (name, title) in enumerate(titles.items()):
            grid.addWidget(label(title, "muted", wrap=False), row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(self._facts[name], row, 1)
        grid.addWidget(label(NOT_FOR_CLINICAL_USE, "small"), len(titles), 0, 1, 2)
        grid.setRowStretch(len(titles) + 1, 1)
        grid.setColumnStretch(1, 1)
        return fitted(holder)


def _column(*widgets: QWidget) -> QWidget:
    holder = QWidget()
    column = QVBoxLayout(holder)
    column.setContentsMargins(0, 16, 0, 0)
    column.setSpacing(8)
    for widget in widgets:
        column.addWidget(widget)
    column.addStretch()
    return fitted(holder)
