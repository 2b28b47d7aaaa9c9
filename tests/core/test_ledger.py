import pytest

from meddistill_gui.core import ledger as ledgers
from meddistill_gui.core.errors import ProjectError
from meddistill_gui.core.ledger import Ledger


def test_what_was_written_is_read(tmp_path):
    ledger = Ledger(started_from=(None, 7, None), training=(3, 7), validation=(9,))
    ledgers.save(tmp_path / "ledger.json", ledger)
    assert ledgers.load(tmp_path / "ledger.json") == ledger


def test_a_run_of_an_older_version_has_none(tmp_path):
    assert ledgers.load(tmp_path / "ledger.json") is None


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"format": 9}', b'{"format": 1}',
     b'{"format": 1, "started_from": ["x"], "training": [], "validation": []}'],
)  # fmt: skip
def test_a_damaged_one_is_named(tmp_path, content):
    (tmp_path / "ledger.json").write_bytes(content)
    with pytest.raises(ProjectError, match="damaged"):
        ledgers.load(tmp_path / "ledger.json")
