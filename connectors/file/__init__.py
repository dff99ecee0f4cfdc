"""The file connector: from bytes to rows, to cells, to the fields of a record."""

from connectors.file.connector import FileConnector, derive_import_id, read_dataset_name
from connectors.file.options import FileConfig

__all__ = ["FileConfig", "FileConnector", "derive_import_id", "read_dataset_name"]
