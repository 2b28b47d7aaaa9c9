"""A folder with everything that work has made, and how wrong input is refused without touching it."""

import contextlib
import hashlib
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from meddistill_gui.cli.main import main


@dataclass(frozen=True)
class World:
    """A source, a project made from it with one finished run, and its bundle.

    Attributes:
        root: Folder that holds all of it.
    """

    root: Path

    @property
    def source(self) -> Path:
        return self.root / "images"

    @property
    def project(self) -> Path:
        return self.root / "project"

    @property
    def run(self) -> Path:
        return self.project / "runs" / "small"

    @property
    def bundle(self) -> Path:
        return self.root / "set.distilled.zip"

    @property
    def dicom(self) -> Path:
        """One real DICOM file, uncompressed."""
        return self.root / "one.dcm"

    @property
    def new(self) -> Path:
        """A folder that is not there yet."""
        return self.root / "new"


def kept(world: World) -> dict[str, str]:
    """Everything that work has made, by content; the catalogue by its rows, for reading it touches the file."""
    files = [
        file
        for file in sorted(world.root.rglob("*"))
        if file.is_file() and file.name != "lock" and "catalogue.sqlite" not in file.name
    ]
    digests = {str(file): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
    with contextlib.closing(sqlite3.connect(world.project / "catalogue.sqlite")) as catalogue:
        digests["catalogue"] = "\n".join(catalogue.iterdump())
    return digests


def refused(words: list[object], capsys) -> str:
    """What the command line says to wrong input, when it says it as it must."""
    code = main([str(word) for word in words])
    out, said = capsys.readouterr()
    assert code == 2, said
    assert out == ""
    return explained(said)


def explained(said: str) -> str:
    """What was said, if it ends in a sentence and a remedy and shows nothing of the program's inside."""
    *_, sentence, remedy = said.strip().splitlines()
    assert "Traceback" not in said
    assert "unexpected error" not in said
    assert sentence.endswith(".")
    assert len(remedy.split()) > 2
    return said
