"""The stages, one module each: reads the file of the stage before, writes its own."""
