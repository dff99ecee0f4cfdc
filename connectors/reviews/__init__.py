"""Reviews: what people write where others look for it."""
