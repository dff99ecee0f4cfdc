"""The demo's comments: invented patients of invented hospitals, for a first look."""
