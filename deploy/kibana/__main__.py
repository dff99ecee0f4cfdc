"""``python -m deploy.kibana`` writes ``feedback.ndjson`` in this folder."""

from pathlib import Path

from deploy.kibana.saved_objects import ndjson

if __name__ == "__main__":
    Path(__file__).with_name("feedback.ndjson").write_bytes(ndjson())
