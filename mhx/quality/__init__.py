"""Quality of translations by neural measures: the COMET worker's client, estimates in a run."""
