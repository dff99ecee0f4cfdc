"""``limesurvey``: responses to surveys of a LimeSurvey server."""
