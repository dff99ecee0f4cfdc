"""``redcap``: answers to surveys of REDCap projects."""
