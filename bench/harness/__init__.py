"""What every benchmark shares: rounds, figures, our programs, the peers."""
