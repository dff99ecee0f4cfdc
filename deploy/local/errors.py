"""What the room tells a user when it can't do its work, and the settings it names there."""

# One place for the names, so that a renamed setting is renamed in the sentences too.
KAFKA_PORT = "FEEDBACK_LOCAL_KAFKA_PORT"
KAFKA_CONTROLLER_PORT = "FEEDBACK_LOCAL_KAFKA_CONTROLLER_PORT"
ELASTICSEARCH_PORT = "FEEDBACK_LOCAL_ELASTICSEARCH_PORT"
HOME = "FEEDBACK_LOCAL_HOME"
CACHE = "FEEDBACK_LOCAL_CACHE"
USER = "FEEDBACK_LOCAL_USER"
OWN_KAFKA = "FEEDBACK_KAFKA_BOOTSTRAP_SERVERS"
OWN_ELASTICSEARCH = "FEEDBACK_ELASTICSEARCH_URL"


class EngineError(Exception):
    """The engines can't be had; ``str()`` is one sentence that says why and what to do."""
