"""`feedback datasets`: the files that were imported, and how to take one back."""
