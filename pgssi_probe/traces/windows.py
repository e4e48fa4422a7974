"""Events exported by Windows in XML (`wevtutil`, `Get-WinEvent`, the event viewer). A document type is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from pgssi_probe.traces.fields import from_pairs
from pgssi_probe.traces.record import Record

EVENT_MAX: Final = 262_144
OPENS: Final = re.compile(r"<Event[\s>]")
CLOSES: Final = "</Event>"
FIELDS_MAX: Final = 200


def windows_events(every: Iterator[tuple[int, str]], near: datetime) -> Iterator[Record]:
    """Events one by one, whatever the line breaks; what is torn, too long or not XML is left out."""
    kept, began = "", 0
    for line, text in every:
        if not kept:
            began = line
        kept += text + "\n"
        while True:
            opened = OPENS.search(kept)
            if opened is None:
                kept = kept[-10:] if len(kept) > EVENT_MAX else kept
                break
            closed = kept.find(CLOSES, opened.start())
            if closed < 0:
                kept = kept[opened.start() :]
                if len(kept) > EVENT_MAX:
                    kept = kept[7:]  # an event without an end: the next one may be whole
                    continue
                break
            event = kept[opened.start() : closed + len(CLOSES)]
            kept = kept[closed + len(CLOSES) :]
            record = _record(event, began, near) if len(event) <= EVENT_MAX else None
            if record is not None:
                yield record
            began = line


def _record(event: str, line: int, near: datetime) -> Record | None:
    from lxml import etree

    if "<!" in event.replace("<![CDATA[", ""):
        return None
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(event.encode("utf-8", "replace"), parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    pairs: dict[str, str] = {}
    for place, element in enumerate(root.iter()):
        if place > FIELDS_MAX or not isinstance(element.tag, str):
            continue
        name = element.tag.rpartition("}")[2]
        if name == "TimeCreated":
            pairs["TimeCreated"] = element.get("SystemTime", "")
        elif name in {"EventID", "Message", "Computer"}:
            pairs.setdefault({"Computer": "host"}.get(name, name), (element.text or "").strip()[:8192])
        elif name == "Data":
            pairs.setdefault(element.get("Name") or f"Data{place}", (element.text or "").strip()[:8192])
    plain = " ".join(pairs.values())
    return from_pairs(pairs, f"{plain}\n{event}", line, near)
