"""E-mail: a mailbox read over IMAP."""
