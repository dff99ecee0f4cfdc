"""Social media and feeds: what people say in public."""
