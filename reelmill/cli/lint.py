"""``reelmill lint``: what is wrong with templates and brand rules, before any money."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from reelmill.cli.options import Columns, DialectName, Json, columns_of, settings_with
from reelmill.cli.printing import count, out, print_json
from reelmill.errors import ExitCode
from reelmill.jobs.catalog import CatalogRequest, open_catalog_feed
from reelmill.jobs.content import content_folder
from reelmill.product import Product
from reelmill.prompts.finding import Severity
from reelmill.prompts.lint import lint_catalogs

__all__ = ["lint"]


def lint(
    feed: Annotated[str, Parameter(help="Product feed whose columns the templates may ask for; none is needed.")] = "",
    *,
    dialect: DialectName = None,
    column: Columns = (),
    json: Json = False,
) -> int:
    """Check every template and the brand rules; with a feed, also the columns that templates ask for."""
    settings = settings_with()
    columns = None
    if feed:
        request = CatalogRequest(feed=feed, dialect=dialect, columns=columns_of(column))
        products = (row for row in open_catalog_feed(request, settings) if isinstance(row, Product))
        columns = set(next((product.extra for product in products), {}))
    findings = lint_catalogs(content_folder(settings), columns)
    errors = sum(finding.severity is Severity.ERROR for finding in findings)
    if json:
        rows = [
            {
                "template": f.template,
                "line": f.line,
                "severity": f.severity.value,
                "message": f.message,
                "remedy": f.remedy,
            }
            for f in findings
        ]
        print_json({"errors": errors, "findings": rows})
    else:
        console = out()
        for finding in findings:
            console.print(str(finding), markup=False)
        console.print(f"{count(errors, 'error')}, {count(len(findings) - errors, 'warning')}.")
    return ExitCode.USAGE if errors else ExitCode.OK
