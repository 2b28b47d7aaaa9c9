"""What travels beside the pixels (M6, M7): soft labels, learned rates, class counts. Listed, because each can carry something."""

from collections.abc import Iterator

from meddistill_gui.core.distilled import DistilledSet, are_hard, are_probabilities


def side_channels(distilled: DistilledSet) -> Iterator[str]:
    """One sentence for each thing that the bundle carries beside the pixels."""
    values = distilled.images
    if (values < 0).any() or (values > 1).any():
        yield (
            f"The numbers beside the pictures reach from {values.min():.1f} to {values.max():.1f}: they say more than the "
            "pictures show, and were searched as well."
        )
    yield _labels(distilled)
    count = len(distilled.learning_rates)
    yield f"{count} learned step {'size' if count == 1 else 'sizes'} for students."
    yield "Statistics of a trained network (batch normalisation) and trained networks do not travel."
    yield "Counts of patients and images are rounded, and none below 11 is named."


def _labels(distilled: DistilledSet) -> str:
    labels = distilled.labels
    if are_hard(labels):
        return "Labels are plain classes: one of the names, nothing learned."
    kind = "probabilities" if are_probabilities(labels) else "weights of the classes"
    return (
        f"Labels are learned {kind} ({labels.size} numbers); what they reveal was tested only as far as students "
        "trained on them do."
    )
