"""Jobs that code declares: what they are, and how the tables are made to agree with them."""
