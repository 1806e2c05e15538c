"""Adaptation by card: the plan, the rules, the gates, and services resolved by territory."""
