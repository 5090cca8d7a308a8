import shutil
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def chromium(playwright):
    """The system's Chromium where there is one, else Playwright's own."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or playwright.chromium.executable_path
    if not Path(program).exists():
        pytest.skip("no Chromium on this machine")
    browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
    yield browser
    browser.close()
