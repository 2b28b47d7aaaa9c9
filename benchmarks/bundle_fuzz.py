"""What a damaged or hostile bundle does to the reader: `python -m benchmarks.bundle_fuzz [--mutants 100000] [--flips 10000]`.

Flips: every single flipped bit must be refused with a sentence (`BundleError`).
Mutants: bundles changed at random in many ways, half of them with checksums and headers made to fit again, as an attacker
would. The reader may refuse, or accept what still says the same; it may not crash, write a file, or take over 1 GB.
"""

import argparse
import dataclasses
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.bundle_sample import make_papers, make_set
from meddistill_gui.bundle import archive, bag, texts, verifier, writer
from meddistill_gui.bundle.format import README
from meddistill_gui.core.errors import BundleError

Mutation = Callable[[bytearray, random.Random], bytearray]
PATH: Final = Path("fuzzed.distilled.zip")


def flip_bits(content: bytearray, source: random.Random) -> bytearray:
    """One to eight bits."""
    for _ in range(source.randint(1, 8)):
        content[source.randrange(len(content))] ^= 1 << source.randrange(8)
    return content


def overwrite(content: bytearray, source: random.Random) -> bytearray:
    """A run of bytes: zeros, ones, or noise."""
    begin, length = source.randrange(len(content)), source.randint(1, 64)
    fill = source.choice([b"\0" * length, b"\xff" * length, source.randbytes(length)])
    content[begin : begin + length] = fill
    return content


def cut_out(content: bytearray, source: random.Random) -> bytearray:
    """A piece is missing."""
    begin = source.randrange(len(content))
    del content[begin : begin + source.randint(1, 5000)]
    return content


def insert(content: bytearray, source: random.Random) -> bytearray:
    """A piece too many, from elsewhere in the file or noise."""
    begin, length = source.randrange(len(content)), source.randint(1, 500)
    piece = content[begin : begin + length] if source.random() < 0.5 else source.randbytes(length)
    at = source.randrange(len(content) + 1)
    content[at:at] = piece
    return content


def number(content: bytearray, source: random.Random) -> bytearray:
    """A 2, 4 or 8 byte number becomes an extreme one: lengths, counts, offsets."""
    width = source.choice([2, 4, 8])
    at = source.randrange(max(1, len(content) - width))
    value = source.choice([0, 1, 255, 2**15, 2**16 - 1, 2**31, 2**32 - 1, 2**63, 2**64 - 1])
    content[at : at + width] = (value % 2 ** (8 * width)).to_bytes(width, "little")
    return content


def digits(content: bytearray, source: random.Random) -> bytearray:
    """A number in a text becomes an extreme one."""
    places = [at for at, byte in enumerate(content[:4096]) if 48 <= byte <= 57]
    if not places:
        return flip_bits(content, source)
    at = source.choice(places)
    new = source.choice(
        [b"-1", b"1e999", b"NaN", b"0", b"9" * 30, b"[[[[", b'"x"', b"null", b"true"]
    )
    content[at : at + 1] = new
    return content


MUTATIONS: Final[tuple[Mutation, ...]] = (flip_bits, overwrite, cut_out, insert, number, digits)


def mutant(bundle: bytes, payload: dict[str, bytes], source: random.Random) -> tuple[str, bytes]:
    """A changed bundle, and how it was changed."""
    mutation = source.choice(MUTATIONS)
    if source.random() < 0.5:
        return mutation.__name__, bytes(mutation(bytearray(bundle), source))
    name = source.choice(sorted(payload))
    content = mutation(bytearray(payload[name]), source)
    files = payload | {name: bytes(content)}
    if source.random() < 0.05:
        del files[source.choice(sorted(files))]
    packed = archive.write_archive(bag.bagged(files, (README, texts.readme().encode())))
    return f"{mutation.__name__}, checksums mended", packed


def verdict(content: bytes) -> str:
    """What the reader says: "refused" or "accepted"; anything else is raised."""
    try:
        verifier.verify_content(content, PATH)
    except BundleError as error:
        if not error.message or not error.remedy:
            raise AssertionError("an error without a sentence") from error
        return "refused"
    return "accepted"


def flips(bundle: bytes, count: int, source: random.Random) -> int:
    """Number of flipped bits that were found."""
    found = 0
    for bit in source.sample(range(8 * len(bundle)), min(count, 8 * len(bundle))):
        changed = bytearray(bundle)
        changed[bit // 8] ^= 1 << bit % 8
        found += verdict(bytes(changed)) == "refused"
    return found


def mutants(bundle: bytes, payload: dict[str, bytes], count: int, source: random.Random) -> Counter[tuple[str, str]]:  # fmt: skip
    """How often each kind of change was refused or accepted."""
    table: Counter[tuple[str, str]] = Counter()
    for _ in range(count):
        kind, content = mutant(bundle, payload, source)
        table[kind, "unchanged" if content == bundle else verdict(content)] += 1
    return table


def largest() -> tuple[int, float]:
    """Size in bytes of a bundle near the limit, and the peak memory in MB of a process that checks it."""
    side, count = 256, 820
    small = make_set()
    recipe = dataclasses.replace(small.recipe, size=side, images_per_class=count // 4)
    images = np.random.default_rng(0).normal(0.5, 0.3, (count, 1, side, side)).astype(np.float32)
    labels = np.repeat(small.labels, count // 4, axis=0)
    large = dataclasses.replace(small, images=images, labels=labels, recipe=recipe)
    code = (
        "import sys, resource, pathlib; from meddistill_gui.bundle import verifier;"
        "verifier.verify(pathlib.Path(sys.argv[1]));"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.distilled.zip"
        path.write_bytes(writer.pack(large, make_papers()))
        command = [sys.executable, "-c", code, str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return path.stat().st_size, float(done.stdout)


def main() -> int:
    """Run both and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutants", type=int, default=100_000)
    parser.add_argument("--flips", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--largest", action="store_true", help="measure a bundle near the limit")
    wishes = parser.parse_args()
    if wishes.largest:
        size, memory = largest()
        print(f"a bundle of {size / 2**20:,.0f} MiB is checked with {memory:,.0f} MB at the most")
        return 0 if memory < 1000 else 1
    source = random.Random(wishes.seed)  # noqa: S311 - not for secrets
    bundle = writer.pack(make_set(), make_papers())
    payload = writer.payload(make_set(), make_papers())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        began = time.monotonic()
        found = flips(bundle, wishes.flips, source)
        table = mutants(bundle, payload, wishes.mutants, source)
        seconds = time.monotonic() - began
        written = list(Path(folder).iterdir())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"bundle of {len(bundle):,} bytes, seed {wishes.seed}, {seconds:.0f} s")
    print(f"single flipped bits: {found:,} of {wishes.flips:,} found")
    print(f"{'mutants':42}{'refused':>10}{'accepted':>10}{'unchanged':>10}")
    for kind in sorted({kind for kind, _ in table}):
        counts = (table[kind, what] for what in ("refused", "accepted", "unchanged"))
        print(f"{kind:42}" + "".join(f"{count:>10,}" for count in counts))
    print(f"crashes 0, files written {len(written)}, peak memory {peak / 1024:,.0f} MB ({before / 1024:,.0f} MB before)")  # fmt: skip
    return 0 if found == wishes.flips and not written else 1


if __name__ == "__main__":
    sys.exit(main())
