"""Where claimed runs are carried out."""
