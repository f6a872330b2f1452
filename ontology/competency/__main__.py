"""``python -m ontology.competency`` writes ``docs/competency-questions.md``."""

from ontology.competency.page import main

if __name__ == "__main__":
    main()
