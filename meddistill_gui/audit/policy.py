"""Every threshold of the audit in one place. They are choices, not laws of nature, so each report shows them.

Where a number has a source, it stands beside it; the others are ours (`docs/anonymity.md` says why).
"""

from typing import Final

HOLDOUT_PATIENTS: Final = 100
"""Fewest hold-out patients for a verdict other than CANNOT TELL."""

AUDITS_PER_HOLDOUT: Final = 5
"""Different audits that one hold-out may serve: whoever tries often enough finds a set that passes by chance."""

PATIENTS_PER_CLASS: Final = 11
"""Fewest training patients of a class; CMS forbids publishing any cell of 1 to 10."""

BLIND_SIDE: Final = 16
BLIND_FOLDS: Final = 5
BLIND_CONFIDENCE: Final = 0.99
"""Confidence of the blind baseline's interval: wide, because it is looked at in every audit."""

NEAR_DUPLICATE: Final = 0.995
"""Similarity from which a training and a hold-out image count as the same picture."""

BANDS: Final = (0.0, 1.0, 2.0)
"""Low-pass filters of the copy search: Gaussian, standard deviation in pixels of a 32 x 32 image."""

MARGIN_SIDE: Final = 64
MARGIN_NEIGHBOURS: Final = 50
"""Score A works on images of at most this side and compares the nearest patient with this many next ones."""

SEARCH_SIDES: Final = (32, 24, 16)
"""Score B, which tries many views, works on images of at most the first side; a band that holds less detail needs fewer
pixels, so each band has a side of its own."""

COMPONENTS: Final = (32, 64, 128)
"""Principal components that score D whitens; fewer where there are not four training images for each."""

DRESSED: Final = 250
"""Hold-out patients, at most, who wear an image's texture to be compared with it under score D."""

SAME_FILM: Final = 0.9
"""Similarity in whitened components from which a training and a hold-out image count as the same film."""

SURROGATES: Final = 99
"""Hold-out patients that wear a synthetic image's own texture (matched null), per image; and as many of pure noise with its
spectrum."""

REQUIRED_KINDS: Final = ("exact", "flip", "crop 90 %", "texture 0.3")
REQUIRED_FOUND: Final = 0.95
"""Planted kinds of which at least this share must be found, or the audit cannot tell."""

LIKE_PLANTED: Final = 0.5
"""A flagged image whose score lies above this quantile of the found planted copies' scores counts as a copy."""

CHANCE_OF_FLAGS: Final = 0.001
"""Where so many images exceed patients wearing their texture that chance does it more rarely than this, all of them count."""

OFF_MANIFOLD: Final = 0.99
"""Distances mean nothing where the set's median lies beyond this quantile of the hold-out's."""

SAME_SOURCE: Final = 0.01
"""Largest difference between the training images' brightness and what the recipe says, in units of full range."""

REIDENTIFIED_PATIENTS: Final = 200
"""Training patients with two images or more, at least, to learn from what makes a patient the same on another day."""

RECOGNISER_AUC: Final = 0.9
"""AUC that recognising must reach on pairs of new patients, or it says nothing."""

REIDENTIFIED_FOUND: Final = 0.5
"""Share of training patients' images from another day that must be found, or silence says nothing."""

STUDENTS: Final = 16
STUDENTS_ON_CPU: Final = 4
"""Students of the membership test; on a CPU it is called reduced."""

MEMBERSHIP_FEWEST: Final = 10
MEMBERSHIP_MOST: Final = 5000
"""Patients in the smallest and the largest group of the membership test."""

MEMBERSHIP_SET: Final = 30
MEMBERSHIP_PLANTED: Final = 60
MEMBERSHIP_SETS: Final = 10
MEMBERSHIP_REFERENCES: Final = 4
"""Its sets of real images: at most so many images in each (fewer if the distilled set has fewer), planted members wanted in all, sets
of them at most, and sets of reference patients."""

MEMBERSHIP_STEPS: Final = 200
MEMBERSHIP_RATE: Final = 0.02
MEMBERSHIP_MOMENTUM: Final = 0.9
"""How students are trained on them: all images in every step, without augmentation, so that they learn them by heart."""

MEMBERSHIP_POSITIVE: Final = 0.8
"""AUC that the attack must reach on planted members, or it is too weak to say anything."""

FALSE_ALARMS: Final = (0.01, 0.001)
"""Rates of false alarms at which members are picked out, where there are enough non-members to measure it."""

DEEP_RUNS: Final = 8
"""Further runs of the deep membership test from which its silence counts; fewer can find a leak, and clear nothing."""

HARDEST: Final = 0.05
"""Share of the patients that the deep membership test asks about as the hardest to classify."""

GUESSED: Final = 0.1
"""Share of the patients of each side about whom the one-run audit guesses, the surest ones."""

PICKED_OUT: Final = 2.0
"""Members picked out this many times as often as others, with confidence, are a leak."""

PER_FALSE_ALARM: Final = 10
"""A rate of false alarms is only named where the non-members would raise at least so many."""

RECOVERY_FACTOR: Final = 20.0
"""Starting patients recovered this many times as often as by guessing are a leak."""

CONFIDENCE: Final = 0.95
"""Confidence of every other interval."""

ROUNDING: Final = 10
"""Counts in a report that travels are rounded to this, and small ones hidden (`PATIENTS_PER_CLASS`)."""


def shown() -> tuple[tuple[str, str], ...]:
    """The policy as a reader of the report sees it: what, and how much."""
    return (
        ("Hold-out patients needed for a verdict", f"{HOLDOUT_PATIENTS}"),
        ("Different audits that a hold-out may serve", f"{AUDITS_PER_HOLDOUT}"),
        ("Training patients needed in each class", f"{PATIENTS_PER_CLASS}"),
        ("Similarity that counts as the same picture", f"{NEAR_DUPLICATE}"),
        ("Planted kinds that must be found", ", ".join(REQUIRED_KINDS)),
        ("Share of them that must be found", f"{REQUIRED_FOUND:.0%}"),
        (
            "Hold-out patients wearing each image's texture, and noise images like it",
            f"{SURROGATES}",
        ),
        ("Quantile of planted copies that counts as a copy", f"{LIKE_PLANTED:g}"),
        ("Chance below which so many flags count as copies", f"{CHANCE_OF_FLAGS:g}"),
        ("Starting patients recovered, times chance", f"{RECOVERY_FACTOR:g}"),
        ("Planted members that the membership test must tell, AUC", f"{MEMBERSHIP_POSITIVE}"),
        ("Pairs of new patients that must be recognised, AUC", f"{RECOGNISER_AUC}"),
        ("Training patients on another day that must be found, share", f"{REIDENTIFIED_FOUND:g}"),
        ("Neighbours in the margin score", f"{MARGIN_NEIGHBOURS}"),
        ("Confidence of intervals", f"{CONFIDENCE:.0%}; blind baseline {BLIND_CONFIDENCE:.0%}"),
    )
