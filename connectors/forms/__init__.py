"""Forms: what people write to the organization itself."""
