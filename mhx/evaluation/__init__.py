"""What an evaluation says of the corpus: acceptance, translation, adaptation, examples."""
