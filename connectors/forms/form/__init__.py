"""The form that ``feedback serve`` shows, and JSON that is posted to it."""
