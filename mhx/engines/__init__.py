"""Translation engines at work: their names, opening, the chain they stand in, the way back."""
