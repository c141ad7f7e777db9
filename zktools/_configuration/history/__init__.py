"""What was stored, by whom and why: the records beside a configuration."""
