"""A small set, its papers and its bundle."""

import pytest

from benchmarks.bundle_sample import make_papers, make_set
from meddistill_gui.bundle import writer
from meddistill_gui.bundle.writer import Papers
from meddistill_gui.core.distilled import DistilledSet


@pytest.fixture(scope="session")
def distilled() -> DistilledSet:
    return make_set()


@pytest.fixture(scope="session")
def papers() -> Papers:
    return make_papers()


@pytest.fixture(scope="session")
def bundle(distilled: DistilledSet, papers: Papers) -> bytes:
    return writer.pack(distilled, papers)


@pytest.fixture(scope="session")
def payload(distilled: DistilledSet, papers: Papers) -> dict[str, bytes]:
    return writer.payload(distilled, papers)
