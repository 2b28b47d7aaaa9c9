"""What a run computes its steps by, in its folder (`speed.json`): a run that goes on takes the same way."""

import json
import logging
from dataclasses import asdict
from pathlib import Path
from typing import Final

import torch

from meddistill_gui.core.files import write_whole
from meddistill_gui.engine.acceleration.choosing import Choice, Trial, way_named

_FORMAT: Final = 1
_LOG: Final = logging.getLogger(__name__)


def save(path: Path, choice: Choice, device: torch.device) -> None:
    """Write it down.

    Raises:
        TargetError: The disk is full or gone.
    """
    content = {"format": _FORMAT, **_machine(device), **asdict(choice)}
    write_whole(path, json.dumps(content, indent=1).encode())


def load(path: Path, device: torch.device) -> Choice | None:
    """What was chosen on such a device and with this torch; None where nothing was, or the file cannot be used."""
    if not path.is_file():
        return None
    try:
        content = json.loads(path.read_bytes())
        if content["format"] != _FORMAT or any(
            content[name] != value for name, value in _machine(device).items()
        ):
            _LOG.info("%s is of another device or version; ways are tried again", path.name)
            return None
        choice = Choice(
            taken=content["taken"],
            why=content["why"],
            trials=tuple(Trial(**one) for one in content["trials"]),
        )
        way_named(choice.taken)
    except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
        _LOG.warning("%s cannot be read (%s); ways are tried again", path.name, error)
        return None
    return choice


def _machine(device: torch.device) -> dict[str, str]:
    on_gpu = device.type == "cuda"
    name = torch.cuda.get_device_name(device) if on_gpu else device.type
    return {"device": name, "torch": torch.__version__}
