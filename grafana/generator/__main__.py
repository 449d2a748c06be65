"""Write every dashboard anew."""

from grafana.generator import BOARDS, FOLDER, document

for _name in BOARDS:
    (FOLDER / f"{_name}.json").write_text(document(_name), encoding="utf-8")
