"""Check a bundle before anybody believes it."""

from collections.abc import Iterator

from meddistill_gui.bundle import sealing, senders
from meddistill_gui.core.config import validate
from meddistill_gui.core.configs.bundle import VerifyConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.distilled import recipe_to_json
from meddistill_gui.core.events import Event, Finished, Started


def verify(config: VerifyConfig, control: Control) -> Iterator[Event]:
    """Say what a bundle holds, if it is whole and well-formed.

    Raises:
        BundleError: It is not; the sentence says in what way.
    """
    yield Started(operation="verify")
    control.safe_point()
    bundle = sealing.opened(validate(config).bundle, config.identity)
    signer = bundle.signer
    recipe = bundle.distilled.recipe
    yield Finished(
        summary={
            "text": f"{config.bundle.name} is whole: {len(bundle.distilled.images)} images of {len(recipe.class_names)} classes.",
            "bundle": str(bundle.path),
            "sha256": bundle.sha256,
            "bytes": bundle.size,
            "title": bundle.title,
            "contact": bundle.contact,
            "licence": bundle.licence,
            "signed_by": signer.fingerprint if signer else None,
            "signed_by_words": signer.words if signer else None,
            "sender": senders.known().get(signer) if signer else None,
            "known_script": bundle.known_script,
            "members": [list(member) for member in bundle.members],
            "recipe": recipe_to_json(recipe),
            "evaluation": bundle.evaluation,
            "audit": bundle.audit,
        }
    )
