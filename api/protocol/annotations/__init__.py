"""``/annotations/``: the Web Annotation Protocol."""
