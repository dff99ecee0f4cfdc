"""SurveyMonkey: survey responses."""
