"""The one page that shows how to write a check is run as it stands."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path

import pytest

from pgssi_probe.check.harness import page, run_check, slugs
from pgssi_probe.registry import RegisteredCheck, read_declaration

PAGE = Path(__file__).parents[2] / "CONTRIBUTING.md"


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RegisteredCheck:
    blocks = dict(re.findall(r"```(yaml|python)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[:2])
    (tmp_path / "refusal_of_the_page.yaml").write_text(blocks["yaml"], encoding="utf-8")
    (tmp_path / "refusal_of_the_page.py").write_text(blocks["python"], encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    declared = tmp_path / "refusal_of_the_page.yaml"
    yield RegisteredCheck(read_declaration(declared), "refusal_of_the_page", declared)
    sys.modules.pop("refusal_of_the_page", None)


async def test_the_check_of_the_page_works(written: RegisteredCheck) -> None:
    found = await run_check(written, {"https://portal.example/cafe": page(status=418)})
    assert slugs(found) == {"teapot"}
    assert found[0].sentence.fr == "https://portal.example répond 418 : c'est une théière."
    assert slugs(await run_check(written, {})) == {"server"}
