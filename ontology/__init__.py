"""What can be said: the ontology, its Python terms and values, IRI minting and errors."""
