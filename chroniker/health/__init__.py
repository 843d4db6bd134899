"""How the scheduler and its jobs are, for machines that watch it and for people at a terminal."""
