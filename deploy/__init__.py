"""Deployment: local engines, the demo's comments, Kibana's saved objects, containers."""
