"""The error of the local engines, and the settings that its messages name."""

# One place for the names, so that renaming a setting changes the messages too.
KAFKA_PORT = "FEEDBACK_LOCAL_KAFKA_PORT"
KAFKA_CONTROLLER_PORT = "FEEDBACK_LOCAL_KAFKA_CONTROLLER_PORT"
ELASTICSEARCH_PORT = "FEEDBACK_LOCAL_ELASTICSEARCH_PORT"
HOME = "FEEDBACK_LOCAL_HOME"
CACHE = "FEEDBACK_LOCAL_CACHE"
USER = "FEEDBACK_LOCAL_USER"
OWN_KAFKA = "FEEDBACK_KAFKA_BOOTSTRAP_SERVERS"
OWN_ELASTICSEARCH = "FEEDBACK_ELASTICSEARCH_URL"


class EngineError(Exception):
    """An engine can't be installed, started or stopped; the message tells why and what to do."""
