"""``feedback serve``: takes in what webhooks and forms send, and answers once Kafka has it."""
