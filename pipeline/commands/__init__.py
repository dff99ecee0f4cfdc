"""The `feedback` command's subcommands, one module each; ``pipeline.cli`` wires them."""
