from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from meddistill_gui.audit.spending import spent
from meddistill_gui.core.configs.audit import AuditConfig
from meddistill_gui.core.errors import ProjectError

CONFIG = AuditConfig(run=Path())


def test_other_audits_count_and_the_same_one_does_not(tmp_path, train, holdout, make_set):
    path = tmp_path / "audits.json"
    sets = [make_set(np.full((2, 1, 16, 16), grey), train) for grey in (0.1, 0.2, 0.3)]
    assert [spent(path, holdout, one, CONFIG) for one in sets] == [1, 2, 3]
    assert spent(path, holdout, sets[0], CONFIG) == 3
    assert spent(path, holdout, sets[0], replace(CONFIG, seed=1)) == 4


def test_a_fresh_holdout_begins_anew(tmp_path, train, holdout, make_set, make_hospital):
    path, made = tmp_path / "audits.json", make_set(np.zeros((2, 1, 16, 16)), train)
    assert spent(path, holdout, made, CONFIG) == 1
    shuffled = replace(holdout, ids=holdout.ids[::-1])
    assert spent(path, shuffled, replace(made, images=made.images + 1), CONFIG) == 2
    assert spent(path, make_hospital(30, seed=8, first=8000), made, CONFIG) == 1


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"a": 1}'])
def test_a_damaged_list_is_named(tmp_path, train, holdout, make_set, content):
    (tmp_path / "audits.json").write_bytes(content)
    with pytest.raises(ProjectError, match="damaged"):
        spent(tmp_path / "audits.json", holdout, make_set(np.zeros((2, 1, 16, 16)), train), CONFIG)
