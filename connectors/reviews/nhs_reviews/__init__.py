"""The NHS website's ratings and reviews of organizations."""
