"""Tables: rows of CSV, JSON and workbooks, whichever way they are written."""
