"""Adapter training: bases, chat templates and masks, LoRA, generation, perplexity."""
