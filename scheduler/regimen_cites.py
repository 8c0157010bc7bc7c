"""Reads what a fact of a regimen file rests on: the documents, and the place in one of them."""

from collections.abc import Mapping

from scheduler.regimen import Cite, Source
from scheduler.toml_reader import UNREAD, TableReader, did_you_mean, shown


class Cites:
    """The documents of a regimen file, and the citations that name them."""

    def __init__(self, sources: TableReader) -> None:
        self._sources = _read_sources(sources)

    def read(self, reader: TableReader) -> Cite:
        """The citation in a table: its keys `source`, `section` and `verified`."""
        key = reader.text("source")
        source = self._sources.get(key)
        if source is None:
            if key != UNREAD:
                known = tuple(self._sources)
                reader.fault("source", f"{shown(key)} is not among [sources]; {did_you_mean(key, known)}")
            source = Source(key=key, title="", address="", dated=None)
        return Cite(source=source, section=reader.text("section", default=""), verified=reader.yes("verified"))

    def last(self, reader: TableReader) -> Cite:
        """The citation in a table of which everything else has been read."""
        cite = self.read(reader)
        reader.done()
        return cite


# ---------------------------------------------------------------------------------------------------------------------


def _read_sources(reader: TableReader) -> Mapping[str, Source]:
    sources = {}
    for key in reader.keys:
        inner = reader.table(key)
        dated = inner.day("dated") if inner.has("dated") else None
        title = inner.text("title")
        address = inner.text("address", default="")
        if not inner.has("address"):
            inner.fault("address", "is missing; give the document's address, or an empty text where there is none")
        if address and not address.startswith("https://"):
            inner.fault("address", "does not begin with https://; give the document's address or an empty text")
        inner.done()
        sources[key] = Source(key=key, title=title, address=address, dated=dated)
    if not sources:
        reader.fault("", "names no source; add at least one, such as [sources.label]")
    return sources
