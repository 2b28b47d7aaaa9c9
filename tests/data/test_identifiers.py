from meddistill_gui.data.catalogue import open_catalogue
from meddistill_gui.data.identifiers import identifiers


def test_patients_studies_files_and_folders_are_named_but_ordinary_words_are_not(tmp_path):
    with open_catalogue(tmp_path / "catalogue.sqlite") as catalogue:
        run = catalogue.connection.execute
        run("INSERT INTO patient (identity, issuer) VALUES ('ID-4711', 'Ward 7 North')")
        run("INSERT INTO study (uid, accession) VALUES ('1.2.840.99.1', 'ACC0815')")
        run("INSERT INTO series (uid, description) VALUES ('1.2.840.99.2', 'Chest')")
        run(
            "INSERT INTO file (path, size, modified, kind) VALUES ('images/Smith_Jane/IM0001.dcm', 1, 1, 'dicom')"
        )
        found = identifiers(catalogue)
    assert {"ID-4711", "Ward 7 North", "1.2.840.99.1", "ACC0815", "Smith_Jane", "IM0001"} <= found
    assert not {"Chest", "images"} & found
