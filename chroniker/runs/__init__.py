"""How one run goes, from its start to its recorded end."""
