"""Human review of a run: what waits goes out, decisions come back, the gate obeys them."""
