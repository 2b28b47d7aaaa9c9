"""The one error tree of the program. Every error says what is wrong and what to do about it.

    MedDistillError
    ├── InputError                 the user's input cannot be used                  (exit code 2)
    │   ├── ConfigError            one or more options are outside their range
    │   ├── SourceError            a source folder or file cannot be read
    │   ├── ProjectError           a project or run folder is missing, damaged or newer than the program
    │   ├── BusyError              another process holds the project or the run
    │   ├── LabelError             classes are missing or contradict each other
    │   ├── SplitError             too few patients for the split that was asked for
    │   ├── BundleError            a bundle is damaged, forged, too large or not a bundle
    │   └── TargetError            the place to write to is missing, read-only, full or vanished
    ├── RunError                   the work itself failed                           (exit code 1)
    │   ├── DivergedError          distillation left the finite numbers and could not recover
    │   ├── OutOfMemoryError       the device has too little memory even for the smallest micro-batch
    │   └── JobDiedError           the child process ended without saying why
    └── Stopped                    the user asked to stop; what was done is kept    (exit code 130)

Only these reach a dialog or a terminal as plain sentences; anything else is a bug and shows its traceback in the log.
"""

from collections.abc import Sequence
from typing import ClassVar, Final

from typing_extensions import override


class MedDistillError(Exception):
    """Base of every error that a user may see.

    Args:
        message: What is wrong, one sentence.
        remedy: What the user can do about it, one sentence.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message, remedy)
        self.message = message
        self.remedy = remedy

    @override
    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


class InputError(MedDistillError):
    """The user's input cannot be used; nothing that was done before is lost."""

    exit_code = 2


class ConfigError(InputError):
    """One or more options are outside their range; all of them are named at once.

    Args:
        problems: One sentence per option.
    """

    def __init__(self, problems: Sequence[str], remedy: str = "Change these options.") -> None:
        super().__init__(" ".join(problems), remedy)
        self.problems = tuple(problems)


class SourceError(InputError):
    """A source folder or file cannot be read."""


class ProjectError(InputError):
    """A project or run folder is missing, damaged or made by a newer version."""


class BusyError(InputError):
    """Another process holds the project or the run."""


class LabelError(InputError):
    """Classes are missing or contradict each other."""


class SplitError(InputError):
    """Too few patients for the split that was asked for."""


class BundleError(InputError):
    """A bundle is damaged, forged, too large or not a bundle at all."""


class TargetError(InputError):
    """The place to write to is missing, read-only, full or has vanished."""


class RunError(MedDistillError):
    """The work itself failed."""


class DivergedError(RunError):
    """Distillation left the finite numbers and could not recover."""


class OutOfMemoryError(RunError):
    """The device has too little memory even for the smallest micro-batch."""


class JobDiedError(RunError):
    """The child process ended without saying why."""


class Stopped(MedDistillError):  # noqa: N818 - not an error: the user asked for it
    """The user asked to stop; what was done is kept."""

    exit_code = 130


def _tree(root: type[MedDistillError]) -> dict[str, type[MedDistillError]]:
    found = {root.__name__: root}
    for child in root.__subclasses__():
        found |= _tree(child)
    return found


BY_NAME: Final = _tree(MedDistillError)


def rebuild(name: str, message: str, remedy: str) -> MedDistillError:
    """Make the error again that a child process reported by its class name.

    Args:
        name: Class name; an unknown one becomes a `RunError`.
        message: What is wrong.
        remedy: What to do.
    """
    cls = BY_NAME.get(name, RunError)
    if cls is ConfigError:
        return ConfigError([message], remedy)
    return cls(message, remedy)
