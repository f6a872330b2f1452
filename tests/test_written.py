"""What an update writes to is told from its text, or not at all."""

import pytest

from store.written import written_graphs


@pytest.mark.parametrize(
    ("text", "graphs"),
    [
        ("PREFIX e: <http://e/> INSERT DATA { GRAPH e:g { e:a e:b 1 } GRAPH <http://e/h> { e:a e:b 1 } }",
         ("http://e/g", "http://e/h")),
        ("WITH <http://e/g> DELETE { ?a ?b ?c } INSERT { GRAPH <http://e/h> { ?a ?b 1 } } WHERE { ?a ?b ?c }",
         ("http://e/g", "http://e/h")),
        ("DELETE WHERE { GRAPH <http://e/g> { ?a ?b ?c } } ; CLEAR GRAPH <http://e/x>", ("http://e/g", "http://e/x")),
        ("MOVE GRAPH <http://e/a> TO GRAPH <http://e/b>", ("http://e/a", "http://e/b")),
        ("COPY DEFAULT TO <http://e/b>", ("http://e/b",)),
        ("INSERT { GRAPH ?g { ?a ?b 1 } } WHERE { GRAPH ?g { ?a ?b ?c } }", None),
        ("DELETE WHERE { GRAPH ?g { ?a ?b ?c } }", None),
        ("DROP ALL", None),
        ("CLEAR NAMED", None),
        ("BASE <http://e/> INSERT DATA { GRAPH <g> { <a> <b> 1 } }", None),
        ("INSERT DATA { GRAPH <g> { <http://e/a> <http://e/b> 1 } }", None),
        ("INSERT DATA { GRAPH other:g { <http://e/a> <http://e/b> 1 } }", None),
    ],
)  # fmt: skip
def test_the_graphs_of_an_update_are_told_from_its_text(text: str, graphs: tuple[str, ...] | None) -> None:
    assert written_graphs(text) == graphs
