"""Ways to break the evidence, and the tests that notice.

python -m benchmarks.mutants [--only WORD]

Each line changes one place of a copy of the program and runs the named test there: it must fail. A test that passes on a broken audit proves nothing.
The first run, without a change, shows that the tests pass as built.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
COPIED: Final = ("meddistill_gui", "resources", "tests", "pyproject.toml")


@dataclass(frozen=True)
class Mutant:
    """One change.

    Attributes:
        name: What is broken, in words.
        file: Where, below the package.
        old: What stands there once.
        new: What stands there instead.
        test: The test that must fail.
    """

    name: str
    file: str
    old: str
    new: str
    test: str


EXAMINATION: Final = "tests/audit/test_examination.py::"
AS_BUILT: Final = "tests/audit/test_mutants.py::test_the_check_passes_as_built"

MUTANTS: Final = (
    Mutant(
        "compare with the set instead of the training images",
        "audit/search.py",
        "views = ViewSearch(material.training)",
        "views = ViewSearch(material.readings[0])",
        AS_BUILT,
    ),
    Mutant(
        "shuffle the ledger",
        "audit/recovery.py",
        "truth = np.where(started >= 0, patients[started], -1)",
        "truth = np.where(started >= 0, np.roll(patients[started], 1), -1)",
        "tests/audit/test_recovery.py::test_images_left_as_they_started_are_all_recovered",
    ),
    Mutant(
        "use the training images as the hold-out",
        "audit/material.py",
        "_small(case.holdout.images, control)",
        "_small(case.train.images[: len(case.holdout)], control)",
        AS_BUILT,
    ),
    Mutant(
        "drop the mirrored views",
        "audit/views.py",
        "    for mirrored in (False, True)\n    for scale in _SCALES",
        "    for mirrored in (False, False)\n    for scale in _SCALES",
        AS_BUILT,
    ),
    Mutant(
        "return score A with the wrong sign",
        "audit/copy_search.py",
        "(top[:, 0] - rest.mean(1))",
        "(rest.mean(1) - top[:, 0])",
        "tests/audit/test_copy_search.py::test_an_exact_copy_beats_every_new_patient_and_names_its_own",
    ),
    Mutant(
        "skip compressed text chunks of PNG files",
        "bundle/unfolding.py",
        "if (layer[at] * 256 + layer[at + 1]) % 31 == 0:",
        "if False:",
        "tests/bundle/test_content_scan.py::test_each_plant_is_found",
    ),
    Mutant(
        "compare score D with patients who do not wear the texture",
        "audit/whitened.py",
        "texture = flattened(queries - low_passed(queries, _BAND))",
        "texture = 0 * flattened(queries - low_passed(queries, _BAND))",
        "tests/audit/test_whitened.py::test_nobody_is_the_hold_out_in_the_texture_of_the_image",
    ),
    Mutant(
        "do not whiten",
        "audit/whitened.py",
        "sizes[-count:].clamp_min(_FLAT).rsqrt()",
        "sizes[-count:].clamp_min(_FLAT).pow(0.5)",
        "tests/audit/test_whitened.py::test_half_a_patient_in_a_blend_is_found_and_named",
    ),
    Mutant(
        "prune real images by a bound that is none",
        "audit/nearest.py",
        "np.square(own[:, None] - other[None])",
        "np.square(own[:, None] + other[None])",
        "tests/audit/test_nearest.py::test_the_bound_is_one_whatever_float32_rounds_away",
    ),
    Mutant(
        "recognise patients without learning what stays the same",
        "audit/recogniser.py",
        "(turned * sizes.clamp_min(_TINY).rsqrt())",
        "(turned * sizes.clamp_min(_TINY).sqrt())",
        "tests/audit/test_reidentification.py::test_training_patients_on_another_day_are_found_and_named",
    ),
    Mutant(
        "take the recogniser at its word",
        "audit/reidentification.py",
        "    if told < policy.RECOGNISER_AUC:\n        return Verdict.CANNOT_TELL\n",
        "",
        "tests/audit/test_reidentification.py::test_where_days_differ_as_people_do_it_says_that_it_cannot_recognise_anybody",
    ),
    Mutant(
        "take the membership test at its word",
        "audit/membership.py",
        "positive < policy.MEMBERSHIP_POSITIVE or not negative.low",
        "not negative.low",
        "tests/audit/test_membership.py::test_a_weak_attack_cannot_tell",
    ),
    Mutant(
        "let a patient stand on both sides",
        "audit/preconditions.py",
        "        passed=len(shared) == 0,",
        "        passed=True,",
        EXAMINATION + "test_a_patient_on_both_sides_stops_it",
    ),
    Mutant(
        "let a p-value reach zero",
        "audit/statistics.py",
        "(1 + at_least) / (len(ordered) + 1)",
        "at_least / (len(ordered) + 1)",
        "tests/audit/test_statistics.py::test_conformal_p_counts_ties_and_never_reaches_zero",
    ),
    Mutant(
        "forget that a training image under another name is a copy",
        "audit/findings.py",
        "flagged=bool(flags[index] or exact[index]),\n            confirmed=bool(confirmed[index] or exact[index]),",
        "flagged=bool(flags[index]),\n            confirmed=bool(confirmed[index]),",
        "tests/audit/test_verdict.py::test_a_training_image_itself_counts_whatever_the_scores_say",
    ),
    Mutant(
        "believe an audit that misses known copies",
        "audit/verdict.py",
        "    yield from _blunt(evidence.planted)\n",
        "",
        "tests/audit/test_verdict.py::test_missing_known_copies_is_told",
    ),
    Mutant(
        "export an open LEAK FOUND",
        "audit/release.py",
        'if report["verdict"] == Verdict.LEAK_FOUND:',
        'if report["verdict"] == "":',
        "tests/audit/test_release.py::test_an_open_leak_is_refused_whatever_a_reviewer_says",
    ),
    Mutant(
        "do not check the chain of the review log",
        "audit/review_log.py",
        "if review.previous != (reviews[-1].digest if reviews else BEGINNING):",
        "if False:",
        "tests/audit/test_review_log.py::test_tampering_is_found_and_nothing_is_added",
    ),
    Mutant(
        "count ties as training patients",
        "audit/closeness.py",
        "first == second, 0.5,",
        "first == second, 1.0,",
        "tests/audit/test_closeness.py::test_an_image_on_both_sides_counts_one_half_whatever_the_order",
    ),
    Mutant(
        "believe a deep test that misses planted patients",
        "audit/deep_membership.py",
        "return Verdict.NO_LEAK_FOUND if self._able else Verdict.CANNOT_TELL",
        "return Verdict.NO_LEAK_FOUND",
        "tests/audit/test_deep_membership.py::test_without_its_positive_control_silence_says_nothing",
    ),
    Mutant(
        "let the coins drawn anew be the runs' own",
        "audit/deep_attack.py",
        "coins = random.random(answers.coins.shape) < 0.5",
        "coins = answers.coins",
        "tests/audit/test_deep_membership.py::test_learning_by_heart_is_found",
    ),
    Mutant(
        "learn from the very run that is attacked",
        "audit/deep_attack.py",
        "(own.sum(0) - own) / np.maximum(count, 1)",
        "own.sum(0) / np.maximum(chosen.sum(0), 1)",
        "tests/audit/test_deep_membership.py::test_a_ratio_is_that_of_two_gaussians_and_never_uses_its_own_run",
    ),
    Mutant(
        "hide the starting patients in the average",
        "audit/deep_attack.py",
        "if answers.started.any():\n        found[STARTED]",
        "if False:\n        found[STARTED]",
        "tests/audit/test_deep_membership.py::test_starting_patients_stand_in_their_own_row",
    ),
    Mutant(
        "forget what an earlier audit of the set found",
        "audit/earlier.py",
        "    if not said:\n",
        "    if True:\n",
        "tests/audit/test_earlier.py::test_it_stays_a_leak_whatever_the_next_audit_says",
    ),
    Mutant(
        "take other images under the old numbers for those of the run",
        "audit/preconditions.py",
        "elif ledger.pixels and ledger.pixels != pixels_of(train):",
        "elif False:",
        "tests/audit/test_ledger_checks.py::test_the_same_numbers_with_other_pixels_or_classes",
    ),
    Mutant(
        "let counts of patients travel",
        "audit/membership.py",
        "yield Reason(sentence=found.sentence, coarse=_coarse(found))",
        "yield same(found.sentence)",
        "tests/audit/test_on_request.py::test_a_leak_is_told_in_figures_and_travels_without_counts_of_patients",
    ),
    Mutant(
        "pass over a test that was asked for and not made",
        "audit/membership.py",
        "if isinstance(found, str) and verdict == Verdict.CANNOT_TELL:",
        "if False:",
        "tests/audit/test_on_request.py::test_a_test_that_was_asked_for_and_could_not_be_made_is_a_doubt",
    ),
    Mutant(
        "bound epsilon without confidence",
        "audit/statistics.py",
        "binomial_at_least(right, guesses, share) - (1 - confidence)",
        "binomial_at_least(right, guesses, share) - confidence",
        "tests/audit/test_statistics.py::test_the_epsilon_that_guesses_refute",
    ),
)


def main() -> None:
    """Print the table; exit 1 where a mutant lives."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", default="", help="mutants whose name holds this")
    chosen = [one for one in MUTANTS if parser.parse_args().only in one.name]
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        _copied(copy)
        tests = sorted({mutant.test for mutant in chosen})
        if not _passes(copy, tests):
            sys.exit("The tests do not pass as built.")
        print(f"{'broken':<62}{'noticed':<9}{'by':<84}s", flush=True)
        alive = [mutant.name for mutant in chosen if not _noticed(copy, mutant)]
    if alive:
        sys.exit(f"Alive: {', '.join(alive)}.")


def _noticed(copy: Path, mutant: Mutant) -> bool:
    """Apply it, run its test, take it back, print the line."""
    path = copy / "meddistill_gui" / mutant.file
    whole = path.read_text(encoding="utf-8")
    if whole.count(mutant.old) != 1:
        sys.exit(f"{mutant.name}: its place in {mutant.file} is gone; mend the mutant.")
    path.write_text(whole.replace(mutant.old, mutant.new), encoding="utf-8")
    began = time.monotonic()
    noticed = not _passes(copy, [mutant.test])
    path.write_text(whole, encoding="utf-8")
    took = time.monotonic() - began
    print(f"{mutant.name:<62}{'yes' if noticed else 'NO':<9}{mutant.test.partition('::')[2]:<84}{took:.0f}", flush=True)  # fmt: skip
    return noticed


def _copied(copy: Path) -> None:
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copy / name)


def _passes(copy: Path, tests: list[str]) -> bool:
    """Run tests of the copy; anything but passed and failed is an error of this benchmark."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
    environment = os.environ | {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)  # fmt: skip
    if done.returncode not in (0, 1):
        sys.exit(done.stdout[-2000:] + done.stderr[-2000:])
    return done.returncode == 0


if __name__ == "__main__":
    main()
