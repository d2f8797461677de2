"""What the public opens: pages, charts and SDMX, made from the published zone of a publication alone."""
