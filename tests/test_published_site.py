"""The pages as files: `acousma ontology`; and the redirects of w3id.org, followed by Apache where it is installed."""

import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest

from api.published.graph import BASE
from api.published.site import write_site
from ontology.jsonld import CONTEXTS
from ontology.vocabulary import FOLDER
from tests.commands import typed
from tests.test_published_negotiation import IRIS

APACHE = shutil.which("apache2") or shutil.which("apache2", path="/usr/sbin")
MODULES = Path("/usr/lib/apache2/modules")
HTML = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
CONFIGURATION = """\
ServerRoot {root}
ServerName localhost
Listen 127.0.0.1:{port}
PidFile {root}/pid
ErrorLog {root}/errors
Mutex pthread
TypesConfig /dev/null
AddType text/html .html
AddType text/css .css
DocumentRoot {root}/htdocs
<Directory {root}/htdocs>
AllowOverride All
Require all granted
</Directory>
"""
W3ID = FOLDER / "w3id" / ".htaccess"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("published") / "public"
    write_site(folder, None)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_command_writes_the_same_files_each_time(site: Path, tmp_path: Path) -> None:
    done = typed("ontology", "--out", tmp_path / "public")
    assert done.returncode == 0, done.stderr
    files = contents(site)
    assert f"{len(files) - 1:,} files" in done.stdout  # the mark of the folder is not counted
    assert contents(tmp_path / "public") == files


def test_the_context_that_annotations_name_is_a_file_of_the_site(site: Path) -> None:
    assert (site / CONTEXTS[1].removeprefix(BASE)).read_bytes() == (FOLDER / "context.jsonld").read_bytes()


def test_a_second_run_replaces_the_first_and_leaves_nothing_of_it(tmp_path: Path) -> None:
    write_site(tmp_path / "public", None)
    (tmp_path / "public" / "vocab" / "stale.html").write_text("old", encoding="utf-8")
    write_site(tmp_path / "public", "https://archive.example.org/sparql")
    assert not (tmp_path / "public" / "vocab" / "stale.html").exists()
    assert "https://archive.example.org/sparql?query=" in (tmp_path / "public/vocab/bright.html").read_text("utf-8")
    assert [path.name for path in tmp_path.iterdir()] == ["public"]


def test_a_folder_of_others_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work", encoding="utf-8")
    done = typed("ontology", "--out", tmp_path)
    assert (done.returncode, "holds files" in done.stderr) == (3, True), done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_file_in_the_way_is_told(tmp_path: Path) -> None:
    (tmp_path / "public").write_text("", encoding="utf-8")
    done = typed("ontology", "--out", tmp_path / "public")
    assert (done.returncode, "is a file" in done.stderr) == (3, True), done.stderr


def test_the_host_is_one_marked_line_of_the_redirects() -> None:
    text = W3ID.read_text(encoding="utf-8")
    marked = re.findall(r"(?ms)^# >>>[^\n]*\n(.*?)^# <<<$", text)
    assert marked == ["RewriteRule ^ - [E=ACOUSMA:https://acousma.example.org]\n"]
    assert text.count("https://") == 2  # the host, and the name of the folder in the first line


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def apache(site: Path) -> Iterator[httpx.Client]:
    """Start Apache with the redirects of w3id.org under /acousma and the site, in a sub-folder, under /pages."""
    if not APACHE or not MODULES.is_dir():
        pytest.skip("apache2 is not installed")
    port = free_port()
    with TemporaryDirectory(prefix="acousma-") as name:  # short: paths of sockets are limited
        root = Path(name)
        (root / "htdocs" / "acousma").mkdir(parents=True)
        text = W3ID.read_text(encoding="utf-8").replace(
            "https://acousma.example.org", f"http://127.0.0.1:{port}/pages/sub"
        )
        (root / "htdocs" / "acousma" / ".htaccess").write_text(text, encoding="utf-8")
        shutil.copytree(site, root / "htdocs" / "pages" / "sub")
        for path in (root, *root.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        names = ("mpm_event", "authz_core", "rewrite", "mime", "dir", "headers", "alias")
        loads = "\n".join(f"LoadModule {module}_module {MODULES}/mod_{module}.so" for module in names)
        (root / "apache.conf").write_text(f"{loads}\n{CONFIGURATION.format(root=root, port=port)}", encoding="utf-8")
        with subprocess.Popen([APACHE, "-X", "-f", str(root / "apache.conf")]) as server:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
                for _ in range(200):
                    try:
                        client.get("/")
                        break
                    except httpx.TransportError:
                        time.sleep(0.05)
                yield client
            server.terminate()


def led(apache: httpx.Client, path: str, accept: str) -> tuple[int, str]:
    answer = apache.get(f"/acousma/{path}", headers={"Accept": accept})
    return answer.status_code, answer.headers.get("location", "").partition("/pages/sub/")[2]


@pytest.mark.server
@pytest.mark.parametrize(
    ("path", "accept", "there"),
    [
        ("", HTML, "index.html"),
        ("ontology", HTML, "ontology.html"),
        ("ontology", "*/*", "ontology.html"),
        ("ontology", "text/turtle", "ontology.ttl"),
        ("ontology", "application/ld+json", "ontology.jsonld"),
        ("ontology", "application/json", "ontology.jsonld"),
        ("ontology", "application/rdf+xml, text/html;q=0.5", "ontology.rdf"),
        ("ontology", "application/n-triples", "ontology.nt"),
        ("ontology/0.1", "text/turtle", "ontology/0.1.ttl"),
        ("ontology/", HTML, "ontology.html"),
        ("vocab/", HTML, "vocab.html"),
        ("vocab/graph", "text/turtle", "vocab.ttl"),
        ("vocab/bright", HTML, "vocab/bright.html"),
        ("vocab/bright", "text/turtle, */*;q=0.1", "vocab/bright.ttl"),
        ("vocab/bright.jsonld", HTML, "vocab/bright.jsonld"),
        ("vocab/scheme/acousma", HTML, "vocab/scheme/acousma.html"),
        ("vocab/rule/bright", HTML, "vocab/bright.html#measured"),
        ("vocab/rule/bright/brightnessCentroid", HTML, "vocab/bright.html#measured"),
        ("vocab/rule/bright", "text/turtle", "vocab/rule/bright.ttl"),
        ("context.jsonld", "application/ld+json", "context.jsonld"),
        ("shapes", "application/rdf+xml", "shapes.rdf"),
        ("authors", HTML, "ontology.html#authors"),
        ("authors", "text/turtle", "ontology.ttl"),
        ("vocab/mappings/graph", HTML, "vocab.html"),
        ("vocab/envelope/graph", "text/turtle", "vocab.ttl"),
    ],
)
def test_w3id_leads_to_the_document_in_the_syntax_asked_for(
    apache: httpx.Client, path: str, accept: str, there: str
) -> None:
    assert led(apache, path, accept) == (303, there)


@pytest.mark.server
@pytest.mark.parametrize("accept", [HTML, "text/turtle"])
def test_every_iri_leads_through_w3id_to_a_file_of_the_site(apache: httpx.Client, site: Path, accept: str) -> None:
    documents = sorted({iri.removeprefix(BASE).partition("#")[0] for iri in IRIS})
    for path in documents:
        status, there = led(apache, path, accept)
        assert (status, (site / there.partition("#")[0]).is_file()) == (303, True), (path, there)


@pytest.mark.server
@pytest.mark.parametrize(("accept", "type_"), [(HTML, "text/html"), ("text/turtle", "text/turtle")])
def test_the_site_negotiates_by_itself_under_apache(apache: httpx.Client, accept: str, type_: str) -> None:
    for path in ("ontology", "vocab/bright", "vocab/rule/bright"):
        answer = apache.get(f"/pages/sub/{path}", headers={"Accept": accept}, follow_redirects=True)
        assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, type_), answer.url
        assert "/pages/sub/" in str(answer.url)
        assert answer.headers["access-control-allow-origin"] == "*"
    assert apache.get("/pages/sub/", follow_redirects=True).status_code == 200
    assert apache.get("/pages/sub/vocab/nothing", follow_redirects=True).status_code == 404
