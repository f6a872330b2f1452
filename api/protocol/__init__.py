"""The standards that the server speaks: SPARQL 1.1 Protocol, Graph Store Protocol, Web Annotation Protocol."""
