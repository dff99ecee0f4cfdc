"""What commands share: the console, options, and errors as one line."""
