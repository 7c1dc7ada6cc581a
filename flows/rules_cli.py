"""`copydesk rules`: the lines that sites repeat, and what users have said of them."""

from __future__ import annotations

from cyclopts import App

from flows import learned_cli

app = App(name="rules", help="See which lines were learned to be of a site's pages, and overrule it.")
learned_cli.register(app)
