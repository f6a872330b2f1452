// Where there is room, the first facets stand open.
if (matchMedia("(min-width: 56rem)").matches) for (const facet of document.querySelectorAll(".facet[data-wide]")) facet.open = true;
