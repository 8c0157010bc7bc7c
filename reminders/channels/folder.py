"""The embedded default: each mail becomes an .eml file, so that everything works without a mail server."""

import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from reminders.channels.delivery import DeliveryError, Fate, Outgoing, nothing


class FolderChannel:
    """Writes mails into a folder, for the owner's eyes only. A file is there whole, and stays, or not at all.

    The same mail sent again takes the same name, so it stands in the folder once.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def open(self) -> None:
        """Makes the folder if there is none."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise self._unusable(error) from None

    def send(self, mail: Outgoing, _meanwhile: Callable[[], None] = nothing, /) -> str:
        """Writes the file beside its place, then moves it there. Nobody else works on it, so nothing is done
        meanwhile."""
        content = mail.write()
        try:
            handle, name = tempfile.mkstemp(dir=self._folder, prefix=".", suffix=".part")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                Path(name).replace(self._folder / f"{mail.name}.eml")
            finally:
                with suppress(FileNotFoundError):
                    Path(name).unlink()
            self._settle_names()
        except OSError as error:
            raise self._unusable(error) from None
        return "written"

    def announce(self, sender: str, to: str, /) -> None:
        """Nobody wants to know."""

    def prepare(self, sender: str, to: str, /) -> None:
        """Nobody is there to get ready."""

    def close(self) -> None:
        """Nothing is kept open."""

    def hang_up(self) -> None:
        """Nobody else is waited for."""

    def _settle_names(self) -> None:
        # A new name is durable only when its folder is; Windows can't open one, and needs not.
        if os.name == "posix":
            handle = os.open(self._folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)

    def _unusable(self, error: OSError) -> DeliveryError:
        sentence = f"mail folder {self._folder}: can't be written ({error.strerror}); mend it, or set [mail] folder"
        return DeliveryError(sentence, fate=Fate.OURS)
