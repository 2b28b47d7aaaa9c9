from pathlib import Path

import pytest

from meddistill_gui.cli import arguments
from meddistill_gui.core.config import options_of, with_values
from meddistill_gui.core.configs.distill import DistillConfig
from meddistill_gui.core.configs.label import LabelConfig
from meddistill_gui.core.configs.scan import ScanConfig
from meddistill_gui.core.errors import ConfigError, ProjectError
from meddistill_gui.core.run_folder import create_run
from meddistill_gui.core.specs import METHODS, OPERATIONS


def parsed(line: str):
    return arguments.parse(line.split())


def test_values_arrive_in_the_config_with_their_types(tmp_path):
    request = parsed(
        f"distill --project {tmp_path} --images-size 16 --network-depth 2 --experts-learning-rate 0.5"
        " --no-experts-balanced --seed 7 --json"
    )
    expected = with_values(
        DistillConfig(project=tmp_path),
        {
            "images.size": 16,
            "network.depth": 2,
            "experts.learning_rate": 0.5,
            "experts.balanced": False,
            "seed": 7,
        },
    )
    assert request.config == expected
    assert request.as_json
    assert not request.event_lines


def test_nothing_said_means_the_defaults(tmp_path):
    assert parsed(f"distill --project {tmp_path}").config == DistillConfig(project=tmp_path)


def test_positional_and_relative_paths_become_absolute(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    config = parsed("scan images --project p").config
    assert config == ScanConfig(source=tmp_path / "images", project=tmp_path / "p")


def test_a_list_takes_several_words(tmp_path):
    config = parsed(f"label --ignore unclear other --project {tmp_path}").config
    assert isinstance(config, LabelConfig)
    assert config.ignore == ("unclear", "other")


@pytest.mark.parametrize("flag", ["--method distribution", "--method=distribution"])
def test_the_method_decides_its_own_flags(flag, tmp_path):
    request = parsed(f"distill --project {tmp_path} {flag} --options-batch 9")
    assert type(request.config.options).__name__ == "DistributionOptions"
    assert request.config.options.batch == 9


def test_flags_of_another_method_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="options-inner-steps"):
        parsed(f"distill --project {tmp_path} --method distribution --options-inner-steps 3")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("", "OPERATION"),
        ("destill", "invalid choice: 'destill'"),
        ("scan", "required"),
        ("distill", "--project is not given"),
        ("distill --project p --iterations 0", "iterations is 0; it must be 1 to 1,000,000"),
        ("distill --project p --iterations x", "invalid int value: 'x'"),
        ("distill --project p --method magic", "invalid choice: 'magic'"),
        ("distill --project p --iter 3", "Unrecognized arguments: --iter"),
        ("label --project p --rule table", "table is not set"),
    ],
)
def test_a_wrong_line_is_named_with_a_remedy(line, sentence):
    with pytest.raises(ConfigError) as caught:
        parsed(line)
    assert sentence in caught.value.message
    assert caught.value.remedy


def test_all_wrong_values_are_named_at_once():
    with pytest.raises(ConfigError) as caught:
        parsed("distill --project p --iterations 0 --seed -1")
    assert len(caught.value.problems) == 2


def test_resume_takes_the_frozen_config_also_after_a_move(tmp_path):
    config = DistillConfig(project=tmp_path / "before", name="run", seed=5)
    (tmp_path / "before").mkdir()
    create_run(config)
    (tmp_path / "before").rename(tmp_path / "after")
    request = parsed(f"distill --resume {tmp_path / 'after' / 'runs' / 'run'}")
    assert request.config.seed == 5
    assert request.config.project == tmp_path / "after"


def test_resume_refuses_other_options(tmp_path):
    with pytest.raises(ConfigError, match="--images-size cannot be changed"):
        parsed(f"distill --resume {tmp_path} --images-size 9")


def test_resume_of_no_run_is_named(tmp_path):
    with pytest.raises(ProjectError, match="is no run folder"):
        parsed(f"distill --resume {tmp_path}")


@pytest.mark.parametrize("name", OPERATIONS)
def test_help_names_every_option_with_its_text(name, capsys):
    with pytest.raises(SystemExit) as caught:
        parsed(f"{name} --help")
    assert caught.value.code == 0
    said = " ".join(capsys.readouterr().out.split())
    for one in options_of(OPERATIONS[name].config):
        assert (one.path.upper() if one.about.positional else one.flag) in said
        assert " ".join(one.about.text.split())[:30] in said.replace("- ", "-")


def test_help_tells_range_default_and_source(capsys):
    with pytest.raises(SystemExit):
        parsed("distill --help")
    said = " ".join(capsys.readouterr().out.split())
    assert "Number of experts. (1 to 1,000; default: 6; source: 100 in paper A)" in said


def test_help_of_a_chosen_method(capsys):
    with pytest.raises(SystemExit):
        parsed("distill --method distribution --help")
    said = capsys.readouterr().out
    assert "method: distribution" in said
    assert "--options-inner-steps" not in said


def test_version(capsys):
    with pytest.raises(SystemExit) as caught:
        parsed("--version")
    assert caught.value.code == 0
    assert capsys.readouterr().out.startswith("meddistill ")


@pytest.mark.parametrize("words", ["capsule export", "capsule-export"])
def test_two_words_name_an_operation_as_well(words, tmp_path):
    request = parsed(f"{words} {tmp_path} --to {tmp_path}")
    assert request.spec.name == "capsule-export"
    assert request.config.to == tmp_path


def test_a_path_may_hold_anything(tmp_path):
    odd = tmp_path / "größe %s {x}"
    request = arguments.parse(["scan", str(odd), "--project", str(tmp_path / "p")])
    assert request.config.source == Path(odd)


@pytest.mark.parametrize("name", METHODS)
def test_help_says_what_of_a_method_is_published_and_what_is_ours(name, capsys):
    for words in (
        ["distill", "--method", name, "--help"],
        ["estimate", f"--method={name}", "--help"],
    ):
        with pytest.raises(SystemExit):
            arguments.parse(words)
        said = " ".join(capsys.readouterr().out.split())
        for part in (METHODS[name].sentence, METHODS[name].standing, METHODS[name].paper):
            assert part in said


def test_help_without_a_method_speaks_of_the_default(capsys):
    with pytest.raises(SystemExit):
        arguments.parse(["distill", "--help"])
    assert METHODS["recommended"].standing in " ".join(capsys.readouterr().out.split())
