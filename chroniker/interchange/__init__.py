"""Jobs as text and back: what leaves an installation, and what an import would change in one."""
