"""Raw documents: which files a source has, how they are read, the main text of pages."""
