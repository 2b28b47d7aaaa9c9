"""The tree holds every image exactly once, at each of its three levels."""

import numpy as np

from meddistill_gui.data.catalogue import Catalogue
from meddistill_gui.data.search import Search
from meddistill_gui.data.tree import UNKNOWN, patient_names, patients, series, studies
from tests.data.conftest import IMAGES, PATIENTS


def test_every_image_is_in_one_series_of_one_study_of_one_patient(labelled: Catalogue) -> None:
    found = patients(labelled.connection)
    assert len(found.ids) == PATIENTS
    assert found.images.sum() == IMAGES
    names = patient_names(labelled.connection, found.ids.tolist())
    assert [names[i] for i in found.ids.tolist()] == sorted(names.values())
    for patient, images in zip(found.ids.tolist(), found.images.tolist(), strict=True):
        below = studies(labelled.connection, patient)
        assert sum(study.images for study in below) == images
        for study in below:
            leaves = series(labelled.connection, patient, study.id)
            assert sum(leaf.images for leaf in leaves) == study.images
            for leaf in leaves:
                ids = labelled.image_ids(Search(branch=(patient, study.id, leaf.id)))
                assert len(ids) == leaf.images
                kinds = {row.modality for row in labelled.images(ids)}
                assert kinds == set(leaf.modalities.split(","))


def test_images_without_a_patient_come_last(labelled: Catalogue) -> None:
    lost = [int(one) for one in labelled.image_ids()[:3]]
    with labelled.transaction() as connection:
        connection.executemany(
            "UPDATE image SET patient = NULL, study = NULL, series = NULL WHERE id = ?",
            [(one,) for one in lost],
        )
    found = patients(labelled.connection)
    assert (found.ids[-1], found.images[-1]) == (UNKNOWN, 3)
    (study,) = studies(labelled.connection, None)
    assert (study.id, study.name, study.images) == (None, "", 3)
    assert [one.images for one in series(labelled.connection, None, None)] == [3]
    assert sorted(labelled.image_ids(Search(branch=(None,)))) == sorted(lost)


def test_patients_are_found_by_a_part_of_their_identity(labelled: Catalogue) -> None:
    every = patients(labelled.connection)
    names = patient_names(labelled.connection, every.ids.tolist())
    wanted = next(iter(names.values()))
    found = patients(labelled.connection, wanted[1:].lower())
    assert {names[i] for i in found.ids.tolist()} == {
        n for n in names.values() if wanted[1:].lower() in n.lower()
    }
    assert patients(labelled.connection, "no such patient").ids.shape == (0,)
    assert patients(labelled.connection, "%").ids.dtype == np.int64
