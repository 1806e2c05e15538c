"""Encoder-decoder translation models: what the engines that run them share."""
