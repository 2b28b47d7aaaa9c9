import numpy as np

from meddistill_gui.core.real_images import UNKNOWN_PATIENT, RealImages


def images(*patients: int) -> RealImages:
    count = len(patients)
    return RealImages(
        images=np.zeros((count, 1, 2, 2), np.uint8),
        labels=np.zeros(count, np.int64),
        patients=np.array(patients, np.int64),
        ids=np.arange(count),
        class_names=("a",),
        role="train",
    )


def test_unknown_patients_count_as_one_each():
    some = images(1, 1, 2, UNKNOWN_PATIENT, UNKNOWN_PATIENT)
    assert some.patient_count == 4
    assert not some.patients_known
    assert len(some) == 5


def test_known_patients_count_once():
    assert images(7, 7, 9).patient_count == 2
    assert images(7, 7, 9).patients_known
