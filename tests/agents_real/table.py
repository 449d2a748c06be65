"""The README's table: which version of which program passed which scenario, made by running them.

.venv/bin/python -m tests.agents_real.table             # run all, and write the table
.venv/bin/python -m tests.agents_real.table FILE.xml …  # of runs that were made already
"""

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree  # the file is our own pytest's

from tests.agents_real.families import FAMILIES

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
INSTALLER = ROOT / "deploy" / "install_agents.sh"
_BEGIN, _END = "<!-- agents: begin -->", "<!-- agents: end -->"
_TEST = re.compile(r"test_(\w+)\[(\w+)(?:-.*)?\]", re.DOTALL)
_VERSION = re.compile(r"^(\w+) +\S+ +([\d.]+) ", re.MULTILINE)
_PASSED, _FAILED, _NONE = "✓", "✗", "–"


def results(*reports: Path) -> dict[tuple[str, str], str]:
    """(scenario, family) → how it went, by pytest's JUnit reports; the last that has it counts."""
    found: dict[tuple[str, str], str] = {}
    for report in reports:
        found |= _of(report)
    return found


def _of(report: Path) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for case in ElementTree.parse(report).iter("testcase"):
        if name := _TEST.fullmatch(case.get("name", "")):
            kinds = {child.tag for child in case}
            said = _FAILED if kinds & {"failure", "error"} else _PASSED
            said = _NONE if "skipped" in kinds else said
            if found.get((name[1], name[2])) != _FAILED:  # of one with several cases, each counts
                found[name[1], name[2]] = said
    return found


def table(found: dict[tuple[str, str], str]) -> str:
    """The results as Markdown: a scenario a row, a family a column."""
    versions = dict(_VERSION.findall(INSTALLER.read_text(encoding="utf-8").partition("agents=")[2]))
    families = [name for name in FAMILIES if any(family == name for _, family in found)]
    scenarios = list(dict.fromkeys(scenario for scenario, _ in found))
    heads = [f"{name} {versions[name]}" for name in families]
    lines = [_line(["", *heads]), _line(["---"] * (len(heads) + 1))]
    for scenario in scenarios:
        cells = [found.get((scenario, name), _NONE) for name in families]
        lines.append(_line([scenario.replace("_", " "), *cells]))
    return "\n".join(lines)


def write(text: str) -> None:
    """Put the table in its place in the README."""
    page = README.read_text(encoding="utf-8")
    head, _, rest = page.partition(_BEGIN)
    _, _, tail = rest.partition(_END)
    README.write_text(f"{head}{_BEGIN}\n{text}\n{_END}{tail}", encoding="utf-8")


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def main() -> int:
    """Run, or read, and write."""
    with tempfile.TemporaryDirectory() as scratch:
        reports = [Path(name) for name in sys.argv[1:]]
        code = 0
        if not reports:
            report = Path(scratch, "agents.xml")
            reports = [report]
            tests = str(Path(__file__).parent)
            code = subprocess.run(
                [sys.executable, "-m", "pytest", "-q", tests, f"--junitxml={report}"],
                cwd=ROOT, check=False,
            ).returncode  # fmt: skip
        write(table(results(*reports)))
    return code


if __name__ == "__main__":
    sys.exit(main())
