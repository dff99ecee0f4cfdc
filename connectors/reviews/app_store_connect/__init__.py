"""Reviews of an app from App Store Connect, and replies to them."""
