"""The worker: builds roles, runs each until it is stopped, and supervises their processes."""
