"""FHIR: questionnaire responses of a FHIR server."""
