from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel

from meddistill_gui.core.config import options_of, value_at
from meddistill_gui.core.configs.distill import DistillConfig
from meddistill_gui.core.configs.label import LabelConfig
from meddistill_gui.core.configs.methods import DistributionOptions
from meddistill_gui.core.configs.scan import ScanConfig
from meddistill_gui.core.configs.split import SplitConfig
from meddistill_gui.core.errors import ConfigError
from meddistill_gui.core.specs import OPERATIONS
from meddistill_gui.gui.forms.config_form import ConfigForm


def form_of(qtbot, config, **options):
    form = ConfigForm(config, **options)
    qtbot.addWidget(form)
    return form


def something_for(one):
    """A value that an option allows."""
    return (
        one.about.choices[0] if one.about.choices else {Path: Path("x"), int: 1, str: "x"}[one.kind]
    )


CONFIGS = [
    ScanConfig(source=Path("a"), project=Path("b"), workers=7, patient_pattern="(.)"),
    LabelConfig(project=Path("b"), ignore=("unclear", "other"), table=Path("t.csv")),
    SplitConfig(project=Path("b"), validation=0.15, keep_folders=True, seed=12),
    DistillConfig(project=Path("b"), images_per_class=10, seed=2**31 - 1),
    DistillConfig(
        project=Path("b"), method="distribution", options=DistributionOptions(image_rate=0.25)
    ),
]


@pytest.mark.parametrize("config", CONFIGS, ids=lambda c: type(c).__name__)
def test_a_form_gives_back_exactly_the_config_it_shows(qtbot, config):
    assert form_of(qtbot, config).config() == config


@pytest.mark.parametrize("config", CONFIGS, ids=lambda c: type(c).__name__)
def test_every_option_has_a_field_with_a_name_and_a_description(qtbot, config):
    form = form_of(qtbot, config)
    for one in options_of(config):
        target = form.field(one.path).focus_target()
        assert target.accessibleName()
        assert one.about.text in target.accessibleDescription()


# what an operation wants although each option alone may be left out
WANTED = {
    "rework": {"images": ("1",)},
    "patients": {"pattern": r"(P\d+)_"},
    "patches": {"positive": "a"},
}


def test_every_operation_has_fields_for_all_its_options(qtbot):
    for spec in OPERATIONS.values():
        required = {o.path: something_for(o) for o in options_of(spec.config) if o.required}
        config = spec.config(**required, **WANTED.get(spec.name, {}))
        assert form_of(qtbot, config).config() == config


def test_a_value_out_of_its_range_is_named_beside_its_field_and_refused(qtbot):
    config = DistillConfig(project=Path("b"))
    form = form_of(qtbot, config)
    form.show_config(replace(config, experts=replace(config.experts, learning_rate=7.0)))
    found = form.problems()
    assert len(found) == 1
    with pytest.raises(ConfigError, match=r"experts\.learning_rate is 7"):
        form.config()
    shown = [w.text() for w in form.findChildren(QLabel) if w.property("kind") == "problem"]
    assert any("Learning rate is 7.0; it must be" in text for text in shown)


def test_text_that_is_no_number_is_a_problem_and_never_a_guess(qtbot):
    form = form_of(qtbot, DistillConfig(project=Path("b")))
    line = form.field("experts.learning_rate").focus_target()
    line.setText("fast")
    line.textEdited.emit("fast")
    assert any("learning_rate" in sentence for sentence in form.problems())
    line.setText("0,02")
    line.textEdited.emit("0,02")
    assert form.problems() == ()
    assert form.config().experts.learning_rate == 0.02


def test_rules_over_several_options_are_said_too(qtbot):
    form = form_of(qtbot, SplitConfig(project=Path("b")))
    form.field("validation").show_value(0.5)
    form.field("holdout").show_value(0.5)
    assert any("at least 20 %" in sentence for sentence in form.problems())


def test_another_method_brings_its_own_options_and_keeps_the_others(qtbot):
    form = form_of(qtbot, DistillConfig(project=Path("b"), images_per_class=4))
    with qtbot.waitSignal(form.changed):
        form.field("method").show_value("distribution")
    config = form.config()
    assert isinstance(config.options, DistributionOptions)
    assert config.images_per_class == 4
    with pytest.raises(KeyError):
        form.field("options.inner_steps")
    form.field("method").show_value("trajectory")
    assert value_at(form.config(), "options.inner_steps") == 10


def test_what_is_decided_elsewhere_is_kept_and_not_shown(qtbot):
    config = LabelConfig(project=Path("elsewhere"), class_column="kind")
    form = form_of(qtbot, config, leave_out={"project", "class_column"})
    with pytest.raises(KeyError):
        form.field("project")
    form.field("rule").show_value("folder")
    assert form.config() == config


def test_an_optional_path_may_be_empty_and_a_required_one_may_not(qtbot):
    form = form_of(qtbot, LabelConfig(project=Path("b"), table=Path("t.csv")))
    form.field("table").show_value(None)
    assert form.config().table is None
    form.field("project").show_value(None)
    with pytest.raises(ConfigError):
        form.config()


def test_what_does_not_matter_is_hidden_and_keeps_its_value(qtbot):
    config = LabelConfig(project=Path("b"), tag="Modality")
    form = form_of(qtbot, config, only_if={"tag": ("rule", "tag"), "table": ("rule", "table")})
    form.show()
    tag = form.field("tag").focus_target()
    assert not tag.isVisible()
    form.field("rule").show_value("tag")
    assert tag.isVisible()
    assert form.config().tag == "Modality"
    form.field("rule").show_value("folder")
    assert not tag.isVisible()
    assert form.config() == config
