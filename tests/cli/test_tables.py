import io

from rich.console import Console

from meddistill_gui.cli import tables


def printed(summary) -> str:
    out = Console(file=io.StringIO(), width=110, color_system=None)
    for part in tables.rendered(summary):
        out.print(part)
    return out.file.getvalue()


def interval(mean, sd=0.02):
    return {"mean": mean, "sd": sd, "low": mean - sd, "high": mean + sd, "values": [mean]}


EVALUATION = {
    "format": 1,
    "class_names": ["normal", "opacity"],
    "test_images": 1234,
    "test_patients": 99,
    "rows": [
        {
            "name": name,
            "title": title,
            "training_images": images,
            "students": 3,
            "accuracy": interval(0.8),
            "balanced_accuracy": interval(mean),
            "macro_f1": interval(0.7),
            "auroc": interval(0.9),
            "calibration_error": interval(0.05),
            "per_class": [
                {
                    "class": one,
                    "sensitivity": 0.71,
                    "specificity": 0.82,
                    "harmonic_mean": 0.76,
                    "auroc": 0.93,
                }
                for one in ("normal", "opacity")
            ],
            "confusion": [[71.5, 0], [0, 1]],
            "seconds": 3.2,
        }
        for name, title, images, mean in (
            ("distilled", "4 synthetic images", 4, 0.751),
            ("random", "4 random real images", 4, 0.512),
            ("whole", "all real images", 15103, 0.812),
        )
    ],
}


def test_the_comparison_says_who_learned_from_what_and_how_well():
    said = printed({"text": "A sentence.", **EVALUATION})
    assert "On 1,234 test images" in said
    row = next(line for line in said.splitlines() if "4 synthetic images" in line)
    assert "0.751 ± 0.020" in row
    assert "15,103" in said
    assert "calibration error (15 bins): 0.050 ± 0.020" in said
    figures, taken = (
        [word for word in line.split() if word[0].isdigit()]
        for line in said.splitlines()
        if line.lstrip("│ ").startswith("normal ") and any(letter.isdigit() for letter in line)
    )
    assert figures == ["0.710", "0.820", "0.760", "0.930"]
    assert taken == ["71.5", "0.0"]
    assert said.rstrip().endswith("A sentence.")


def test_the_demo_s_table_has_its_own_header():
    said = printed(
        {"table": [["trained on", "size"], ["4 images", "5 kB"]], "report": "demo/report.html"}
    )
    assert said.index("trained on") < said.index("4 images")
    assert "report" in said
    assert "demo/report.html" in said


def test_counts_lists_and_facts():
    said = printed(
        {
            "classes": {"normal": 1200, "opacity": 3},
            "planted": [{"kind": "exact", "planted": 59, "found": 59, "values": [1, 2]}],
            "members": [["recipe.json", 1024], ["images/0.png", 77]],
            "reasons": ["First reason.", "Second reason."],
            "whole": True,
            "patients": None,
            "seconds": 3.14159,
            "nested": {"deep": {"deeper": 1}},
        }
    )
    for word in ("normal", "1,200", "exact", "59", "recipe.json", "Second reason.", "yes", "3.142"):
        assert word in said
    assert "patients" not in said
    assert "deeper" not in said


def test_markup_in_names_is_not_obeyed():
    assert "[red]x[/red]" in printed({"classes": {"[red]x[/red]": 1}, "text": "[bold]y[/bold]"})


def test_a_long_path_is_never_cut_off():
    path = "/very/" + "long/" * 40 + "path.html"
    assert path in printed({"report": path}).replace("\n", "").replace(" ", "").removeprefix(
        "report"
    )


def test_figures_without_counts_are_a_comparison_and_no_more():
    rows = [{**EVALUATION["rows"][0], "per_class": []}]
    said = printed({**EVALUATION, "rows": rows})
    assert "0.751 ± 0.020" in said
    assert "class by class" not in said
