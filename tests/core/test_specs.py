import dataclasses

from meddistill_gui.core.specs import METHODS, OPERATIONS


def test_names_are_keys_and_fit_a_command_line():
    for table in (OPERATIONS, METHODS):
        for name, spec in table.items():
            assert name == spec.name
            assert name.replace("-", "").replace("_", "").isalnum()


def test_only_what_works_in_a_run_folder_resumes():
    for spec in OPERATIONS.values():
        if spec.resumes:
            assert {"project", "name"} <= {field.name for field in dataclasses.fields(spec.config)}
