"""What runs the pipeline: local engines, the demo's comments, Kibana's objects, containers."""
