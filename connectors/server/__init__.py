"""``feedback serve``: receives webhooks and forms, and answers once Kafka has acknowledged."""
