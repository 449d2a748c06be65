"""Write every dashboard anew."""

from grafana.generator import BOARDS, FOLDER, LOG, as_json, document, logs

for _name in BOARDS:
    (FOLDER / f"{_name}.json").write_text(document(_name), encoding="utf-8")
LOG.write_text(as_json(logs.dashboard()), encoding="utf-8")
