"""The people whose keys this user knows: listed, added, forgotten."""

from collections.abc import Iterator

from meddistill_gui.bundle import keys, senders
from meddistill_gui.core.config import validate
from meddistill_gui.core.configs.bundle import SendersConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import BundleError
from meddistill_gui.core.events import Event, Finished, Started


def known_senders(config: SendersConfig, control: Control) -> Iterator[Event]:
    """Change the list as asked, then say it.

    Raises:
        BundleError: The line is no key, the name cannot be used, or nobody of that name is known.
        TargetError: The list cannot be written.
    """
    yield Started(operation="senders")
    control.safe_point()
    if validate(config).add:
        senders.remember(config.name, keys.public_key_of_line(config.add))
    if config.forget:
        _forget(config.forget)
    people = sorted((name, key.words, key.fingerprint) for key, name in senders.known().items())
    count = (
        "Nobody is"
        if not people
        else "1 sender is"
        if len(people) == 1
        else f"{len(people)} senders are"
    )
    yield Finished(
        summary={
            "text": f"{count} known.",
            "senders": [
                dict(zip(("name", "words", "fingerprint"), one, strict=True)) for one in people
            ],
        }
    )


def _forget(name: str) -> None:
    for key, known in senders.known().items():
        if known == name:
            senders.forget(key)
            return
    raise BundleError(f"Nobody is known as {name!r}.", "See the list: meddistill senders")
