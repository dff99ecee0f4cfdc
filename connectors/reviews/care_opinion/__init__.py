"""Care Opinion: stories of patients."""
