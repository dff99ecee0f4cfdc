"""Issue trackers: a case's counterpart in Jira, in Zendesk, or behind a webhook."""
