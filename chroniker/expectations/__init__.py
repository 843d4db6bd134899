"""What should have happened, as a job's own history tells it, and what to say if it has not."""
