"""Small whole files of the formats that no library ships examples of, for `benchmarks.fuzz_readers` to damage."""

from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import openpyxl
from PIL import Image

_SIDE = 48


def write_samples(folder: Path) -> list[Path]:
    """Pictures, volumes, sets and tables, the same bytes every time."""
    rng = np.random.default_rng(0)
    _pictures(folder, rng.integers(0, 256, (_SIDE, _SIDE), dtype=np.uint8))
    _volumes(folder, rng)
    _sets(folder, rng)
    _tables(folder)
    return sorted(folder.iterdir())


def _pictures(folder: Path, grey: "np.ndarray[Any, np.dtype[np.uint8]]") -> None:
    image, wide = Image.fromarray(grey), Image.fromarray(grey.astype(np.uint16) * 257)
    colour = Image.merge("RGB", (image, image.rotate(90), image.rotate(180)))
    image.save(folder / "grey.png")
    wide.save(folder / "wide.png")
    colour.quantize(16).save(folder / "palette.png")
    image.save(folder / "grey.jpg")
    colour.save(folder / "progressive.jpg", progressive=True)
    wide.save(folder / "wide.tif")
    image.save(
        folder / "pages.tif", save_all=True, append_images=[image] * 2, compression="tiff_lzw"
    )
    colour.save(folder / "colour.tif", compression="tiff_deflate")
    colour.save(folder / "colour.bmp")


def _volumes(folder: Path, rng: np.random.Generator) -> None:
    turned = np.diag((-2.0, 1.0, 3.0, 1.0))
    scan = nibabel.Nifti1Image(rng.integers(-1000, 1000, (20, 22, 9), dtype=np.int16), turned)
    series = nibabel.Nifti2Image(rng.random((12, 14, 6, 3), dtype=np.float32), turned)
    nibabel.save(scan, folder / "scan.nii")
    nibabel.save(scan, folder / "scan.nii.gz")
    nibabel.save(series, folder / "series.nii.gz")


def _sets(folder: Path, rng: np.random.Generator) -> None:
    arrays: dict[str, Any] = {}
    for part, count in (("train", 12), ("val", 4), ("test", 4)):
        arrays[f"{part}_images"] = rng.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        arrays[f"{part}_labels"] = rng.integers(0, 3, (count, 1))
    np.savez(folder / "stored.npz", **arrays)
    np.savez_compressed(folder / "compressed.npz", **arrays)


def _tables(folder: Path) -> None:
    rows = [("path", "patient", "class")]
    rows += [(f"bilder/{n:03d}.dcm", f"Müller {n}", "ja" if n % 2 else "nein") for n in range(40)]
    text = "\n".join(";".join(row) for row in rows)
    (folder / "table.csv").write_bytes(text.encode("cp1252"))
    book = openpyxl.Workbook()
    for row in rows:
        book.worksheets[0].append(row)
    book.save(folder / "table.xlsx")
